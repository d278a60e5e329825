"""One transport to one host: whether it works, and when its canary last got through."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class WayOut(models.Model):
    """Written over the messages of every organisation, so it names none: a transport, a host and its last fortunes.

    `recent` are the last outcomes, oldest first, each `[delivery, true when the other side works]`. `opened_at` null:
    it is used. Otherwise nothing goes there but one message at `probe_at`. The canary goes to nobody, each minute.
    `used_up_until`: when the service's next day begins, once it has said that today's limit is used up; until then the
    canary asks once an hour whether it was raised.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    transport = models.TextField()
    host = models.TextField()
    recent = models.JSONField(default=list)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True, default="", db_default="")
    begun_at = models.DateTimeField(db_default=Now())
    canary_due_at = models.DateTimeField(null=True)
    canary_tried_at = models.DateTimeField(null=True)
    canary_accepted_at = models.DateTimeField(null=True)
    used_up_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "ways out"
        constraints = [models.UniqueConstraint(fields=["transport", "host"], name="way_out_once")]

    def __str__(self) -> str:
        return f"{self.transport} to {self.host}"
