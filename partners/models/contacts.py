"""How an organisation can be reached, and what each way rides on."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.estate import SharedSystem
from partners.models.organisations import Organisation, Person


class ContactPoint(models.Model):
    """One way to reach a person or a duty desk. `rides_on` null means that it rides on no shared system.

    `address` of a channel or a browser says what may be shown of it; the whole, a secret, stands in `SealedAddress`,
    and `host` is where it leads. Of a private number `address` holds its last digits in words; the whole of it stands
    sealed in `PrivateNumber`.
    `tested_at` is when a test of this very address was last confirmed, `failed_at` when one was last left unanswered,
    `changed_at` when the address was last another: from then on it is untested.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Telephone"
        SMS = "sms", "Text message"
        TEAMS = "teams", "Microsoft Teams"
        SLACK = "slack", "Slack"
        PUSH = "push", "Notice in a browser"

    class Trust(models.TextChoices):
        TRUSTED = "trusted", "Trusted"
        DOUBTFUL = "doubtful", "Doubtful"
        COMPROMISED = "compromised", "Compromised"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="contact_points", db_index=False
    )
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="contact_points"
    )  # null: the duty desk itself
    kind = models.TextField(choices=Kind.choices, default=Kind.EMAIL)
    label = models.TextField()
    address = models.TextField()
    host = models.TextField(blank=True, default="", db_default="")
    rides_on = models.ForeignKey(SharedSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    trust = models.TextField(choices=Trust.choices, default=Trust.TRUSTED)
    trust_since = models.DateTimeField(null=True, blank=True)
    trust_because = models.TextField(blank=True, default="")
    order = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    is_private = models.BooleanField(default=False, db_default=False)
    tested_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "label"]
        constraints = [
            # Of a private number the row holds two digits, which many have; sealed addresses are told apart elsewhere.
            models.UniqueConstraint(
                fields=["organisation", "kind", "address"],
                condition=models.Q(is_private=False, host=""),
                name="contact_point_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["email", "phone", "sms", "teams", "slack", "push"]),
                name="contact_point_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["email", "phone", "sms"], host="")
                | (
                    models.Q(kind__in=["teams", "slack", "push"])
                    & ~models.Q(host="")
                    & ~models.Q(address__contains="+")
                ),
                name="contact_point_sealed",
            ),
            models.CheckConstraint(
                condition=models.Q(is_private=False) | models.Q(kind__in=["phone", "sms"]), name="contact_point_private"
            ),
            models.CheckConstraint(
                condition=models.Q(trust__in=["trusted", "doubtful", "compromised"]), name="contact_point_trust"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_a_number(self) -> bool:
        """Whether `address` is a telephone number, to be written in groups."""
        return self.kind in {self.Kind.PHONE, self.Kind.SMS} and not self.is_private


class PrivateNumber(models.Model):
    """The whole of a private number, sealed under its organisation's key. Functions alone read and write it."""

    contact_point = models.OneToOneField(ContactPoint, on_delete=models.CASCADE, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"private number {self.pk}"


class DutyDesk(models.Model):
    """Where an organisation answers the telephone at night. Shown to lead and provider of an open incident only."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True)
    name = models.TextField()
    phone = models.TextField()

    def __str__(self) -> str:
        return self.name
