"""Pages of the partnership."""

from django.urls import path

from partners import views_approvals, views_contacts, views_links, views_organisations, views_systems

urlpatterns = [
    path("approvals/", views_approvals.approval_list, name="approval-list"),
    path("approvals/<uuid:approval_id>/approve/", views_approvals.approve, name="approval-approve"),
    path("approvals/<uuid:approval_id>/refuse/", views_approvals.refuse, name="approval-refuse"),
    path("approvals/<uuid:approval_id>/withdraw/", views_approvals.withdraw, name="approval-withdraw"),
    path("partners/", views_organisations.organisation_list, name="organisation-list"),
    path("partners/contacts/", views_contacts.contact_list, name="contact-list"),
    path("partners/links/", views_links.dependency_list, name="dependency-list"),
    path("partners/links/<uuid:dependency_id>/", views_links.dependency_detail, name="dependency-detail"),
    path("partners/links/<uuid:dependency_id>/moves/", views_links.dependency_move, name="dependency-move"),
    path("partners/organisations/<str:slug>/", views_organisations.organisation_detail, name="organisation-detail"),
    path("systems/", views_systems.system_list, name="system-list"),
    path("systems/<str:slug>/", views_systems.system_detail, name="system-detail"),
]
