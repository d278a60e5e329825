"""A wall screen that shows one incident."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class WallDisplay(models.Model):
    """One screen of one organisation for one incident: seven days at most, until it is ended or the incident closes.

    Written by functions of the database alone. `code_digest` is the hash of the code that pairs the screen, null once
    it was used; only the door asks for it. The label is the organisation's own and never on the screen.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="displays", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    label = models.TextField()
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    code_digest = models.BinaryField(null=True, unique=True)
    code_expires_at = models.DateTimeField()
    paired_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["incident", "organisation"], name="display_of_incident")]

    def __str__(self) -> str:
        return self.label
