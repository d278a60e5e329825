"""Steps in the hands of organisations, their notes and their own numbers for them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from incidents.models.incident import Incident
from incidents.models.playbook import Step
from partners.models import Organisation


class Task(models.Model):
    """One step for one organisation in one incident. Read by that organisation and the overseers.

    `ready` is false until the steps before it are settled; due times are null until then. `version` grows with every
    change and is the task's ETag.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ACKNOWLEDGED = "acknowledged", "Accepted"
        IN_PROGRESS = "in_progress", "Doing"
        DONE = "done", "Done"
        VERIFIED = "verified", "Done, checked"
        BLOCKED = "blocked", "Blocked"
        DECLINED = "declined", "Refused"
        NOT_AFFECTED = "not_affected", "Not needed"
        CANCELLED = "cancelled", "Called off"

    # The arrows. The database holds the same table (incidents_task_moves) and refuses any other.
    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        "waiting": frozenset(
            {"acknowledged", "in_progress", "done", "blocked", "declined", "not_affected", "cancelled"}
        ),
        "acknowledged": frozenset({"in_progress", "done", "blocked", "declined", "not_affected", "cancelled"}),
        "in_progress": frozenset({"done", "blocked", "declined", "not_affected", "cancelled"}),
        "blocked": frozenset({"acknowledged", "in_progress", "done", "declined", "not_affected", "cancelled"}),
        "done": frozenset({"verified", "cancelled"}),
        "verified": frozenset({"done"}),
        "declined": frozenset({"acknowledged", "cancelled"}),
        "not_affected": frozenset({"acknowledged", "cancelled"}),
        "cancelled": frozenset(),
    }
    SETTLED: ClassVar[frozenset[str]] = frozenset({"done", "verified", "declined", "not_affected", "cancelled"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField()
    title = models.TextField()
    containing = models.BooleanField(default=False)
    status = models.TextField(choices=Status.choices, default=Status.WAITING)
    ready = models.BooleanField(default=True)
    acknowledge_by = models.DateTimeField(null=True)
    finish_by = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    previous_status = models.TextField(blank=True, default="")  # what undo returns to, for 60 s
    previous_reason = models.TextField(blank=True, default="")
    changed_by_id = models.UUIDField(null=True)  # person or key; who may undo
    path = models.TextField(blank=True, default="", db_default="")  # the playbook actions that led to its playbook
    turn = models.PositiveSmallIntegerField(default=1, db_default=1)  # which time its step begins in this run
    # The newest answer that was given for its organisation by telephone (`ReportedAnswer`); functions alone set it.
    reported_id = models.UUIDField(null=True, editable=False)
    exempt_because = models.TextField(blank=True, default="", db_default="")  # the lead's reason, with `cancelled`
    # Answers of a called playbook's step that a condition around it asks about, and none of its own.
    asked_around = ArrayField(models.TextField(), default=list, db_default=[])

    class Meta:
        ordering = ["position", "turn"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation", "step", "path", "turn"], name="task_each_turn")
        ]
        indexes = [
            models.Index(fields=["organisation", "status"], name="task_mine"),
            models.Index(
                fields=["finish_by"], name="task_due", condition=models.Q(status__in=["waiting", "acknowledged"])
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def asks(self) -> list[dict[str, Any]]:
        """What whoever completes it must say, as `Step.answers`; `deciding`: a condition of the run asks about it."""
        return asks_of(self.step.answers, self.asked_around)


def asks_of(answers: Sequence[dict[str, Any]], asked_around: Collection[str]) -> list[dict[str, Any]]:
    """See `Task.asks`; `answers` as `Step.answers`."""
    return [{**each, "deciding": each["deciding"] or each["name"] in asked_around} for each in answers]


class TaskNote(models.Model):
    """What an organisation wrote down for itself about a task. Stays at home."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="notes")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    answers = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.text[:40]


class OwnReference(models.Model):
    """An organisation's own number for an incident (`task` null) or a task, as its service desk knows it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="own_references")
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.CASCADE, related_name="own_references")
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "incident", "task"], name="own_reference_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.text
