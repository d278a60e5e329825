"""The thing being contained, and who takes part in it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from incidents.models.playbook import Playbook
from partners.models import Organisation, SharedSystem
from portal.reasons import ReasonField


class Incident(models.Model):
    """One incident. `participants` may know that it exists, `overseers` see every side; triggers write both arrays."""

    class Status(models.TextChoices):
        SUSPECTED = "suspected", "Suspected"
        OPEN = "open", "Open"
        CONTAINED = "contained", "Contained"
        ERADICATED = "eradicated", "Eradicated"
        RECOVERED = "recovered", "Recovered"
        CLOSED = "closed", "Closed"

    class Outcome(models.TextChoices):
        RESOLVED = "resolved", "Resolved"
        FALSE_ALARM = "false_alarm", "False alarm"
        OPENED_IN_ERROR = "opened_in_error", "Opened in error"
        DUPLICATE = "duplicate", "Duplicate"

    class Tlp(models.TextChoices):
        CLEAR = "clear", "TLP:CLEAR"
        GREEN = "green", "TLP:GREEN"
        AMBER = "amber", "TLP:AMBER"
        AMBER_STRICT = "amber+strict", "TLP:AMBER+STRICT"

    class Tool(models.TextChoices):
        SIEM = "siem", "SIEM"
        MONITORING = "monitoring", "Monitoring"
        TOOL = "tool", "Alert tool"

    # Back-steps need a reason; `transitions.py` is the only code that follows these arrows.
    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        "suspected": frozenset({"open", "closed"}),
        "open": frozenset({"contained", "closed"}),
        "contained": frozenset({"open", "eradicated", "closed"}),
        "eradicated": frozenset({"contained", "recovered", "closed"}),
        "recovered": frozenset({"eradicated", "closed"}),
        "closed": frozenset(),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.TextField(unique=True)
    title = models.TextField()
    summary = models.TextField(blank=True, default="")
    status = models.TextField(choices=Status.choices)
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    tlp = models.TextField(choices=Tlp.choices, default=Tlp.AMBER)
    exercise = models.BooleanField(default=False)
    lead = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    deputy_lead = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    participants = ArrayField(models.UUIDField(), editable=False)
    overseers = ArrayField(models.UUIDField(), editable=False)
    playbook = models.ForeignKey(Playbook, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    declared_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(choices=Outcome.choices, blank=True, default="")
    detected_at = models.DateTimeField(null=True, blank=True)
    meeting_point = models.TextField(blank=True, default="")
    next_update_at = models.DateTimeField(null=True, blank=True)
    techniques = ArrayField(models.TextField(), default=list)
    accounts = ArrayField(models.TextField(), default=list)
    source = models.JSONField(null=True, blank=True)
    tell_people = ArrayField(models.UUIDField(), default=list)  # suspected: whom of the lead's own people to tell
    lead_phone = models.TextField(blank=True, default="", editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)  # an exercise that was put aside for something real
    merged_into_id = models.UUIDField(null=True, editable=False)  # closed as its duplicate; a function alone writes it
    tasks_due_minutes = models.PositiveIntegerField(null=True, blank=True)
    # A tool's alert opened it: of which kind the tool is, whose (the database fills that in), and since when a person
    # has looked. Until then every message names the opener.
    tool_kind = models.TextField(choices=Tool.choices, blank=True, default="", db_default="", editable=False)
    tool_of = models.TextField(blank=True, default="", db_default="", editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="incident_newest"),
            models.Index(fields=["id"], name="incident_open", condition=~models.Q(status="closed")),
            # The head of every page counts one's own among them; what others have open costs nobody anything.
            GinIndex(fields=["participants"], name="incident_open_of", condition=~models.Q(status="closed")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(severity__isnull=True) | models.Q(severity__range=(1, 6)), name="incident_severity"
            ),
            models.CheckConstraint(
                condition=(models.Q(status="closed") & ~models.Q(outcome="") & models.Q(closed_at__isnull=False))
                | (~models.Q(status="closed") & models.Q(outcome="", closed_at__isnull=True)),
                name="incident_closed_with_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(tool_kind__in=["", "siem", "monitoring", "tool"]), name="incident_tool_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class IncidentSystem(models.Model):
    """A system that the incident names, with its name as it was then: participants may read it, estate or not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="systems", db_index=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="+")
    slug = models.TextField()
    name = models.TextField()
    named = models.BooleanField(default=True)  # False: a start that was assumed or vouched for an account

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["incident", "system"], name="incident_system_once")]

    def __str__(self) -> str:
        return self.slug


