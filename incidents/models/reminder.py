"""That a lead was reminded of the update that it had promised."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from incidents.models.incident import Incident
from partners.models import Organisation


class UpdateReminder(models.Model):
    """One reminder of one promise to one lead. Written by `sec.remind_of_updates`, never by code.

    A new lead is reminded anew. Another time for the update is another promise.
    """

    class Stage(models.TextChoices):
        SOON = "soon", "Soon"
        DUE = "due", "Due"
        LATE = "late", "Late"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="update_reminders", db_index=False)
    lead = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    promised_at = models.DateTimeField()
    stage = models.TextField(choices=Stage.choices)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "lead", "promised_at", "stage"], name="update_reminder_once"),
            models.CheckConstraint(condition=models.Q(stage__in=["soon", "due", "late"]), name="update_reminder_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.promised_at}"
