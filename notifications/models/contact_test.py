"""Rounds in which an organisation's ways are tried, and what was asked of each contact."""

from __future__ import annotations

import uuid

from django.db import models

from notifications.models.delivery import Delivery
from partners.models import ContactPoint, Organisation, Person
from portal.reasons import ReasonField


class ContactTest(models.Model):
    """One round in which an organisation's ways are tried: the month's own, or one that a person asked for (no month).

    `due_at` of a month's round is a minute that nobody can guess: the organisation sees the row when it has begun.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        LEFT_OUT = "left_out", "Left out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(null=True)  # the first of the local month; null: asked for by a person
    contact_point = models.ForeignKey(ContactPoint, null=True, on_delete=models.PROTECT, related_name="+")  # that alone
    due_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.PLANNED)
    because = ReasonField(blank=True, default="")  # why it was left out, in words
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-due_at"]
        constraints = [models.UniqueConstraint(fields=["organisation", "month"], name="contact_test_month")]

    def __str__(self) -> str:
        return f"contact test {self.month or 'asked for'}"


class ContactTestAsk(models.Model):
    """One message of a round to one contact point. The link holds a token; here stands its hash, and it works once.

    `address_of` is `changed_at` of the contact point when it was asked: an answer does not count for a later address.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    test = models.ForeignKey(ContactTest, on_delete=models.PROTECT, related_name="asks", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: the duty desk
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(unique=True)
    address_of = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.TextField(blank=True, default="", db_default="")  # link, or page (signed in)
    failed_at = models.DateTimeField(null=True)  # half an hour passed without an answer

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["test", "contact_point"], name="contact_test_ask_once")]

    def __str__(self) -> str:
        return f"asked {self.asked_at}"
