"""What an organisation keeps of an incident for itself: situation reports, and what it costs. Functions write both."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from partners.models import Organisation


class SituationReport(models.Model):
    """One M/ETHANE report (JESIP), read for a cyber incident. `number` counts from 1; `shared`: the lead reads it."""

    class Shared(models.TextChoices):
        NOBODY = "", "Only your own organisation"
        LEAD = "lead", "The lead and the deputy lead too"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    written_by = models.UUIDField()
    shared = models.TextField(choices=Shared.choices, blank=True, default="")
    major = models.TextField()
    exact = models.TextField(blank=True, default="")
    type = models.TextField(blank=True, default="")
    hazards = models.TextField(blank=True, default="")
    access = models.TextField(blank=True, default="")
    number_affected = models.TextField(blank=True, default="")
    engaged = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["incident", "organisation", "at"], name="situation_report_of")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation", "number"], name="situation_report_number"),
            models.CheckConstraint(condition=Q(shared__in=["", "lead"]), name="situation_report_shared"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Cost(models.Model):
    """One line of an organisation's cost diary: hours of a grade, or pounds in pence. `struck_at`: it does not count.

    Nobody else ever reads one, neither lead nor provider.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    once = models.UUIDField()  # of the form: sent twice, it is one line
    on = models.DateField()
    what = models.TextField()
    hours = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    grade = models.TextField(blank=True, default="")
    pence = models.BigIntegerField(null=True)
    invoice = models.TextField(blank=True, default="")
    written_by = models.UUIDField()
    at = models.DateTimeField()
    struck_at = models.DateTimeField(null=True)
    struck_by = models.UUIDField(null=True)
    struck_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-on", "-at", "-id"]
        indexes = [models.Index(fields=["incident", "organisation", "on"], name="cost_of")]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "once"], name="cost_once"),
            models.CheckConstraint(
                condition=Q(hours__gt=0, pence=None) & ~Q(grade="") | Q(hours=None, pence__gt=0, grade=""),
                name="cost_hours_or_amount",
            ),
        ]

    def __str__(self) -> str:
        return self.what[:40]
