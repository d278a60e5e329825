"""Addresses of the partnership under /api/v1/."""

from django.urls import path

from partners.api import (
    access,
    assurance,
    contacts,
    dependencies,
    imports,
    integrations,
    organisations,
    parts,
    systems,
)

urlpatterns = [
    path("assessments/", assurance.Assessments.as_view(), name="api-assessments"),
    path("findings/", assurance.Findings.as_view(), name="api-findings"),
    path("contracts/", assurance.Contracts.as_view(), name="api-contracts"),
    path("organisations/", organisations.Organisations.as_view(), name="api-organisations"),
    path("organisations/<str:slug>/", organisations.OneOrganisation.as_view(), name="api-organisation"),
    path("systems/", systems.Systems.as_view(), name="api-systems"),
    path("systems/<str:slug>/", systems.OneSystem.as_view(), name="api-system"),
    path("systems/<str:slug>/history/", systems.SystemHistory.as_view(), name="api-system-history"),
    path("components/", parts.Components.as_view(), name="api-components"),
    path("components/<uuid:component_id>/", parts.OneComponent.as_view(), name="api-component"),
    path("components/<uuid:component_id>/history/", parts.ComponentHistory.as_view(), name="api-component-history"),
    path("participations/", parts.Participations.as_view(), name="api-participations"),
    path("participations/<uuid:participation_id>/", parts.OneParticipation.as_view(), name="api-participation"),
    path(
        "participations/<uuid:participation_id>/history/",
        parts.ParticipationHistory.as_view(),
        name="api-participation-history",
    ),
    path("services/", parts.Services.as_view(), name="api-services"),
    path("services/<uuid:service_id>/", parts.OneService.as_view(), name="api-service"),
    path("services/<uuid:service_id>/history/", parts.ServiceHistory.as_view(), name="api-service-history"),
    path("dependencies/", dependencies.Dependencies.as_view(), name="api-dependencies"),
    path("dependencies/<uuid:dependency_id>/", dependencies.OneDependency.as_view(), name="api-dependency"),
    path("integrations/", integrations.Integrations.as_view(), name="api-integrations"),
    path("integrations/<uuid:permission_id>/", integrations.OneIntegration.as_view(), name="api-integration"),
    path("standing-access/", access.StandingAccesses.as_view(), name="api-standing-accesses"),
    path("standing-access/<uuid:line_id>/", access.OneStandingAccess.as_view(), name="api-standing-access"),
    path(
        "dependencies/<uuid:dependency_id>/history/",
        dependencies.DependencyHistory.as_view(),
        name="api-dependency-history",
    ),
    path("register/imports/", imports.Imports.as_view(), name="api-imports"),
    path("register/imports/<uuid:file_id>/", imports.OneImport.as_view(), name="api-import"),
    path("register/imports/<uuid:file_id>/rows/", imports.ImportRows.as_view(), name="api-import-rows"),
    path("register/imports/<uuid:file_id>/check/", imports.ImportCheck.as_view(), name="api-import-check"),
    path("register/imports/<uuid:file_id>/write/", imports.ImportWrite.as_view(), name="api-import-write"),
    path("contacts/", contacts.Contacts.as_view(), name="api-contacts"),
    path("contacts/<uuid:contact_id>/", contacts.OneContact.as_view(), name="api-contact"),
]
