"""Acts that need two persons, and the four steps of cutting an organisation off."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.organisations import Organisation


class Approval(models.Model):
    """One act that a first person asks for and a second one approves; it is carried out only as it was asked.

    Who asked, who approved, with which authenticator and in which session is written by the database from their
    tickets, never by code. `payload` holds the arguments, `payload_hash` its SHA-256, `effects` sentences that say what
    it will do, as both persons read them. `audience` are the organisations that may see it. It lapses at `expires_at`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a second person"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        CARRIED_OUT = "carried_out", "Carried out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField()
    about = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    incident_id = models.UUIDField(null=True, blank=True)
    incident_reference = models.TextField(blank=True, default="")
    payload = models.JSONField(default=dict)
    payload_hash = models.BinaryField()
    effects = ArrayField(models.TextField(), default=list)
    reason = models.TextField()
    two_organisations = models.BooleanField(default=True)
    audience = ArrayField(models.UUIDField())
    state = models.TextField(choices=State.choices, default=State.WAITING)
    requested_by = models.UUIDField()
    requested_by_name = models.TextField()
    requesting_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    requested_with = models.UUIDField()
    requested_session = models.UUIDField()
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True, blank=True)
    decided_by_name = models.TextField(blank=True, default="")
    deciding_organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_with = models.UUIDField(null=True, blank=True)
    decided_session = models.UUIDField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_because = models.TextField(blank=True, default="")
    carried_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "carried_out"])
                | (
                    models.Q(decided_by__isnull=False)
                    & ~models.Q(decided_by=models.F("requested_by"))
                    & ~models.Q(decided_with=models.F("requested_with"))
                    & ~models.Q(decided_session=models.F("requested_session"))
                    & (
                        models.Q(two_organisations=False)
                        | ~models.Q(deciding_organisation=models.F("requesting_organisation"))
                    )
                ),
                name="approval_two_persons",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.state}"


class Isolation(models.Model):
    """One step of cutting an organisation off, from the press to the lifting. `lifted_at` null means in force.

    `suspected_from` is since when the organisation is thought compromised: what it wrote later is marked. `audience`
    are the organisations that may know.
    """

    class Step(models.IntegerChoices):
        PROVIDER = 1, "Its sign-in is not trusted"
        MAIL = 2, "Its mail is not trusted"
        OWN_TASKS = 3, "Own tasks only"
        FULL = 4, "Cut off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="isolations")
    step = models.PositiveSmallIntegerField(choices=Step.choices)
    incident_id = models.UUIDField(null=True, blank=True)
    incident_reference = models.TextField(blank=True, default="")
    reason = models.TextField()
    suspected_from = models.DateTimeField(null=True, blank=True)
    pressed_by = models.UUIDField()
    pressed_by_name = models.TextField()
    pressing_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey(Approval, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.UUIDField(null=True, blank=True)
    lifted_by_name = models.TextField(blank=True, default="")
    lifting_organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifting_approval = models.ForeignKey(Approval, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    audience = ArrayField(models.UUIDField())

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "step"], condition=models.Q(lifted_at=None), name="isolation_in_force_once"
            ),
            models.CheckConstraint(condition=models.Q(step__range=(1, 4)), name="isolation_step"),
        ]

    def __str__(self) -> str:
        return f"step {self.step} of {self.organisation_id}"


class CallBack(models.Model):
    """A telephone call to an organisation's registered number, made to make sure who is speaking.

    The number is copied from the register by the database; whoever rang writes down what came of it.
    """

    class Purpose(models.TextChoices):
        APPEAL = "appeal", "Appeal against isolation"
        EMERGENCY = "emergency", "Emergency enrolment"

    class Outcome(models.TextChoices):
        REACHED = "reached", "Reached, and confirmed"
        VOICEMAIL = "voicemail", "Voicemail"
        WRONG_NUMBER = "wrong_number", "Wrong number"
        REFUSED = "refused", "Reached, and not confirmed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    about = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(choices=Purpose.choices)
    number = models.TextField()
    outcome = models.TextField(choices=Outcome.choices)
    spoke_with = models.TextField()
    note = models.TextField(blank=True, default="")
    called_by = models.UUIDField()
    called_by_name = models.TextField()
    calling_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    audience = ArrayField(models.UUIDField())

    class Meta:
        ordering = ["-called_at"]

    def __str__(self) -> str:
        return f"{self.purpose} call to {self.about_id}"