class Participant(models.Model):
    """An organisation's side of an incident: its role, why it is here, and how far its answers are.

    Read by itself and the overseers. Counters and `word` are kept by a statement trigger on tasks; the `reached`
    columns are written by the notifications room through `incidents.participants.mark_reached()`.
    """

    class Role(models.TextChoices):
        LEAD = "lead", "Lead"
        DEPUTY_LEAD = "deputy_lead", "Deputy lead"
        PARTICIPANT = "participant", "Participant"
        PROVIDER = "provider", "Provider"
        OBSERVER = "observer", "Observer"

    class Exposure(models.TextChoices):
        CONFIRMED = "confirmed", "Seen here"
        DIRECT = "direct", "Uses the attacked system"
        REACHABLE = "reachable", "Could be reached"
        NONE = "none", "No path known to the register"
        CLEARED = "cleared", "Cleared"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="sides", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slug = models.TextField()
    name = models.TextField()
    kind = models.TextField()
    role = models.TextField(choices=Role.choices)
    is_provider = models.BooleanField(default=False)
    exposure = models.TextField(choices=Exposure.choices)
    distance = models.PositiveSmallIntegerField(null=True)
    because = models.TextField()
    other_paths = models.JSONField(default=list)
    joined_at = models.DateTimeField()
    duty_name = models.TextField(blank=True, default="", editable=False)
    duty_phone = models.TextField(blank=True, default="", editable=False)
    tasks_total = models.PositiveIntegerField(default=0, editable=False)
    tasks_open = models.PositiveIntegerField(default=0, editable=False)
    tasks_waiting = models.PositiveIntegerField(default=0, editable=False)
    tasks_settled = models.PositiveIntegerField(default=0, editable=False)
    tasks_blocked = models.PositiveIntegerField(default=0, editable=False)
    containing_open = models.PositiveIntegerField(default=0, editable=False)
    acknowledged_at = models.DateTimeField(null=True, editable=False)
    told_at = models.DateTimeField(null=True, editable=False)
    told_by = ReasonField(blank=True, default="", editable=False)
    delivered_at = models.DateTimeField(null=True, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    people_told = models.PositiveIntegerField(default=0, editable=False)
    people_seen = models.PositiveIntegerField(default=0, editable=False)
    not_told_because = ReasonField(blank=True, default="", editable=False)
    # The newest that its people said without signing in (`notifications.models.Answer.Said`), by which way and when.
    said = models.TextField(blank=True, default="", db_default="", editable=False)
    said_by = models.TextField(blank=True, default="", db_default="", editable=False)
    said_at = models.DateTimeField(null=True, editable=False)
    # What the ladder does next while nobody has answered ("deputy by text message"), when, and how often it has been
    # climbed to the top in vain. Names nobody.
    next_step = ReasonField(blank=True, default="", db_default="", editable=False)
    next_step_at = models.DateTimeField(null=True, editable=False)
    times_climbed = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # When the newest radius no longer reached it; null while it does, or never did.
    reach_ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["incident", "organisation"], name="participant_once")]

    def __str__(self) -> str:
        return f"{self.slug} in {self.incident_id}"


class Standing(models.Model):
    """What every participant may see of another: name, role and one word. Kept by triggers."""

    class Word(models.TextChoices):
        ACTING = "acting", "Acting"
        CONTAINED = "contained", "Contained"
        CUT_OFF = "cut_off", "Cut off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="standings", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slug = models.TextField()
    name = models.TextField()
    role = models.TextField()
    word = models.TextField(choices=Word.choices, default=Word.ACTING)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["incident", "organisation"], name="standing_once")]

    def __str__(self) -> str:
        return f"{self.slug}: {self.word}"


class Update(models.Model):
    """What the lead tells every participant in words."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates", db_index=False)
    author_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    author_name = models.TextField()
    text = models.TextField()
    at = models.DateTimeField()
    # What was known, believed and not known when it was sent: the database fills it in. Null: nobody had said.
    card = models.ForeignKey(
        "incidents.KnownCard", on_delete=models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["incident", "-at"], name="update_newest")]

    def __str__(self) -> str:
        return self.text[:40]
