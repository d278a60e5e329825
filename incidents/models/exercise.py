"""What an exercise has beside an incident: words that come on a schedule, and how each organisation did."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class Inject(models.Model):
    """Words that reach every participant of an exercise after some minutes. Until then the lead alone reads them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="injects")
    minute = models.PositiveSmallIntegerField()
    text = models.TextField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["minute", "id"]
        indexes = [
            models.Index(fields=["due_at"], name="inject_due", condition=models.Q(sent_at__isnull=True)),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(minute__range=(0, 1440)), name="inject_minute")]

    def __str__(self) -> str:
        return self.text[:40]


class Score(models.Model):
    """How one organisation did in one exercise, for itself alone. Written when the exercise is closed, by the database.

    Seconds count from when it joined; null: never. `declined` counts steps that it refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="scores", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()
    delivered_seconds = models.PositiveIntegerField(null=True)
    seen_seconds = models.PositiveIntegerField(null=True)
    acknowledged_seconds = models.PositiveIntegerField(null=True)
    contained_seconds = models.PositiveIntegerField(null=True)
    steps = models.PositiveSmallIntegerField()
    done = models.PositiveSmallIntegerField()
    declined = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["-closed_at"]
        constraints = [models.UniqueConstraint(fields=["incident", "organisation"], name="score_once")]

    def __str__(self) -> str:
        return f"{self.organisation_id} in {self.incident_id}"
