"""Pages of the partnership."""

from django.urls import path

from partners import views, views_approvals, views_links

urlpatterns = [
    path("approvals/", views_approvals.approval_list, name="approval-list"),
    path("approvals/<uuid:approval_id>/approve/", views_approvals.approve, name="approval-approve"),
    path("approvals/<uuid:approval_id>/refuse/", views_approvals.refuse, name="approval-refuse"),
    path("approvals/<uuid:approval_id>/withdraw/", views_approvals.withdraw, name="approval-withdraw"),
    path("partners/", views.organisation_list, name="organisation-list"),
    path("partners/contacts/", views.contact_list, name="contact-list"),
    path("partners/links/", views.dependency_list, name="dependency-list"),
    path("partners/links/<uuid:dependency_id>/", views_links.dependency_detail, name="dependency-detail"),
    path("partners/links/<uuid:dependency_id>/moves/", views_links.dependency_move, name="dependency-move"),
    path("partners/organisations/<str:slug>/", views.organisation_detail, name="organisation-detail"),
    path("systems/", views.system_list, name="system-list"),
    path("systems/<str:slug>/", views.system_detail, name="system-detail"),
]
