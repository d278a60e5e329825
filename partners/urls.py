"""Pages of the partnership."""

from django.urls import path

from partners import (
    views_approvals,
    views_cards,
    views_contacts,
    views_export,
    views_import,
    views_links,
    views_organisations,
    views_systems,
    views_work,
)

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
    path("register/export/", views_export.register_export, name="register-export"),
    path("register/import/", views_import.import_list, name="import-list"),
    path("register/import/<uuid:file_id>/", views_import.import_detail, name="import-detail"),
    path("register/import/<uuid:file_id>/columns/", views_import.import_columns, name="import-columns"),
    path("register/import/<uuid:file_id>/progress/", views_import.import_progress, name="import-progress"),
    path("register/import/<uuid:file_id>/fates/", views_import.import_fates, name="import-fates"),
    path("register/import/<uuid:file_id>/write/", views_import.import_write, name="import-write"),
    path("register/import/<uuid:file_id>/again/", views_import.import_again, name="import-again"),
    path("register/import/<uuid:file_id>/discard/", views_import.import_discard, name="import-discard"),
    path("systems/", views_systems.system_list, name="system-list"),
    path("systems/<str:slug>/", views_systems.system_detail, name="system-detail"),
    path("work/", views_work.work_list, name="work-list"),
    path("work/<uuid:item_id>/settle/", views_work.work_settle, name="work-settle"),
    path("work/cards/<uuid:card_id>/", views_cards.card_detail, name="card-detail"),
    path("work/cards/<uuid:card_id>/answer/", views_cards.card_answer, name="card-answer"),
]
