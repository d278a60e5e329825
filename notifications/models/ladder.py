"""The steps of each organisation's ladder in an incident."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models import Incident
from partners.models import Organisation, Person, Rung
from portal.reasons import ReasonField


class LadderStep(models.Model):
    """One rung of one organisation's ladder in one incident: who was called when, and until when they have time.

    At most one step of a ladder is waiting. `begun_at` null: it was asked for and nobody has been called yet. `person`
    is a colleague to whom somebody passed it on, `passed_by` who did; null: whoever stands on the rung. `quiet`: not
    followed by the next one at night. `because` says in words why it ended, and names no person.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for an answer"
        PASSED = "passed", "Nobody answered"
        LEFT_OUT = "left_out", "Left out"
        ANSWERED = "answered", "Answered"
        STOPPED = "stopped", "Stopped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="ladder_steps", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    nth = models.PositiveIntegerField()  # from 1, over all rounds
    round = models.PositiveSmallIntegerField(default=1)
    rung = models.TextField(choices=Rung.choices)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    passed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    quiet = models.BooleanField(default=False)
    begun_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.TextField(choices=State.choices)
    because = ReasonField(blank=True, default="", db_default="")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ["incident", "organisation", "nth"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation", "nth"], name="ladder_step_once"),
            models.UniqueConstraint(
                fields=["incident", "organisation"], condition=models.Q(state="waiting"), name="ladder_step_waiting"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "passed", "left_out", "answered", "stopped"]),
                name="ladder_step_state",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="ladder_step_due", condition=models.Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.rung} {self.state}"
