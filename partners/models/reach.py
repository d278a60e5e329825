"""Addresses that are secrets, and what a person wishes about being reached."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.contacts import ContactPoint
from partners.models.organisations import Organisation, Person


class SealedAddress(models.Model):
    """The whole of an address that is a secret, sealed under its organisation's key. Functions alone read and write it.

    `digest` tells the same address from another one, inside one organisation.
    """

    contact_point = models.OneToOneField(ContactPoint, on_delete=models.CASCADE, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "digest"], name="sealed_address_once")]

    def __str__(self) -> str:
        return f"sealed address {self.pk}"


class ReachPreference(models.Model):
    """What one person wishes; they alone read it. Without a row: as their contacts are ordered, and all that is beside.

    `first` is the kind that is used where one message is enough, '' for the order of the contacts. Of the kinds that
    come beside, those in `beside` are used. Between `quiet_from` and `quiet_until`, in local time, nothing is sent
    about incidents of category `quiet_category` or milder. The database sees to it that none of this keeps an urgent
    message away: `first` cannot be a kind that comes beside, and quiet hours are never for category 1, 2 or not said.
    """

    BESIDE = ("teams", "slack", "push")

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    first = models.TextField(blank=True, default="")
    beside = ArrayField(models.TextField(), default=list)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    quiet_category = models.PositiveSmallIntegerField(default=4)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(first__in=["", "email", "sms"]), name="reach_first"),
            models.CheckConstraint(
                condition=models.Q(beside__contained_by=["teams", "slack", "push"]), name="reach_beside"
            ),
            models.CheckConstraint(condition=models.Q(quiet_category__range=(3, 6)), name="reach_quiet_category"),
        ]

    def __str__(self) -> str:
        return f"wishes of {self.person_id}"
