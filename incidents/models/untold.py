"""Who is left out of an incident although it is reached, and who is let in although it is not."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation

LONGEST_REASON = 500  # the policy of the table holds it


class Untold(models.Model):
    """An organisation in reach that the lead left untold when it opened the incident, and why.

    The overseers read it, the organisation itself and other participants never do. `told_at` is when the lead let it
    in all the same; until then it takes no part. Exposure, distance and path are as they were at the opening.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="untold", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slug = models.TextField()
    name = models.TextField()
    exposure = models.TextField()
    distance = models.PositiveSmallIntegerField(null=True)
    path = models.TextField()
    because = models.TextField()
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    decided_by = models.TextField(blank=True, default="", db_default="")  # name and organisation; a trigger writes it

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation"], name="untold_once"),
            models.CheckConstraint(condition=models.Q(because__regex=r"\S"), name="untold_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} untold in {self.incident_id}"


class Outside(models.Model):
    """An organisation that no path reaches and that may take part all the same: it accepted, or a second organisation
    approved. A function alone writes it, with the approval that it spends; a job of the lead lets it in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    because = models.TextField()
    agreed_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["incident", "organisation"], name="outside_once")]

    def __str__(self) -> str:
        return f"{self.organisation_id} from outside in {self.incident_id}"
