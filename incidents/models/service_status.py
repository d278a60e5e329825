"""How an organisation's services stand in an incident. Functions of the database alone write; every change is kept."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from partners.models import Organisation


class ServiceStatus(models.Model):
    """One word on one service, at one time. `newest`: the one that counts. No row: not known yet.

    `service` is the name that the organisation's participations give it. `since`: when it began to be so.
    """

    class State(models.TextChoices):
        WORKING = "working", "Working"
        DIFFICULTY = "difficulty", "Working with difficulty"
        DOWN = "down", "Not working"
        UNKNOWN = "unknown", "Not known yet"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    service = models.TextField()
    critical = models.BooleanField()  # safety-critical, as the register said then
    state = models.TextField(choices=State.choices)
    since = models.DateTimeField()
    said_by = models.UUIDField(null=True)  # null: a key
    at = models.DateTimeField()
    newest = models.BooleanField(default=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["incident", "organisation", "at"], name="service_status_of")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "organisation", "service"], condition=Q(newest=True), name="service_status_newest"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["working", "difficulty", "down", "unknown"]), name="service_status_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.state}"


class ServiceNote(models.Model):
    """What its organisation adds. It stays at home unless `shared`: then lead, deputy lead and provider read it."""

    status = models.OneToOneField(ServiceStatus, on_delete=models.CASCADE, primary_key=True, related_name="note")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    shared = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.text[:40]
