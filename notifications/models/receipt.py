"""What a service reports of a message later."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class Receipt(models.Model):
    """What a service reports of a message after it took it; gone when a worker has settled it.

    `delivery_id` and `provider_ref` are what the report says: nothing promises that there is such a message.
    """

    class Status(models.TextChoices):  # as GOV.UK Notify has them
        DELIVERED = "delivered", "Delivered"
        PERMANENT = "permanent-failure", "No such number"
        TEMPORARY = "temporary-failure", "Could not be reached"
        TECHNICAL = "technical-failure", "The service failed"
        DELAYED = "delayed", "Not taken yet"  # by their mail server; it goes on trying

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery_id = models.UUIDField()
    provider_ref = models.TextField()
    status = models.TextField(choices=Status.choices)
    at = models.DateTimeField()
    taken_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery_id", "provider_ref", "status"], name="receipt_once"),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["delivered", "permanent-failure", "temporary-failure", "technical-failure", "delayed"]
                ),
                name="receipt_status",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="receipt_due")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status}"
