"""What keeps the register alive: its history, what somebody has to do about it, and what is done by the clock."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.organisations import Organisation, Person


class Changes(models.Manager["Change"]):
    """Without `audience`, which policies ask and nobody reads: it would say who else stands on a system."""

    def get_queryset(self) -> models.QuerySet[Change]:
        return super().get_queryset().defer("audience")


class Change(models.Model):
    """One object of the register as it changed. Written by triggers alone (`portal.tenancy.policies.keep_history`).

    `before` and `after` hold the fields that differ; a hidden one stands there as `•`. `audience` is who may read it,
    as it was when it happened. Without an organisation the register was loaded by its operator.
    """

    class What(models.TextChoices):
        MADE = "made", "added"
        CHANGED = "changed", "changed"
        REMOVED = "removed", "removed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField()
    object_id = models.UUIDField()
    what = models.TextField(choices=What.choices)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    person_id = models.UUIDField(null=True)
    audience = ArrayField(models.UUIDField())
    import_id = models.UUIDField(null=True)  # the file that it came with; known to its own organisation alone

    objects = Changes()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["object_id", "-at"], name="change_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} {self.what}"


class WorkItem(models.Model):
    """Something that a person of an organisation has to look at. One open item a key, however often it is raised."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        DROPPED = "dropped", "Not needed"
        CLEARED = "cleared", "Settled by itself"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="work_items", db_index=False)
    kind = models.TextField()
    key = models.TextField()
    title = models.TextField()
    detail = models.TextField(blank=True, default="")
    page = models.TextField(blank=True, default="")  # the path where it is done, '' when there is none
    object_id = models.UUIDField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    raised_at = models.DateTimeField()
    raised_by_organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.TextField(choices=State.choices, default=State.OPEN)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["raised_at"]
        indexes = [models.Index(fields=["organisation", "state", "raised_at"], name="work_of")]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "key"], condition=models.Q(state="open"), name="work_open_once"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Chore(models.Model):
    """When an organisation's share of a thing done by the clock is due next; a queue row without substance."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    due_at = models.DateTimeField()
    claimed_by = models.TextField(blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    ran_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="chore_due")]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="chore_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.organisation_id}"
