"""What a person has to look at of first sights and the rules beside them, each organisation its own side."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as lazy

from incidents.models import Incident
from partners.models import Organisation

STATES = ["waiting", "folded", "opened", "joined", "expected", "dismissed", "suppressed"]
SIDES = ["home", "place"]
MOST_SHOWN = 500  # sights and changes that a finding lists by id; it counts all of them


class Finding(models.Model):
    """What one account did, for one organisation: `side` says whether the account is its own or came to it.

    A burst is one finding: what the account did within an hour of the last joins the one that waits. `rules` are those
    that found something, `reasons` what its `weight` is made of (`monitoring.findings.rules`). `account` '' with
    `home` null: whose it is is not known. Functions of the database write it.

    Beyond `sec.findings_an_hour` of one organisation with one other side within an hour, further ones of no heavier
    rule than a first sight or a failed attempt are `folded_into` a list: a finding of no account whose `folded` says
    how many came into it. Deciding on the list decides on what is `folded` in it; one that does more waits alone again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", lazy("Waits for a person")
        FOLDED = "folded", lazy("Waits in a list")
        OPENED = "opened", lazy("Opened an incident")
        JOINED = "joined", lazy("Joined an incident")
        EXPECTED = "expected", lazy("Expected: a permission is proposed")
        DISMISSED = "dismissed", lazy("Dismissed")
        SUPPRESSED = "suppressed", lazy("Not shown, as was agreed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField()
    account = models.TextField()
    shown = models.TextField()
    account_kind = models.TextField()
    home = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    places = ArrayField(models.TextField())
    organisations = ArrayField(models.UUIDField())  # whose the places are
    systems = ArrayField(models.UUIDField())
    rules = ArrayField(models.TextField())
    reasons = ArrayField(models.TextField())
    weight = models.PositiveSmallIntegerField()  # 0 to 100
    sight_ids = ArrayField(models.UUIDField(), default=list)
    change_ids = ArrayField(models.UUIDField(), default=list)
    sights = models.PositiveIntegerField(default=0)
    changes = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()  # of what was seen
    last_at = models.DateTimeField()
    made_at = models.DateTimeField()  # when the portal found it
    state = models.TextField(choices=State.choices, default=State.WAITING)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    because = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    decided_by_name = models.TextField(blank=True, default="")
    suppression = models.ForeignKey(
        "Suppression", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    folded = models.PositiveIntegerField(default=0, db_default=0)
    folded_into = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="within", db_index=False)

    class Meta:
        ordering = ["-weight", "-last_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="access_finding_state"),
            models.CheckConstraint(condition=models.Q(side__in=SIDES), name="access_finding_side"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", decided_at=None) | ~models.Q(state="waiting"),
                name="access_finding_waits",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "state", "-weight", "-last_at"], name="finding_triage"),
            models.Index(fields=["organisation", "account", "last_at"], name="finding_account"),
            models.Index(
                fields=["organisation", "made_at"], name="finding_made", condition=models.Q(folded_into__isnull=True)
            ),
            models.Index(fields=["folded_into"], name="finding_within", condition=models.Q(folded_into__isnull=False)),
            models.Index(
                fields=["suppression"], name="finding_kept_back", condition=models.Q(suppression__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown} for {self.organisation_id}"


class Suppression(models.Model):
    """Findings of an account that `organisation` does not want to see, once `other` has agreed, until a day.

    Both read it. `places` are those that the finding showed because of which it was asked for, `rule` '' is every rule.
    What it keeps back stands as findings of `organisation`, which alone reads and counts them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    account = models.TextField()
    places = ArrayField(models.TextField(), default=list)
    rule = models.TextField(blank=True, default="")
    reason = models.TextField()
    until = models.DateField()  # the last day on which it holds
    asked_at = models.DateTimeField()
    asked_by_name = models.TextField()
    agreed_at = models.DateTimeField(null=True)
    agreed_by_name = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)  # refused, taken back or revoked, by either
    ended_by_name = models.TextField(blank=True, default="")
    ended_for = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(organisation=models.F("other")), name="suppression_two_organisations"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="suppression_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.account} until {self.until}"
