"""What the API remembers of POSTs, so that a client may safely send one again."""

from __future__ import annotations

import uuid

from django.db import models


class Replay(models.Model):
    """The first answer to a POST with an `Idempotency-Key`, kept 24 hours per organisation, method and path."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation_id = models.UUIDField()
    method = models.TextField()
    path = models.TextField()
    key = models.TextField()
    body_digest = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    content_type = models.TextField()
    location = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation_id", "key", "method", "path"], name="replay_once")]
        indexes = [models.Index(fields=["created_at"], name="replay_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
