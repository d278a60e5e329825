"""What somebody said to a message without signing in."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from notifications.models.delivery import Delivery
from partners.models import Organisation


class Answer(models.Model):
    """What somebody said to a message without signing in: once a message, by its link or by text. A worker settles it.

    `words` is what they typed, for whoever of their organisation reads it; `origin` the network address or nothing.
    """

    class Way(models.TextChoices):
        LINK = "link", "By link"
        TEXT = "text", "By text message"

    class Said(models.TextChoices):
        HAS_IT = "has_it", "I have this"
        CUT = "cut", "We cut it"
        CALL = "call", "Call me"
        OTHER = "other", "Somebody else must be told"
        UNREADABLE = "unreadable", "Something that could not be read"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    way = models.TextField(choices=Way.choices)
    said = models.TextField(choices=Said.choices)
    words = models.TextField(blank=True, default="", db_default="")
    origin = models.TextField(blank=True, default="", db_default="")
    at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery"], name="answer_once", condition=~models.Q(said="unreadable")),
            models.UniqueConstraint(
                fields=["delivery"], name="answer_unreadable_once", condition=models.Q(said="unreadable")
            ),
            models.CheckConstraint(
                condition=models.Q(said__in=["has_it", "cut", "call", "other", "unreadable"]), name="answer_said"
            ),
            models.CheckConstraint(condition=models.Q(way__in=["link", "text"]), name="answer_way"),
        ]
        indexes = [models.Index(fields=["due_at"], name="answer_due", condition=models.Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.said} {self.way}"
