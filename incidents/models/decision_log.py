"""The decision log of an incident, and the card of what is known, believed and not known. Revisions are kept."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from partners.models import Organisation


class LogEntry(models.Model):
    """One revision of a decision that somebody took; never edited. The first one's id is the `root` of all.

    Not a `Decision`: that is a question of the playbook's, answered once. `as_lead`: taken for the whole incident, by
    whoever led; its reader is at least whoever oversees. `shared`: who else reads this revision. `review_at` null: the
    decision is not to be looked at again. `change`: what a revision changes, empty in the first.
    """

    class Shared(models.TextChoices):
        NOBODY = "", "Only your own organisation"
        LEAD = "lead", "Lead, deputy lead and provider too"
        ALL = "all", "Everybody who takes part"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    root = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    as_lead = models.BooleanField(default=False)
    known = models.TextField()
    options = models.TextField()
    decision = models.TextField()
    why = models.TextField()
    dissent = models.TextField(blank=True, default="")
    decided_by = models.TextField()  # a name, as it is written down
    decided_role = models.TextField()
    decided_at = models.DateTimeField()
    review_at = models.DateTimeField(null=True)
    change = models.TextField(blank=True, default="")
    written_by = models.UUIDField()  # the person, whose name its own organisation alone can read
    at = models.DateTimeField()  # when it was written down
    newest = models.BooleanField(default=True)
    shared = models.TextField(choices=Shared.choices, blank=True, default="")

    class Meta:
        ordering = ["-decided_at", "-at", "-id"]
        indexes = [
            models.Index(fields=["incident", "decided_at"], name="log_entry_in"),
            models.Index(fields=["review_at"], name="log_entry_due", condition=Q(newest=True, review_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["root", "number"], name="log_entry_once"),
            models.UniqueConstraint(fields=["root"], condition=Q(newest=True), name="log_entry_newest"),
            models.CheckConstraint(condition=Q(shared__in=["", "lead", "all"]), name="log_entry_shared"),
            models.CheckConstraint(condition=~Q(as_lead=True, shared=""), name="log_entry_of_the_lead"),
        ]

    def __str__(self) -> str:
        return self.decision[:40]


class KnownCard(models.Model):
    """One revision of what the lead knows, believes and does not know, for everybody who takes part.

    The one with the highest `number` counts; an update names the one that stood when it was sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    known = ArrayField(models.TextField(), default=list)
    believed = ArrayField(models.TextField(), default=list)
    not_known = ArrayField(models.TextField(), default=list)
    said_by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="known_card_once")]

    def __str__(self) -> str:
        return f"{self.number}"
