"""Pages of what tells us first: alerts, first sights, advisories."""

from django.urls import path

from monitoring import urls_advisories, urls_alert_rules, urls_findings, views

urlpatterns = [
    *urls_alert_rules.urlpatterns,
    path("alerts/", views.alert_list, name="alert-list"),
    path("alerts/<uuid:alert_id>/", views.alert_detail, name="alert-detail"),
    path("alerts/<uuid:alert_id>/open/", views.alert_open, name="alert-open"),
    *urls_advisories.urlpatterns,
    *urls_findings.urlpatterns,
]
