"""Addresses of what tells us first, under /api/v1/."""

from monitoring.api import access_events, advisories, alerts, findings

urlpatterns = [
    *access_events.urlpatterns,
    *advisories.urlpatterns,
    *alerts.urlpatterns,
    *findings.urlpatterns,
]
