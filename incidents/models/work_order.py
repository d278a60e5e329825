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


class OrderAgain(models.Model):
    """That an order was given to the tool again: the new order, and what had become of the earlier one. Read by its
    organisation alone, written by `sec.give_order_again`, changed by nobody.

    `earlier_id`: the order before it, the task's own id for the first. `task_version`: of the task then; a person who
    answers it later has it. `given_by`: the person's or key's name. `leases`: those of the earlier order.
    """

    class Outcome(models.TextChoices):
        FAILED = "failed", "Failed"
        REFUSED = "refused", "Refused"
        EXPIRED = "expired", "Not answered in time"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="orders_again", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    nth = models.PositiveSmallIntegerField()
    earlier_id = models.UUIDField()
    because = models.TextField()
    given_at = models.DateTimeField()
    given_by_id = models.UUIDField(null=True)
    given_by = models.TextField()
    task_version = models.PositiveIntegerField()
    outcome = models.TextField(choices=Outcome.choices)
    result = models.TextField(blank=True, default="")
    key_name = models.TextField()
    leases = models.JSONField(default=list)
    taken_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["task", "nth"]
        constraints = [
            models.UniqueConstraint(fields=["task", "nth"], name="order_again_nth"),
            models.UniqueConstraint(fields=["earlier_id"], name="order_again_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["failed", "refused", "expired"]), name="order_again_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nth}: {self.because}"

    @property
    def words(self) -> str:
        """Why the earlier order is to be had no more."""
        return f"It was given again as {self.pk}."

    def answered_by(self, lease: str) -> bool:
        """Whether the earlier order was answered, and by whoever held that lease: the last one."""
        return self.outcome != self.Outcome.EXPIRED and self.leases[-1:] == [lease]
