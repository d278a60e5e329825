"""What is kept of an uploaded file in the database. The bytes stand in `settings.FILES_ROOT` under a random name."""

from __future__ import annotations

import uuid

from django.db import models


class StoredFile(models.Model):
    """One uploaded file. Rows are written by functions of the database, and only once its bytes are on the disk.

    `owner_id` is the object that it belongs to and `purpose` says of which kind; the room of that kind decides who
    reads it beside the organisation itself. `name` is what the sender called it, a text and never a path.
    `content_type` is what the content looks like, never what the sender said. A removed file keeps its row.
    """

    class State(models.TextChoices):
        KEPT = "kept", "Kept"
        REMOVED = "removed", "Removed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation_id = models.UUIDField()
    purpose = models.TextField()
    owner_id = models.UUIDField()
    storage_name = models.TextField(unique=True)
    name = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.BinaryField()
    content_type = models.TextField()
    state = models.TextField(choices=State.choices, default=State.KEPT)
    uploaded_by = models.UUIDField(null=True)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["uploaded_at"]
        indexes = [models.Index(fields=["owner_id", "uploaded_at"], name="file_of")]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["kept", "removed"]), name="file_state"),
            models.CheckConstraint(condition=models.Q(size__gt=0, size__lte=25 * 1024 * 1024), name="file_size"),
            models.CheckConstraint(condition=models.Q(purpose__regex=r"^[a-z_]{1,40}$"), name="file_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.owner_id}: {self.name}"


class Usage(models.Model):
    """How much an organisation keeps; the row is what two uploads at once wait for each other on."""

    organisation_id = models.UUIDField(primary_key=True)
    bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.bytes}"
