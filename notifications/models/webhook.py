"""Webhooks of organisations to their own tools: subscriptions, their keys, and the queue and log of what is sent."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from partners.models import Organisation, Person
from portal.reasons import ReasonField


class Webhook(models.Model):
    """One subscription. Functions of the database write it; the address, which may hold a secret, is read by the sender
    alone, and pages show its host.

    `kinds` are kinds of events, or `*` for all. With `answers` the tool may answer for its organisation. `because` says
    why it is off when nobody switched it off. `failures` in a row since `failing_since` let it rest until
    `rests_until`.
    """

    class State(models.TextChoices):
        ON = "on", "On"
        OFF = "off", "Off"
        ENDED = "ended", "Ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    label = models.TextField()
    address = models.TextField()
    host = models.TextField()
    kinds = ArrayField(models.TextField())
    answers = models.BooleanField(default=False, db_default=False)
    state = models.TextField(choices=State.choices, default=State.ON, db_default=State.ON)
    because = ReasonField(blank=True, default="", db_default="")
    made_at = models.DateTimeField(db_default=Now())
    made_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["on", "off", "ended"]), name="webhook_state")
        ]

    def __str__(self) -> str:
        return f"{self.label} at {self.host}"


class WebhookSecret(models.Model):
    """A signing key, sealed. The newest has no end; the one before it signs beside it until `ends_at`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="secrets")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()
    made_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key of {self.webhook_id}"


class WebhookDelivery(models.Model):
    """One event for one subscription; its id is the `webhook-id` of every attempt. Written by the ledger's trigger.

    `due_at` is null when nothing more is to be done. `attempts` grows with every claim and fences it; `tries` counts
    what was really sent since it was put in the queue at `queued_at`, the first time or by a replay.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        CLAIMED = "claimed", "Being sent"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"
        SUPERSEDED = "superseded", "No longer needed"

    SETTLED: ClassVar[frozenset[str]] = frozenset({"delivered", "dead", "superseded"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.BigIntegerField(null=True)  # in the organisation's stream; null: a test
    event_id = models.UUIDField(null=True)
    kind = models.TextField()
    state = models.TextField(choices=State.choices, default=State.PENDING, db_default=State.PENDING)
    made_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True, db_default=Now())
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    tries = models.PositiveIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(blank=True, default="", db_default="")
    claimed_until = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)  # HTTP, of the last answer
    error = ReasonField(blank=True, default="", db_default="")
    replayed = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "claimed", "delivered", "dead", "superseded"]),
                name="webhook_delivery_state",
            )
        ]
        indexes = [
            models.Index(fields=["webhook", "made_at", "id"], name="webhook_log"),
            # The claim leaves `due_at` alone, so that taking a row touches no index.
            models.Index(fields=["webhook", "due_at"], name="webhook_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
