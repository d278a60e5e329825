"""Addresses of what tells us first, under /api/v1/."""

from monitoring.api import advisories, alerts, findings

urlpatterns = [
    *advisories.urlpatterns,
    *alerts.urlpatterns,
    *findings.urlpatterns,
]
