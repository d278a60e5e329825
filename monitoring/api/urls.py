"""Addresses of what tells us first, under /api/v1/."""

from monitoring.api import access_events, advisories, alerts, exposure_opening, findings, incident_exposures, sights

urlpatterns = [
    *access_events.urlpatterns,
    *advisories.urlpatterns,
    *alerts.urlpatterns,
    *exposure_opening.urlpatterns,
    *findings.urlpatterns,
    *incident_exposures.urlpatterns,
    *sights.urlpatterns,
]
