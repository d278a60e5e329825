"""What came of an exposure: who was told of it, and the incidents that were opened because of it."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models import Incident
from monitoring.models.advisories import Exposure
from partners.models import Organisation
from portal import clock


class ExposureTold(models.Model):
    """An urgent exposure of which an organisation has been told. One that is retracted is news when it comes back.

    Functions alone read and write it (`sec.tell_of_exposures`).
    """

    exposure = models.ForeignKey(Exposure, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=clock.now)
    # Loaded as known while nobody exploited it: nobody was told, and that somebody exploits it is news.
    known = models.BooleanField(db_default=False, default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exposure", "organisation"], name="exposure_told_once")]
        indexes = [models.Index(fields=["organisation", "-at"], name="exposure_told_last")]

    def __str__(self) -> str:
        return f"{self.exposure_id} to {self.organisation_id}"


class ExposureIncident(models.Model):
    """An incident that was opened because of an exposure: read by whoever may read both, written by its lead."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    exposure = models.ForeignKey(Exposure, on_delete=models.PROTECT, related_name="openings", db_index=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["exposure", "incident"], name="exposure_opened_once")]

    def __str__(self) -> str:
        return f"{self.incident_id} because of {self.exposure_id}"
