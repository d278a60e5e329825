"""A cut that somebody plans in an incident: whom it would stop something for, what they say, who decided.

Functions of the database alone write these: they work out who is affected, and what was frozen or said stays.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from incidents.models.incident import Incident
from partners.models import Organisation


class PlannedCut(models.Model):
    """One cut, as its newest revision says. `ends_at` null: until its planner says otherwise.

    `revision` counts how often time or extent were changed; each change asks again, and undoes the decision.
    `links` are all edges that are cut, `systems` what is taken off with all of its links.
    """

    class What(models.TextChoices):
        LINK = "link", "A link"
        GROUP = "group", "A group of administrators"
        SYSTEM = "system", "A system"

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        DECIDED = "decided", "Goes ahead"
        DONE = "done", "Done"
        CALLED_OFF = "called_off", "Called off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    planner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    once = models.UUIDField()  # of the form that it was planned with: sent twice, it is one plan
    what = models.TextField(choices=What.choices)
    links = ArrayField(models.UUIDField())
    systems = ArrayField(models.UUIDField())
    title = models.TextField()
    how = models.TextField()
    ask = models.TextField()  # a name and a number
    status = models.TextField(choices=Status.choices)
    revision = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.TextField(default="")
    decided_for = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    decided_because = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-planned_at", "-id"]
        indexes = [models.Index(fields=["incident", "planned_at"], name="planned_cut_in")]
        constraints = [
            models.UniqueConstraint(fields=["planner", "once"], name="planned_cut_once"),
            models.CheckConstraint(condition=Q(what__in=["link", "group", "system"]), name="planned_cut_what"),
            models.CheckConstraint(
                condition=Q(status__in=["planned", "decided", "done", "called_off"]), name="planned_cut_status"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="planned_cut_window"
            ),
            # It goes ahead by a person with a name, never by silence.
            models.CheckConstraint(
                condition=~Q(status__in=["decided", "done"]) | Q(decided_at__isnull=False) & ~Q(decided_by_name=""),
                name="planned_cut_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PlannedCutSide(models.Model):
    """One organisation in one revision of a cut: what stops for it, frozen, and what it says.

    `asked` False: it takes no part in the incident and knows nothing of this, or it plans the cut itself. `systems`
    are names of what stops, `services` its own on them; `loses` what the cut links carry for it, in words.
    """

    class Answer(models.TextChoices):
        NONE = "", "Has not answered"
        AGREES = "agrees", "Agrees"
        OBJECTS = "objects", "Objects"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cut = models.ForeignKey(PlannedCut, on_delete=models.CASCADE, related_name="sides", db_index=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    planner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.PositiveSmallIntegerField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    slug = models.TextField()
    name = models.TextField()
    asked = models.BooleanField()
    systems = ArrayField(models.TextField())
    services = ArrayField(models.TextField())
    loses = ArrayField(models.TextField())
    runs_an_end = models.BooleanField()  # of a link that is cut: its hands are needed
    critical = models.BooleanField()  # a safety-critical service of it stops
    fallback = models.TextField(blank=True, default="")
    answer = models.TextField(choices=Answer.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-critical", "name"]
        constraints = [
            models.UniqueConstraint(fields=["cut", "revision", "organisation"], name="planned_cut_side_once"),
            models.CheckConstraint(condition=Q(answer__in=["", "agrees", "objects"]), name="planned_cut_answer"),
            models.CheckConstraint(condition=~Q(answer="objects") | ~Q(reason=""), name="planned_cut_objection"),
            models.CheckConstraint(condition=Q(asked=True) | Q(answer=""), name="planned_cut_asked"),
        ]
        indexes = [models.Index(fields=["incident", "organisation"], name="planned_cut_side_of")]

    def __str__(self) -> str:
        return self.slug


class PlannedCutChange(models.Model):
    """What became of a cut: by whom, for which organisation, when, with which words. Rows are added only."""

    class What(models.TextChoices):
        PLANNED = "planned", "Planned"
        REVISED = "revised", "Changed, and asked again"
        DECIDED = "decided", "Goes ahead"
        DONE = "done", "Done"
        CALLED_OFF = "called_off", "Called off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cut = models.ForeignKey(PlannedCut, on_delete=models.CASCADE, related_name="changes", db_index=False)
    revision = models.PositiveSmallIntegerField()
    what = models.TextField(choices=What.choices)
    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.TextField(blank=True, default="")  # empty: a key
    words = models.TextField(blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["cut", "at"], name="planned_cut_changes")]

    def __str__(self) -> str:
        return self.what
