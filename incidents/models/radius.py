"""How far an incident reaches, version by version, and what people say of the links on the way."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class Radius(models.Model):
    """The radius as the incident opened with it: never changed. `document` is `incidents.frozen`; overseers read it.

    `contain_first` are the few best cuts of it, small enough for a board.
    """

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True)
    computed_at = models.DateTimeField()
    document = models.JSONField()
    contain_first = models.JSONField(default=list, db_default=[])

    def __str__(self) -> str:
        return str(self.incident_id)


class RadiusVersion(models.Model):
    """The radius as it was walked again; the opening one counts as number 0. Rows are added and never changed.

    `causes`: `[{"what": Rewalk.What, "at", "by": [name], "words": "the Finance ledger off File services"}]`.
    `changed`, against the version before: see `incidents.changes.difference`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="radii", db_index=False)
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    causes = models.JSONField()
    document = models.JSONField()
    contain_first = models.JSONField()
    changed = models.JSONField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="radius_number")]

    def __str__(self) -> str:
        return f"{self.incident_id} version {self.number}"


class Rewalk(models.Model):
    """A reason to walk again, waiting for the worker: written by triggers and functions, done inside the lead."""

    class What(models.TextChoices):
        ASKED = "asked", "walked again by the lead"
        WIDENED = "widened", "an attacked system was added"
        NAMED = "named", "a link was named"
        ADDED = "added", "a link was added to the register"
        CUT = "cut", "cut by both ends"
        HALF_CUT = "half_cut", "cut on one side"
        RECONNECTED = "reconnected", "connected again by both ends"
        SIDES = "sides", "the sides are brought up to the newest version"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    what = models.TextField(choices=What.choices)
    dependency_id = models.UUIDField(null=True)  # no key: the register stays free to forget a link
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    claimed_by = models.TextField(default="", db_default="")
    claimed_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="rewalk_due", condition=models.Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.what} in {self.incident_id}"


class LinkClaim(models.Model):
    """A link that somebody named in the middle of an incident: counted at once, or a participant's proposal.

    Counted, it stands in the register, reviewed by nobody; the incident's reference stands here alone, because the
    register is read by others than those in the incident.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        COUNTED = "counted", "Counts"
        REFUSED = "refused", "Not counted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="link_claims")
    state = models.TextField(choices=State.choices)
    said_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()
    from_system_id = models.UUIDField()
    from_name = models.TextField()
    to_name = models.TextField()
    to_organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    words = models.TextField(blank=True, default="")
    dependency_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["said_at"]

    def __str__(self) -> str:
        return f"{self.from_name} to {self.to_name}"


class Clearing(models.Model):
    """An organisation's own statement that nothing was found at it. It removes no edge, and may be withdrawn."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="clearings", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    why = models.TextField()
    stated_by = models.TextField()  # name of the person, for the overseers: a statement has a name under it
    stated_at = models.DateTimeField()
    was = models.TextField()  # the exposure before, which a withdrawal gives back
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["stated_at"]
        indexes = [models.Index(fields=["incident", "organisation"], name="clearing_of")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "organisation"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="clearing_in_force_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} in {self.incident_id}"


class LinkDispute(models.Model):
    """*This is wrong*, said of a link by an organisation whose path it is on, and what whoever runs an end answers.

    It names no incident: whoever runs an end may not know of it.
    """

    class Outcome(models.TextChoices):
        CORRECTED = "corrected", "Corrected in the register"
        STANDS = "stands", "Looked at, and it stands"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dependency_id = models.UUIDField(db_index=True)
    source_name = models.TextField()
    target_name = models.TextField()
    said_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()
    words = models.TextField()
    outcome = models.TextField(choices=Outcome.choices, blank=True, default="")
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["said_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dependency_id", "said_by"],
                condition=models.Q(answered_at__isnull=True),
                name="dispute_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.words[:40]


class ConcentrationSnapshot(models.Model):
    """What everything that an organisation may name would take with it, kept once a quarter: figures alone.

    `figures`: `{"system:SLUG" or "provider:SLUG": {"organisations", "people", "critical", "if_claims_hold"}}`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    quarter = models.DateField()  # its first day
    taken_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["-quarter"]
        constraints = [models.UniqueConstraint(fields=["organisation", "quarter"], name="concentration_quarter")]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.quarter}"
