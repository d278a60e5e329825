"""What somebody said to a message without signing in."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from incidents.models import Incident
from notifications.models.delivery import Delivery
from notifications.models.webhook import Webhook
from partners.models import Organisation


class Answer(models.Model):
    """What somebody said without signing in. A worker settles it.

    By link or text it is said to a message, once a message; by text what asks for something may be followed by what
    ends the silence. A tool says it of an incident, in a message of its own that `message_id` names. `words` is what
    was typed, for whoever of their organisation reads it; `origin` the network address or nothing.
    """

    class Way(models.TextChoices):
        LINK = "link", "By link"
        TEXT = "text", "By text message"
        TOOL = "tool", "By a tool"

    class Said(models.TextChoices):
        HAS_IT = "has_it", "I have this"
        CUT = "cut", "We cut it"
        CALL = "call", "Call me"
        OTHER = "other", "Somebody else must be told"
        UNREADABLE = "unreadable", "Something that could not be read"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+")
    message_id = models.TextField(blank=True, default="", db_default="")
    way = models.TextField(choices=Way.choices)
    said = models.TextField(choices=Said.choices)
    words = models.TextField(blank=True, default="", db_default="")
    origin = models.TextField(blank=True, default="", db_default="")
    at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery"], name="answer_once", condition=models.Q(said__in=["has_it", "cut"])
            ),
            models.UniqueConstraint(
                fields=["delivery"], name="answer_asks_once", condition=models.Q(said__in=["call", "other"])
            ),
            models.UniqueConstraint(
                fields=["delivery"], name="answer_unreadable_once", condition=models.Q(said="unreadable")
            ),
            models.CheckConstraint(
                condition=models.Q(said__in=["has_it", "cut", "call", "other", "unreadable"]), name="answer_said"
            ),
            models.CheckConstraint(
                condition=models.Q(way="tool", delivery=None, webhook__isnull=False, incident__isnull=False)
                & ~models.Q(message_id="")
                | models.Q(
                    way__in=["link", "text"], delivery__isnull=False, webhook=None, incident=None, message_id=""
                ),
                name="answer_way_and_what_to",
            ),
            models.UniqueConstraint(
                fields=["webhook", "message_id"],
                name="answer_of_tool_once",
                condition=models.Q(webhook__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="answer_due", condition=models.Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.said} {self.way}"
