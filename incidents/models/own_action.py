"""What an organisation did by itself, and what somebody answered for it because it was told by telephone.

Functions of the database alone write these.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from incidents.models.task import Task
from partners.models import Organisation


class OwnAction(models.Model):
    """Something that an organisation did against the intruder without being asked. Read by itself and the overseers.

    `touches` is the name, as it was then, of the system or link that it was done to; empty: not said. A row that was
    taken back keeps its words for its organisation's own record, and counts no more.
    """

    class About(models.TextChoices):
        NOTHING = "", "Not said"
        SYSTEM = "system", "A system"
        LINK = "link", "A link between two systems"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="own_actions", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.TextField()
    done_at = models.DateTimeField()
    about = models.TextField(choices=About.choices, blank=True, default="")
    about_id = models.UUIDField(null=True)  # no key: the register stays free to forget a link
    touches = models.TextField(blank=True, default="")
    written_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-done_at", "-id"]
        indexes = [models.Index(fields=["incident", "organisation", "done_at"], name="own_action_of")]
        constraints = [
            models.CheckConstraint(condition=Q(about__in=["", "system", "link"]), name="own_action_about"),
            models.CheckConstraint(
                condition=Q(about="", about_id=None, touches="") | (~Q(about="") & ~Q(about_id=None) & ~Q(touches="")),
                name="own_action_touches",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class OwnActionNote(models.Model):
    """What stays at home of an own action: what stops because of it, further words, and who wrote it down."""

    action = models.OneToOneField(OwnAction, on_delete=models.CASCADE, primary_key=True, related_name="note")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    stops = models.TextField(blank=True, default="")
    words = models.TextField(blank=True, default="")
    written_by = models.UUIDField(null=True)  # the person; null: a key, which is the next
    written_key = models.UUIDField(null=True)

    def __str__(self) -> str:
        return self.stops[:40]


class ReportedAnswer(models.Model):
    """An answer to a task that its organisation gave by telephone, written down by the lead or the deputy lead.

    Read by that organisation and the overseers, but for `ReportedVoice`. `version` is the task's once this was written:
    while both are the same, the answer that stands is this one. `settled`: what became of it; empty while its
    organisation has said nothing of it. `was_status` and `was_reason` are what a correction returns to: the
    organisation's own last word. `over_id` is the report that stood before it, to which taking it back returns.
    """

    class Settled(models.TextChoices):
        NOT_YET = "", "Not yet"
        CONFIRMED = "confirmed", "Confirmed by the organisation"
        CORRECTED = "corrected", "Not right, says the organisation"
        TAKEN_BACK = "taken_back", "Taken back by whoever wrote it"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="reports", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    reporter = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.TextField()
    was_status = models.TextField()
    was_reason = models.TextField(blank=True, default="")
    over_id = models.UUIDField(null=True, editable=False)  # no key: written by functions alone, like `Task.reported_id`
    said_role = models.TextField()
    words = models.TextField(blank=True, default="")
    written_by = models.UUIDField()
    written_by_name = models.TextField()  # the organisation that was rung reads who wrote in its name
    at = models.DateTimeField()
    version = models.PositiveIntegerField()
    settled = models.TextField(choices=Settled.choices, blank=True, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["task", "-at"], name="reported_of_task"),
            models.Index(fields=["incident", "organisation"], name="reported_unsettled", condition=Q(settled="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(settled__in=["", "confirmed", "corrected", "taken_back"]), name="reported_settled"
            )
        ]

    def __str__(self) -> str:
        return f"{self.status}, says {self.said_role}"


class ReportedVoice(models.Model):
    """Who said an answer by telephone, on which number: for the people of its organisation and of the one that rang."""

    report = models.OneToOneField(ReportedAnswer, on_delete=models.CASCADE, primary_key=True, related_name="voice")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    reporter = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    said_by = models.TextField()
    number = models.TextField()

    def __str__(self) -> str:
        return self.said_by
