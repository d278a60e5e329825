"""What an organisation's own tool made of a task whose step carries commands."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.task import Task
from partners.models import Organisation


class WorkOrder(models.Model):
    """That a tool took a task's order, and what it answered. Read and written by its organisation alone.

    A task's order itself is no row: it is the task and its step. Nothing is kept before a tool takes it. An answered
    one is changed by nobody, and goes when its task waits anew. `key_name` is what the key was called then; `lease` is
    what the tool that holds it shows. `late`: answered when it could move the task no more.
    """

    class Outcome(models.TextChoices):
        NONE = "", "Not answered"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REFUSED = "refused", "Refused"

    task = models.OneToOneField(Task, on_delete=models.CASCADE, primary_key=True, related_name="work_order")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    lease = models.UUIDField(default=uuid.uuid4)
    lease_until = models.DateTimeField()
    former_leases = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField())
    )  # they ended unanswered
    taken_at = models.DateTimeField()
    key_id = models.UUIDField(null=True)
    key_name = models.TextField()
    outcome = models.TextField(choices=Outcome.choices, blank=True, default="", db_default="")
    result = models.TextField(blank=True, default="", db_default="")
    out_args = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    answered_at = models.DateTimeField(null=True)
    late = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="", answered_at=None)
                | models.Q(outcome__in=["done", "failed", "refused"], answered_at__isnull=False),
                name="work_order_answered",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key_name}: {self.outcome or 'taken'}"
