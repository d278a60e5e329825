"""The lead of an incident passes from one organisation to another."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class Handover(models.Model):
    """One offer of the lead to one organisation; open for 30 minutes, until one of the three ends is set.

    Written by functions of the database alone (`sec.offer_lead` and its sisters). `offered_by` null: nobody at the
    lead has answered, and the portal asked by itself. `lapsed_at` is set when it was taken back, or overtaken.
    """

    class Kind(models.TextChoices):
        VOLUNTARY = "voluntary", "Offered by the lead"
        SILENT = "silent", "Offered because the lead is silent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="handovers")
    from_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    to_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField(choices=Kind.choices)
    reason = models.TextField()
    offered_at = models.DateTimeField()
    offered_by = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    answered_by = models.UUIDField(null=True)
    accepted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    declined_because = models.TextField(blank=True, default="")
    lapsed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-offered_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["voluntary", "silent"]), name="handover_kind"),
            models.CheckConstraint(
                condition=~models.Q(from_organisation=models.F("to_organisation")), name="handover_two_organisations"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, declined_at=None)
                | models.Q(accepted_at=None, lapsed_at=None)
                | models.Q(declined_at=None, lapsed_at=None),
                name="handover_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} offer of {self.incident_id} to {self.to_organisation_id}"
