"""What other tools report, and the rules by which it becomes an incident. Both stay with their organisation."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models import Incident
from partners.models import Organisation


class AlertRule(models.Model):
    """When an alert looks like this, do that. The first rule that fits decides, by `position`, then by name.

    `conditions`: `[{"pointer", "equals" | "contains" | "exists"}]`, all of which must hold. `mapping`: where title,
    systems, accounts, severity and reference of an incident come from (`monitoring.rules`); of a tool whose alerts are
    read by themselves (`monitoring.tools`) it says only what is to be read otherwise, `severities` what its words for
    severity mean here, `hosts` on which system its hosts are.
    """

    class Action(models.TextChoices):
        OPEN = "open", "Open an incident"
        SUSPECTED = "suspected", "Open a suspected incident"
        QUEUE = "queue", "Keep it for a person"
        SUPPRESS = "suppress", "Leave it out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    source = models.TextField()  # the tool, as people call it
    position = models.PositiveSmallIntegerField(default=1)
    conditions = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    action = models.TextField(choices=Action.choices)
    dedupe = models.TextField(blank=True, default="")  # JSON pointer to what repeats of one alarm share; '': all of it
    window_minutes = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    tool = models.TextField(blank=True, default="", db_default="")  # `monitoring.tools`; '': whatever the tool is
    severities = models.JSONField(default=dict, db_default={})  # {the tool's word in small letters: 1 to 6}
    hosts = models.JSONField(default=dict, db_default={})  # {the tool's name of a host: slug of a system}
    playbook = models.TextField(blank=True, default="", db_default="")  # slug; '': the usual one
    joins = models.TextField(blank=True, default="", db_default="")  # JSON pointer to what alarms of one incident share
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="alert_rule_once"),
            models.CheckConstraint(
                condition=models.Q(action__in=["open", "suspected", "queue", "suppress"]), name="alert_rule_action"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.name}"


class Alert(models.Model):
    """One alert as it came in first, how often it came, and what became of it.

    `reason` says why a person has to look, or what a person decided and why. `body` is what the tool sent, for a while
    alone (`monitoring.bodies`): what is still to be told of the alert afterwards stands beside it.
    """

    class Outcome(models.TextChoices):
        OPENED = "opened", "Opened an incident"
        JOINED = "joined", "Joined an incident"
        QUEUED = "queued", "Waits for a person"
        SUPPRESSED = "suppressed", "Left out"
        DISMISSED = "dismissed", "Dismissed by a person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The number stays when the rule is removed: which rule it was, its history in the ledger says.
    rule = models.ForeignKey(AlertRule, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    rule_version = models.PositiveIntegerField(default=0, db_default=0)  # 0: no rule
    tool = models.TextField(blank=True, default="", db_default="")
    source = models.TextField()
    title = models.TextField()
    reference = models.TextField(blank=True, default="")  # the tool's own
    body = models.JSONField()  # {} once it was dropped
    body_dropped_at = models.DateTimeField(null=True)  # null: it is still kept
    severity = models.PositiveSmallIntegerField(
        null=True
    )  # 1 the worst to 6, as it was read when it came; null: unknown
    severity_said = models.TextField(blank=True, default="", db_default="")  # the tool's own word for it
    fingerprint = models.BinaryField()  # the same for repeats of one alarm
    key = models.TextField(blank=True, default="", db_default="")  # the tool's own mark of this alarm; '': it has none
    join_key = models.BinaryField(null=True)  # shared by alarms that belong to one incident, as the rule says
    link = models.TextField(blank=True, default="", db_default="")  # back to the tool
    received_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1, db_default=1)
    last_seen_at = models.DateTimeField(null=True)  # null: once alone
    resolved_at = models.DateTimeField(null=True)  # when the tool said that it is over; it closes nothing
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.UUIDField(null=True)
    outcome = models.TextField(choices=Outcome.choices)
    reason = models.TextField(blank=True, default="")
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(outcome__in=["opened", "joined"], incident__isnull=False)
                    | models.Q(outcome__in=["queued", "suppressed", "dismissed"])
                ),
                name="alert_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-received_at", "-id"], name="alert_newest"),
            models.Index(fields=["organisation", "fingerprint", "-received_at"], name="alert_repeat"),
            models.Index(fields=["organisation", "tool", "key"], name="alert_key", condition=~models.Q(key="")),
            models.Index(
                fields=["organisation", "join_key"], name="alert_join", condition=models.Q(join_key__isnull=False)
            ),
            models.Index(fields=["organisation"], name="alert_waiting", condition=models.Q(outcome="queued")),
            models.Index(
                fields=["organisation", "received_at"], name="alert_body", condition=models.Q(body_dropped_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.title}"
