"""A playbook under way: which steps have begun, what the lead is asked, and the answers that its conditions need."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from incidents.models.task import Task
from partners.models import Organisation


class Run(models.Model):
    """A playbook under way, as a row of the queue: at `due_at` it is looked at again.

    `called`: by path, the playbooks that it runs within itself, as they were known at opening. `ended_at`: its end step
    was reached.
    """

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True)
    lead_id = models.UUIDField()
    due_at = models.DateTimeField(null=True)
    claimed_by = models.TextField(blank=True, default="")
    claimed_until = models.DateTimeField(null=True)
    called = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.incident_id)


class RunStep(models.Model):
    """One step that has begun, read by overseers. `incidents.running.engine.Row` says what the columns mean."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="run_steps", db_index=False)
    key = models.TextField()
    turn = models.PositiveSmallIntegerField()
    name = models.TextField()
    kind = models.TextField()
    parent_key = models.TextField(blank=True, default="")  # "": in no branch
    parent_turn = models.PositiveSmallIntegerField(default=0)
    lap = models.PositiveSmallIntegerField(default=0)
    state = models.TextField()
    outcome = models.TextField(blank=True, default="")
    due_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    open = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "key", "turn"], name="run_step_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["delayed", "begun", "asked", "ended", "stopped"]), name="run_step_state"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Decision(models.Model):
    """What the portal cannot tell exactly: the lead is asked, chooses, and says why. Read by overseers."""

    class Kind(models.TextChoices):
        CHOOSE = "choose", "Which way"
        REPEAT = "repeat", "Once more or not"
        BOUND = "bound", "As often as it may"
        FAILED = "failed", "A step failed and nothing says what then"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    key = models.TextField()
    turn = models.PositiveSmallIntegerField()
    lap = models.PositiveSmallIntegerField(default=0)
    kind = models.TextField(choices=Kind.choices)
    name = models.TextField()  # the step's
    condition = models.TextField(blank=True, default="")
    choices = models.JSONField(default=list)  # values, in the order in which they are offered
    asked_at = models.DateTimeField()
    chosen = models.TextField(null=True)  # noqa: DJ001 - "" is a choice: no case fits
    why = models.TextField(blank=True, default="")
    chosen_by_organisation_id = models.UUIDField(null=True)
    chosen_by_id = models.UUIDField(null=True)
    chosen_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)  # it became known, or the run went another way

    class Meta:
        ordering = ["asked_at", "key"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "key", "turn", "kind", "lap"], name="decision_once"),
        ]

    def __str__(self) -> str:
        return self.name


class RunAnswer(models.Model):
    """An answer that a condition of the plan asks about: the only ones that leave home, for the lead to see.

    `scope`: the path of the playbook whose variable it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="run_answers", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    scope = models.TextField(blank=True, default="")
    name = models.TextField()
    kind = models.TextField()
    value = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "name"], name="run_answer_once")]
        indexes = [models.Index(fields=["incident", "scope", "name"], name="run_answer_of")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"
