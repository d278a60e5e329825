"""Whom an organisation's ladder calls after the duty contact, and how long each of them has to answer."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.models.organisations import Organisation, Person


class Rung(models.TextChoices):
    """From the first to the last. Who is on the duty rung says the rota, and the duty desk is on it too."""

    DUTY = "duty", _("duty contact")
    DEPUTY = "deputy", _("deputy")
    HEAD_OF_IT = "head_of_it", _("head of IT")
    CHIEF_EXECUTIVE = "chief_executive", _("chief executive")


class Band(models.TextChoices):
    """How bad an incident is, as far as the ladder goes. `partners.ladder.band_of` says which severity is which."""

    WORST = "worst", _("Category 1 or 2, or not said yet")
    SERIOUS = "serious", _("Category 3")
    LOW = "low", _("Category 4 to 6")


# The least and the most minutes that a rung may have, by band; what the database holds too.
BOUNDS = {Band.WORST: (2, 15), Band.SERIOUS: (5, 30), Band.LOW: (10, 240)}


class LadderRung(models.Model):
    """The person on one rung of the organisation's ladder. A rung without a row has nobody on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    rung = models.TextField(choices=[(each.value, each.label) for each in Rung if each is not Rung.DUTY])
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "rung"], name="ladder_rung_once"),
            models.CheckConstraint(
                condition=models.Q(rung__in=["deputy", "head_of_it", "chief_executive"]), name="ladder_rung_named"
            ),
        ]

    def __str__(self) -> str:
        return self.rung


class LadderTime(models.Model):
    """Minutes that each rung has in a band of severity, where the organisation wants other ones than the default."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    band = models.TextField(choices=Band.choices)
    minutes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "band"], name="ladder_time_once"),
            models.CheckConstraint(
                condition=models.Q(band="worst", minutes__range=(2, 15))
                | models.Q(band="serious", minutes__range=(5, 30))
                | models.Q(band="low", minutes__range=(10, 240)),
                name="ladder_time_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.band}: {self.minutes} min"
