"""The data keys of organisations, each wrapped by the master key."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

WRAPPED_BYTES = 12 + 32 + 16  # nonce, key, tag


class DataKey(models.Model):
    """One version of the key that seals an organisation's secrets.

    A retired version seals nothing any more and still opens what is left of it. Empty `wrapped` means that the key was
    forgotten on purpose; the row stays, so that its number is never given to another key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation_id = models.UUIDField()
    version = models.PositiveIntegerField()
    wrapped = models.BinaryField()
    master_key_id = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "version"], name="datakey_once"),
            models.CheckConstraint(condition=models.Q(version__gt=0), name="datakey_version"),
            models.CheckConstraint(
                condition=models.Q(Exact(Length("wrapped"), WRAPPED_BYTES))
                | models.Q(Exact(Length("wrapped"), 0), retired_at__isnull=False),
                name="datakey_wrapped_or_forgotten",
            ),
        ]

    def __str__(self) -> str:
        return f"data key {self.version} of {self.organisation_id}"
