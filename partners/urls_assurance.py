"""Pages of provider assurance, and the one address that uploaded files are served from."""

from django.urls import path
from django.views.decorators.http import require_safe

from partners import views_assessments, views_contract, views_evidence, views_findings, views_providers
from partners.acting import signed_in
from portal.files.views import file_download

urlpatterns = [
    path("providers/", views_providers.provider_list, name="provider-list"),
    path("providers/<str:slug>/", views_providers.provider_detail, name="provider-detail"),
    path("providers/<str:slug>/assessments/", views_assessments.assessment_add, name="assessment-add"),
    path("providers/<str:slug>/findings/", views_findings.finding_add, name="finding-add"),
    path("providers/<str:slug>/contract/<str:council>/", views_contract.contract, name="contract"),
    path("assessments/<uuid:assessment_id>/", views_assessments.assessment_detail, name="assessment-detail"),
    path("assessments/<uuid:assessment_id>/evidence/", views_evidence.evidence_add, name="evidence-add"),
    path("findings/<uuid:finding_id>/", views_findings.finding_detail, name="finding-detail"),
    path("files/<uuid:file_id>/", require_safe(signed_in(file_download)), name="file-download"),
]
