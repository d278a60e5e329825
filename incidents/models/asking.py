"""*What is the state at yours?*: asked of one participant by the lead or its deputy, and answered in words."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class UpdateRequest(models.Model):
    """One question to one participant. Read by it and the overseers; one at a time waits for its answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="update_requests", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    question = models.TextField()
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True, default="")
    answered_by = models.TextField(blank=True, default="")  # name of the person: the words have a name under them
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at"]
        indexes = [models.Index(fields=["incident", "organisation"], name="update_request_of")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "organisation"],
                condition=models.Q(answered_at__isnull=True),
                name="update_request_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.question[:40]
