"""Words that organisations agree on before they are said outside: statements, their versions, who must agree."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.models.decision_log import LogEntry
from incidents.models.incident import Incident
from partners.models import Organisation


class Statement(models.Model):
    """A line to take, or words for press, staff, residents or members. Its text stands in its versions.

    Seen by its author, by whoever was ever asked to agree, and once it is issued by all participants. That all agree is
    kept nowhere, because whoever was asked would read it of the others: see `statements.agreeing`.
    `decision`: in the log, which let it be issued over an objection or silence. Functions of the database write it.
    """

    class Audience(models.TextChoices):
        LINES = "lines", "Lines to take"
        PRESS = "press", "Press"
        STAFF = "staff", "Staff"
        RESIDENTS = "residents", "Residents"
        MEMBERS = "members", "Elected members"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ASKED = "asked", "Asked"
        ISSUED = "issued", "Issued"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.TextField()
    audience = models.TextField(choices=Audience.choices)
    status = models.TextField(choices=Status.choices, default=Status.DRAFT)
    version = models.PositiveSmallIntegerField()  # the number of the newest
    written_by = models.UUIDField()
    at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    decision = models.ForeignKey(LogEntry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["incident", "at"], name="statement_in")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "asked", "issued", "withdrawn"]), name="statement_status"
            ),
            models.CheckConstraint(
                condition=Q(audience__in=["lines", "press", "staff", "residents", "members"]), name="statement_audience"
            ),
            models.CheckConstraint(
                condition=~Q(status="issued") | Q(issued_at__isnull=False), name="statement_issued_when"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class StatementVersion(models.Model):
    """One text of a statement, and who must agree to it; never edited. Unread by others before `asked_at`.

    `issued`: this one went out, and all participants read it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="versions", db_index=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    asked = ArrayField(models.UUIDField(), default=list)
    hours = models.PositiveSmallIntegerField()  # to answer within
    written_by = models.UUIDField()
    at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    issued = models.BooleanField(default=False)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["statement", "number"], name="statement_version_once")]

    def __str__(self) -> str:
        return f"{self.number}"


class StatementAsk(models.Model):
    """One organisation that must agree to one version, and what it says; read by it and by the author.

    No `answer` is no agreement. `earlier`: what it said before it changed its mind, as `{"answer", "reason", "at"}`.
    `reminded` 1: half of its time is over, 2: all of it.
    """

    class Says(models.TextChoices):
        NOTHING = "", "No answer yet"
        AGREES = "agrees", "Agrees"
        OBJECTS = "objects", "Objects"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(StatementVersion, on_delete=models.CASCADE, related_name="asks", db_index=False)
    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="asks", db_index=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    newest = models.BooleanField(default=True)  # of the newest version
    answer = models.TextField(choices=Says.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    earlier = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["asked_at", "id"]
        indexes = [
            models.Index(fields=["statement"], name="statement_ask_of"),
            models.Index(fields=["organisation"], name="statement_ask_open", condition=Q(answer="", newest=True)),
            models.Index(fields=["due_at"], name="statement_ask_due", condition=Q(answer="", reminded__lt=2)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["version", "organisation"], name="statement_ask_once"),
            models.CheckConstraint(condition=Q(answer__in=["", "agrees", "objects"]), name="statement_ask_answer"),
            models.CheckConstraint(condition=~Q(answer="objects", reason=""), name="statement_ask_objects_why"),
            models.CheckConstraint(condition=~Q(organisation=models.F("author")), name="statement_ask_another"),
        ]

    def __str__(self) -> str:
        return self.answer or "asked"
