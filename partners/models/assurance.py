"""What a provider can show for itself: assessments, what they found, and the contract with each council."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.organisations import Organisation
from portal import clock


class Assessment(models.Model):
    """One look at a provider, planned or done. Rows are written by functions of the database.

    `organisation` owns it: whoever wrote or commissioned it. Others read it once it is shared with them. Without
    `done_on` it is planned; `retest_due_on` is when what was found is to be looked at again.
    """

    class Kind(models.TextChoices):
        ARCHITECTURE = "architecture", "Architecture"
        INCIDENT_RESPONSE = "incident_response", "Incident-response capability"
        PENETRATION_TEST = "penetration_test", "Penetration test"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="assessments")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField(choices=Kind.choices)
    title = models.TextField()
    scope = models.TextField()
    assessor = models.TextField(blank=True, default="")
    summary = models.TextField(blank=True, default="")
    done_on = models.DateField(null=True, blank=True)
    retest_due_on = models.DateField(null=True, blank=True)
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-written_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["architecture", "incident_response", "penetration_test"]),
                name="assessment_kind",
            )
        ]

    def __str__(self) -> str:
        return self.title


class AssessmentShare(models.Model):
    """An organisation that an assessment is shared with; those it is shared with do not learn of one another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="shares", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    shared_by_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    shared_by = models.UUIDField(null=True)
    shared_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["organisation__name"]
        constraints = [models.UniqueConstraint(fields=["assessment", "organisation"], name="assessment_shared_once")]

    def __str__(self) -> str:
        return f"{self.assessment_id} with {self.organisation_id}"


class Finding(models.Model):
    """Something at a provider that has to be mended by a day.

    `organisation` raised it. Where that is the owner of the assessment, everybody who reads the assessment reads the
    finding; otherwise it is between the two. Closed only when another organisation says that it was tested again.
    """

    class Severity(models.TextChoices):
        CRITICAL = "critical", "Critical"
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PLANNED = "planned", "Planned"
        FIXED = "fixed", "Fixed, says the provider"
        RETEST_ASKED = "retest_asked", "Retest asked for"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="findings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, null=True, blank=True, on_delete=models.PROTECT, related_name="findings")
    title = models.TextField()
    detail = models.TextField(blank=True, default="")
    severity = models.TextField(choices=Severity.choices)
    due_on = models.DateField()
    state = models.TextField(choices=State.choices, default=State.OPEN)
    raised_at = models.DateTimeField(default=clock.now)
    planned_for = models.DateField(null=True, blank=True)
    retested_on = models.DateField(null=True, blank=True)
    retested_by = models.TextField(blank=True, default="")  # who looked: a name and a role
    overdue_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["provider", "state", "due_on"], name="finding_due")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(severity__in=["critical", "high", "medium", "low"]), name="finding_severity"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "planned", "fixed", "retest_asked", "closed"]),
                name="finding_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(retested_on__isnull=False) & ~models.Q(retested_by=""),
                name="finding_retested",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class FindingMove(models.Model):
    """One thing said of a finding. Rows are added by functions of the database and never changed."""

    class What(models.TextChoices):
        PLANNED = "planned", "planned"
        FIXED = "fixed", "says: fixed"
        RETEST_ASKED = "retest_asked", "asks for a retest"
        CONFIRMED = "confirmed", "tested again: mended"
        FAILED = "failed", "tested again: not mended"
        REOPENED = "reopened", "opened again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="moves", db_index=False)
    what = models.TextField(choices=What.choices)
    text = models.TextField(blank=True, default="")
    on_day = models.DateField(null=True, blank=True)  # planned for, or tested on
    vouched_by = models.TextField(blank=True, default="")
    pressed_by = models.UUIDField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["finding", "at"], name="finding_moves")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(what__in=["planned", "fixed", "retest_asked", "confirmed", "failed", "reopened"]),
                name="finding_move",
            )
        ]

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.what}"


class Contract(models.Model):
    """What one council and one provider have agreed for the day of an incident; only the two read it.

    `responsibilities` maps each of `partners.contracts.ACTIVITIES` to four words: who is responsible, accountable,
    consulted, informed; each is `council`, `provider`, `both` or `nobody`, accountable one of the first two.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contracts", db_index=False)
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    responsibilities = models.JSONField(default=dict)
    liability = models.TextField(blank=True, default="")
    liability_cap = models.BigIntegerField(null=True, blank=True)  # pounds; null: no cap is agreed
    insurer = models.TextField(blank=True, default="")
    insured_sum = models.BigIntegerField(null=True, blank=True)  # pounds
    insured_until = models.DateField(null=True, blank=True)
    hours_to_notify = models.PositiveIntegerField(null=True, blank=True)
    exit_terms = models.TextField(blank=True, default="")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["organisation__name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "provider"], name="contract_once")]

    def __str__(self) -> str:
        return f"{self.organisation_id} and {self.provider_id}"
