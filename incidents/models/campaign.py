"""Incidents believed to be the work of one intruder. A link tells nobody of an incident that they do not see."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class CampaignLink(models.Model):
    """Two incidents said to belong to one campaign, read by whoever takes part in both and by nobody else.

    `one` is the smaller id, so that two people who link the same pair write the same row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    one = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    name = models.TextField()  # the campaign's, as its writer calls it
    made_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["name", "at"]
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="campaign_link_once"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("other")), name="campaign_link_order"),
        ]

    def __str__(self) -> str:
        return self.name
