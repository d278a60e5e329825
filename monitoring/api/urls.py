"""Addresses of what tells us first, under /api/v1/."""

from monitoring.api import alerts, findings

urlpatterns = [
    *alerts.urlpatterns,
    *findings.urlpatterns,
]
