"""Addresses of the partnership under /api/v1/."""

from django.urls import path

from partners.api import access, assurance, contacts, dependencies, integrations, organisations, systems

urlpatterns = [
    path("assessments/", assurance.Assessments.as_view(), name="api-assessments"),
    path("findings/", assurance.Findings.as_view(), name="api-findings"),
    path("contracts/", assurance.Contracts.as_view(), name="api-contracts"),
    path("organisations/", organisations.Organisations.as_view(), name="api-organisations"),
    path("organisations/<str:slug>/", organisations.OneOrganisation.as_view(), name="api-organisation"),
    path("systems/", systems.Systems.as_view(), name="api-systems"),
    path("systems/<str:slug>/", systems.OneSystem.as_view(), name="api-system"),
    path("dependencies/", dependencies.Dependencies.as_view(), name="api-dependencies"),
    path("dependencies/<uuid:dependency_id>/", dependencies.OneDependency.as_view(), name="api-dependency"),
    path("integrations/", integrations.Integrations.as_view(), name="api-integrations"),
    path("integrations/<uuid:permission_id>/", integrations.OneIntegration.as_view(), name="api-integration"),
    path("standing-access/", access.StandingAccesses.as_view(), name="api-standing-accesses"),
    path("standing-access/<uuid:line_id>/", access.OneStandingAccess.as_view(), name="api-standing-access"),
    path("contacts/", contacts.Contacts.as_view(), name="api-contacts"),
    path("contacts/<uuid:contact_id>/", contacts.OneContact.as_view(), name="api-contact"),
]
