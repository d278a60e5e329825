"""What the two ends of a link have said of it: cut, checked, connected again."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.estate import Dependency
from partners.models.organisations import Organisation


class EdgeMove(models.Model):
    """One thing that somebody said of a link. Rows are added by functions of the database and never changed.

    A round begins when a link is first cut and ends with `reconnected`, which both ends' yes brings about; what an end
    says at present is its last move of the round. `pressed_by` is the person who did, `vouched_by` whoever looked: a
    name and a role, for both ends to read.
    """

    class End(models.TextChoices):
        SOURCE = "source", "Source"
        TARGET = "target", "Target"
        BOTH = "both", "Both ends"

    class What(models.TextChoices):
        CUT = "cut", "cut at this end"
        ASSURED = "assured", "checked"
        AGREED = "agreed", "says: connect again"
        RECONNECTED = "reconnected", "connected again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dependency = models.ForeignKey(Dependency, on_delete=models.PROTECT, related_name="moves", db_index=False)
    at_end = models.TextField(choices=End.choices)
    what = models.TextField(choices=What.choices)
    text = models.TextField(blank=True, default="")  # why it was cut, or what was checked
    vouched_by = models.TextField(blank=True, default="")
    pressed_by = models.UUIDField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["dependency", "at"], name="edge_moves")]
        constraints = [
            models.CheckConstraint(condition=models.Q(at_end__in=["source", "target", "both"]), name="edge_end"),
            models.CheckConstraint(
                condition=models.Q(what__in=["cut", "assured", "agreed", "reconnected"]), name="edge_move"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at_end} of {self.dependency_id}: {self.what}"
