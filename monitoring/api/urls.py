"""Addresses of what tells us first, under /api/v1/."""

from monitoring.api import alerts

urlpatterns = [
    *alerts.urlpatterns,
]
