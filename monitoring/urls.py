"""Pages of alerts."""

from django.urls import path

from monitoring import urls_findings, views

urlpatterns = [
    path("alerts/", views.alert_list, name="alert-list"),
    *urls_findings.urlpatterns,
]
