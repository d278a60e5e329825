"""TLP:GREEN: a word to members outside an incident, without names."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from incidents.models.incident import Incident


class HeadsUp(models.Model):
    """What the lead lets members know whom the incident does not reach. They read words and times, and nothing else.

    `recipients` are ids of organisations: who got it says who is inside, so nobody reads them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    exercise = models.BooleanField(default=False)
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # its incident was closed
    recipients = ArrayField(models.UUIDField(), editable=False)

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return self.text[:40]
