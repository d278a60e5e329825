"""Who has agreed to which version of a playbook, for which systems a playbook is, and what was agreed at an opening.

Functions of the database alone write the rows (`sec.sign_off`, `sec.withdraw_sign_off`, `sec.cover_system`, and a
trigger on participants).
"""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from incidents.models.playbook import Playbook, Step
from partners.models import Organisation, SharedSystem


class SignOff(models.Model):
    """One organisation's agreement to one version. Read by it and by those who run this playbook with it.

    It counts through `valid_until`, UTC, unless it ended before: withdrawn, or replaced by a later one to the same
    version. `signed_by` and `ended_by` are persons of the organisation, whose names nobody else can read.
    """

    class Ended(models.TextChoices):
        NOT = "", "In force"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REPLACED = "replaced", "Replaced"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    playbook = models.ForeignKey(Playbook, on_delete=models.PROTECT, related_name="sign_offs")
    cacao_id = models.TextField()  # of the playbook: all its versions together
    signed_at = models.DateTimeField()
    signed_by = models.UUIDField()
    valid_until = models.DateField()
    reservation = models.TextField(blank=True, default="")  # to the whole; those to one step stand with the step
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    ended_how = models.TextField(blank=True, default="", choices=Ended.choices)
    ended_reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-signed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "playbook"], condition=models.Q(ended_at=None), name="signed_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_how__in=["", "withdrawn", "replaced"]), name="sign_off_ended"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "cacao_id"], condition=models.Q(ended_at=None), name="sign_off_of"),
            models.Index(fields=["cacao_id", "organisation"], name="sign_off_plan"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.playbook_id}"


class SignOffStep(models.Model):
    """What a sign-off says of one step: a reservation, that it may be done without asking until a day, or both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sign_off = models.ForeignKey(SignOff, on_delete=models.CASCADE, related_name="steps", db_index=False)
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="+", db_index=False)
    reservation = models.TextField(blank=True, default="")
    agreed_until = models.DateField(null=True)  # the last day, UTC

    class Meta:
        ordering = ["step__position"]
        constraints = [models.UniqueConstraint(fields=["sign_off", "step"], name="sign_off_step_once")]

    def __str__(self) -> str:
        return f"{self.sign_off_id} {self.step_id}"


class PlaybookSystem(models.Model):
    """A playbook, in all its versions, is for this system: said by whoever owns or provides the system."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cacao_id = models.TextField()
    system = models.ForeignKey(SharedSystem, on_delete=models.CASCADE, related_name="+")
    set_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["set_at", "id"]
        constraints = [models.UniqueConstraint(fields=["cacao_id", "system"], name="playbook_for_system")]

    def __str__(self) -> str:
        return f"{self.cacao_id} {self.system_id}"


class SignedAtOpening(models.Model):
    """What one participant had agreed to when it joined an incident. Written once; a later sign-off changes nothing.

    `word`: the version that is run, another one, a signature that had expired, one to a version that was not to be run
    by then, or none. `steps` is a list of
    `{"step": id, "position", "title", "reservation", "agreed_on", "agreed_until"}`, days as ISO texts or null.
    """

    class Word(models.TextChoices):
        SIGNED = "signed", "Signed this version"
        OTHER = "other", "Signed another version"
        LAPSED = "lapsed", "Its signature had expired"
        VOID = "void", "Its version was not to be run any more"
        NONE = "none", "Had not signed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    word = models.TextField(choices=Word.choices)
    version = models.TextField(blank=True, default="")
    signed_at = models.DateTimeField(null=True)
    valid_until = models.DateField(null=True)
    reservation = models.TextField(blank=True, default="")
    steps = models.JSONField(default=list)
    frozen_at = models.DateTimeField()

    class Meta:
        ordering = ["incident", "organisation"]
        constraints = [models.UniqueConstraint(fields=["incident", "organisation"], name="signed_at_opening_once")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.organisation_id}"
