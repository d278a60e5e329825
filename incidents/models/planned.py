"""Work that whoever runs a shared system has announced, and what everybody whom it stops has said of it.

It is no incident: nothing here is read by what opens, walks, isolates or escalates. Functions of the database alone
write the rows (`sec.announce_planned`, `sec.move_planned`, `sec.answer_planned`).
"""

from __future__ import annotations

import uuid

from django.db import models

from partners.models import Organisation, SharedSystem


class PlannedWork(models.Model):
    """One announcement. Read by whoever announced it and whoever it reaches, and by nobody else.

    `once` is made with the form: pressed twice it is one announcement. `window` counts how often the times were moved
    before the start: an answer holds for the window that it was given for. After `confirm_by` silence is shown as
    *not confirmed*.
    """

    class Status(models.TextChoices):
        ANNOUNCED = "announced", "Announced"
        RUNNING = "running", "Under way"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Called off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.TextField(unique=True)
    once = models.UUIDField()
    announced_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.TextField()
    stops = models.TextField()  # what will not work, in words
    fallback = models.TextField(blank=True, default="")  # what to use meanwhile
    ask = models.TextField()  # whom to ask: a name and a number
    status = models.TextField(choices=Status.choices, default=Status.ANNOUNCED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    window = models.PositiveSmallIntegerField(default=1)
    confirm_by = models.DateTimeField()
    announced_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["announced_by", "once"], name="planned_once"),
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="planned_window"),
            models.CheckConstraint(
                condition=models.Q(status__in=["announced", "running", "finished", "cancelled"]), name="planned_status"
            ),
        ]
        indexes = [models.Index(fields=["-starts_at", "-id"], name="planned_newest")]

    def __str__(self) -> str:
        return self.reference


class PlannedSystem(models.Model):
    """A system that is worked on, with its name as it was then: who is reached need not stand on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    work = models.ForeignKey(PlannedWork, on_delete=models.CASCADE, related_name="systems", db_index=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="+")
    slug = models.TextField()
    name = models.TextField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["work", "system"], name="planned_system_once")]

    def __str__(self) -> str:
        return self.slug


class PlannedSide(models.Model):
    """One organisation that the work stops something for: why it is told, and what it said. Its own and the
    announcer's to read. An objection stops nothing by itself; silence is no answer."""

    class Answer(models.TextChoices):
        NONE = "", "No answer"
        KNOWN = "known", "Knows of it"
        OBJECTS = "objects", "Objects"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    work = models.ForeignKey(PlannedWork, on_delete=models.CASCADE, related_name="sides", db_index=False)
    announcer_id = models.UUIDField()  # of the work: the policy asks nothing else
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slug = models.TextField()
    name = models.TextField()
    because = models.TextField()
    answer = models.TextField(choices=Answer.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_window = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["work", "organisation"], name="planned_side_once"),
            models.CheckConstraint(condition=models.Q(answer__in=["", "known", "objects"]), name="planned_answer"),
            models.CheckConstraint(
                condition=~models.Q(answer="objects") | ~models.Q(reason=""), name="planned_objection_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["announcer_id"], name="planned_side_announcer")]

    def __str__(self) -> str:
        return f"{self.slug} of {self.work_id}"


class PlannedChange(models.Model):
    """One thing said on to everybody reached: announced, moved, started, extended, finished, called off."""

    class What(models.TextChoices):
        ANNOUNCED = "announced", "Announced"
        MOVED = "moved", "Moved"
        STARTED = "started", "Started"
        EXTENDED = "extended", "Takes longer"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Called off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    work = models.ForeignKey(PlannedWork, on_delete=models.CASCADE, related_name="changes", db_index=False)
    at = models.DateTimeField()
    what = models.TextField(choices=What.choices)
    words = models.TextField(blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["work", "at"], name="planned_changes")]

    def __str__(self) -> str:
        return f"{self.what} {self.at}"
