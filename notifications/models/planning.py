"""What is to be planned: events that an organisation's people may have to be told of."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class Planning(models.Model):
    """One event that one organisation's people may have to be told of. Written by the ledger's trigger, never by code.

    `incident_id` null is a notice of the organisation's own. `claimed_until` in the past means that a worker died over
    it: the row is due again.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        CLAIMED = "claimed", "Being planned"
        DONE = "done", "Planned"
        FAILED = "failed", "Failed often, is tried again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event_id = models.UUIDField()
    organisation_id = models.UUIDField()
    incident_id = models.UUIDField(null=True)
    kind = models.TextField()  # of the event
    subject_id = models.UUIDField(null=True)  # of the event
    state = models.TextField(choices=State.choices, default=State.PENDING, db_default=State.PENDING)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(blank=True, default="", db_default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "organisation_id"], name="planning_once")]
        indexes = [
            models.Index(fields=["due_at"], name="planning_due", condition=models.Q(state__in=["pending", "claimed"]))
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.organisation_id}"
