"""What other tools report, and the rules by which it becomes an incident. Both stay with their organisation."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models import Incident
from partners.models import Organisation


class AlertRule(models.Model):
    """When an alert looks like this, do that. The first rule that fits decides, by `position`, then by name.

    `conditions`: `[{"pointer", "equals" | "contains" | "exists"}]`, all of which must hold. `mapping`: where title,
    systems, accounts, severity and reference of an incident come from (`monitoring.rules`).
    """

    class Action(models.TextChoices):
        OPEN = "open", "Open an incident"
        SUSPECTED = "suspected", "Open a suspected incident"
        QUEUE = "queue", "Keep it for a person"
        SUPPRESS = "suppress", "Leave it out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    source = models.TextField()  # the tool, as people call it
    position = models.PositiveSmallIntegerField(default=1)
    conditions = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    action = models.TextField(choices=Action.choices)
    dedupe = models.TextField(blank=True, default="")  # JSON pointer to what repeats of one alarm share; '': all of it
    window_minutes = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="alert_rule_once"),
            models.CheckConstraint(
                condition=models.Q(action__in=["open", "suspected", "queue", "suppress"]), name="alert_rule_action"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.name}"


class Alert(models.Model):
    """One alert as it came in, and what became of it. `reason` says why a person has to look."""

    class Outcome(models.TextChoices):
        OPENED = "opened", "Opened an incident"
        JOINED = "joined", "Joined an incident"
        QUEUED = "queued", "Waits for a person"
        SUPPRESSED = "suppressed", "Left out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    rule = models.ForeignKey(AlertRule, null=True, on_delete=models.SET_NULL, related_name="+")
    source = models.TextField()
    title = models.TextField()
    reference = models.TextField(blank=True, default="")  # the tool's own
    body = models.JSONField()
    fingerprint = models.BinaryField()  # the same for repeats of one alarm
    received_at = models.DateTimeField()
    outcome = models.TextField(choices=Outcome.choices)
    reason = models.TextField(blank=True, default="")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(outcome__in=["opened", "joined"], incident__isnull=False)
                    | models.Q(outcome__in=["queued", "suppressed"])
                ),
                name="alert_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-received_at", "-id"], name="alert_newest"),
            models.Index(fields=["organisation", "fingerprint", "-received_at"], name="alert_repeat"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.title}"
