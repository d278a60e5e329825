"""An organisation's own legal and contractual clocks in one incident, and everything that was said of them."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import DutyEntry, Organisation


class Duty(models.Model):
    """A deadline of one organisation, copied from its catalogue (`DutyEntry`) as it was then.

    Read by its owner alone, until the owner shares it. `aware_at` is when its clock began: set by a person, never by
    opening; of the few that start by themselves, when that was. `due_at` is an instant and knows no clock change; null
    when there is no number of hours. Functions of the database alone write it (`sec.say_duty`).
    """

    class State(models.TextChoices):
        ASSESSING = "assessing", "To assess"
        RUNNING = "running", "Running"
        REPORTED = "reported", "Reported"
        FOLLOWED_UP = "followed_up", "Follow-up sent"
        NOT_REPORTABLE = "not_reportable", "No report needed"
        CLOSED = "closed", "Closed"

    class Shared(models.TextChoices):
        NOBODY = "", "Nobody else"
        LEAD = "lead", "The lead"
        ALL = "all", "Everybody who takes part"

    ICO = "ico_72h"  # the line of every catalogue that an incident always brings up

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="duties", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()  # the key of the catalogue's line
    name = models.TextField(blank=True, default="", db_default="")
    source = models.TextField(blank=True, default="", db_default="")
    starts = models.TextField(choices=DutyEntry.Starts.choices, default="aware", db_default="aware")
    hours = models.PositiveIntegerField()
    rule = models.TextField(choices=DutyEntry.Rule.choices, default="clock", db_default="clock")
    judge = models.TextField(
        choices=DutyEntry.Judge.choices, default="data_protection_officer", db_default="data_protection_officer"
    )
    state = models.TextField(choices=State.choices, default=State.ASSESSING, db_default="assessing")
    aware_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    route = models.TextField(blank=True, default="", db_default="")
    reference = models.TextField(blank=True, default="", db_default="")
    delay = models.TextField(blank=True, default="", db_default="")  # why it was reported after `due_at`
    settled_at = models.DateTimeField(null=True, blank=True)  # reported, or decided that no report is needed
    decision = models.TextField(blank=True, default="")  # why no report is needed
    shared = models.TextField(choices=Shared.choices, blank=True, default="", db_default="")
    reminded = models.PositiveSmallIntegerField(default=0, db_default=0)  # 1: a day before, 2: four hours, 3: overdue

    class Meta:
        verbose_name_plural = "duties"
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation", "kind"], name="duty_once"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["assessing", "running", "reported", "followed_up", "not_reportable", "closed"]
                ),
                name="duty_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="not_reportable") | ~models.Q(decision=""), name="duty_no_report_has_reason"
            ),
            models.CheckConstraint(condition=models.Q(shared__in=["", "lead", "all"]), name="duty_shared"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="duty_due", condition=models.Q(state="running", reminded__lt=3))
        ]

    def __str__(self) -> str:
        return self.kind


class DutyRevision(models.Model):
    """One thing said of a duty: what, by whom, on what evidence, and the times as they were from then on.

    Never changed and never removed: a correction is the next one. It stays with its organisation, also when the duty
    is shared.
    """

    class Act(models.TextChoices):
        ASSESS = "assess", "To be assessed"
        START = "start", "Began by itself"
        AWARE = "aware", "Aware"
        CORRECT = "correct", "Time of becoming aware corrected"
        REPORT = "report", "Reported"
        NO_REPORT = "no_report", "No report needed"
        FOLLOW_UP = "follow_up", "Follow-up sent"
        CLOSE = "close", "Closed"
        REOPEN = "reopen", "Opened again"
        SHARE = "share", "Shared"
        UNSHARE = "unshare", "No longer shared"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    act = models.TextField(choices=Act.choices)
    at = models.DateTimeField()  # when it was said
    said_by = models.UUIDField(null=True)
    name = models.TextField(blank=True, default="")  # of whoever said it
    words = models.TextField(blank=True, default="")
    state = models.TextField(choices=Duty.State.choices)  # from then on
    aware_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    moment = models.DateTimeField(null=True)  # of a report or a follow-up: when it was made
    route = models.TextField(blank=True, default="")
    reference = models.TextField(blank=True, default="")
    delay = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["duty", "number"], name="duty_revision_once")]

    def __str__(self) -> str:
        return f"{self.act} {self.number}"
