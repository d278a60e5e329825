"""How an organisation can be reached, and what each way rides on."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.estate import SharedSystem
from partners.models.organisations import Organisation, Person


class ContactPoint(models.Model):
    """One way to reach a person or a duty desk. `rides_on` null means that it rides on no shared system."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"

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
    rides_on = models.ForeignKey(SharedSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    trust = models.TextField(choices=Trust.choices, default=Trust.TRUSTED)
    trust_since = models.DateTimeField(null=True, blank=True)
    trust_because = models.TextField(blank=True, default="")
    order = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "label"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "address"], name="contact_point_once"),
            models.CheckConstraint(
                condition=models.Q(trust__in=["trusted", "doubtful", "compromised"]), name="contact_point_trust"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class DutyDesk(models.Model):
    """Where an organisation answers the telephone at night. Shown to lead and provider of an open incident only."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True)
    name = models.TextField()
    phone = models.TextField()

    def __str__(self) -> str:
        return self.name
