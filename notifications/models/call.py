"""Calls by a person: who rang whom about a message that nothing sends."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from partners.models import Organisation


class CallAttempt(models.Model):
    """One person's hold on one call: from taking it off the list until they say what came of it.

    Functions of the database alone write it. `outcome` '' means that it is held; a hold that nobody renewed and
    somebody else took over is `lapsed`. `reported_by` is whom they spoke with, as they said, for the two sides alone.
    """

    class Outcome(models.TextChoices):
        REACHED = "reached", "Reached, they have it"
        VOICEMAIL = "voicemail", "Voicemail"
        NO_ANSWER = "no_answer", "Nobody answered"
        WRONG_NUMBER = "wrong_number", "Wrong number"
        REFUSED = "refused", "They would not take it"
        LET_GO = "let_go", "Given back without ringing"
        LAPSED = "lapsed", "Held too long"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery = models.ForeignKey("notifications.Delivery", on_delete=models.CASCADE, related_name="calls")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")  # that is rung
    caller_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    caller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    attempt = models.PositiveIntegerField()  # of the delivery: it fences what is said later
    taken_at = models.DateTimeField()
    outcome = models.TextField(blank=True, default="", db_default="")
    acknowledged = models.BooleanField(default=False, db_default=False)  # they said that they act on it
    reported_by = models.TextField(blank=True, default="", db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["taken_at"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "attempt"], name="call_attempt_once"),
            models.CheckConstraint(
                condition=models.Q(
                    outcome__in=[
                        "", "reached", "voicemail", "no_answer", "wrong_number", "refused", "let_go", "lapsed",
                    ]
                ),
                name="call_attempt_outcome",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"call {self.attempt} {self.outcome or 'held'}"
