"""Is this still true? One fact of the register, put to one person, and what came of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from partners.models.organisations import Organisation, Person


class FactReview(models.Model):
    """When an organisation last said that a fact of the register is true; one row a fact, written by functions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField()
    object_id = models.UUIDField()
    fact = models.JSONField()  # as it was then: what changed since is asked again
    reviewed_on = models.DateField()
    reviewed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "kind", "object_id"], name="fact_review_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} on {self.reviewed_on}"


class ReviewCard(models.Model):
    """One question to one person. `fact` is what the register said when it was dealt, in the words of a page.

    A person has three places a calendar month (UTC), and a card takes one, for good: the database lets nobody have a
    fourth. Rows are written by functions of the database alone.
    """

    class Kind(models.TextChoices):
        PARTICIPATION = "participation", "Standing on a system"
        SYSTEM = "system", "Who decides about a system"
        LINK = "link", "Link between systems"
        PERMISSION = "permission", "Permission"
        CONTACT = "contact", "Contact"

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        YES = "yes", "Still true"
        NO = "no", "Not true"
        PASSED = "passed", "Passed on"
        ELSEWHERE = "elsewhere", "For another organisation"
        LAPSED = "lapsed", "Changed meanwhile"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()  # the first day of it
    place = models.PositiveSmallIntegerField()
    kind = models.TextField(choices=Kind.choices)
    object_id = models.UUIDField()
    fact = models.JSONField()
    dealt_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    words = models.TextField(blank=True, default="")  # what is different, or whose it is
    next_on = models.DateField(null=True, blank=True)  # a yes: when it is asked again
    change_id = models.UUIDField(null=True, blank=True)  # the row of the history that the answer made
    work_raised = models.BooleanField(default=False)  # somebody has to look at it

    class Meta:
        ordering = ["dealt_at"]
        indexes = [models.Index(fields=["organisation", "kind", "object_id", "-dealt_at"], name="card_of_fact")]
        constraints = [
            models.UniqueConstraint(fields=["person", "month", "place"], name="card_place_once"),
            models.CheckConstraint(condition=Q(place__in=[1, 2, 3]), name="card_three_a_month"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "yes", "no", "passed", "elsewhere", "lapsed"]), name="card_state"
            ),
            models.UniqueConstraint(
                fields=["organisation", "kind", "object_id"], condition=Q(state="open"), name="card_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.state}"
