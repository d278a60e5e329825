"""Who answers when: the weekly rota of duty, its exceptions, who is called at night, and who is told alongside."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.organisations import Organisation, Person

ONE_OF_THEM = models.Q(person__isnull=False, contractor__isnull=True) | models.Q(
    person__isnull=True, contractor__isnull=False
)


class Contractor(models.Model):
    """Who answers the telephone out of hours, from outside. `script` is what a caller says to them, word for word."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contractors")
    name = models.TextField()
    number = models.TextField()  # E.164
    hours = models.TextField(blank=True, default="")  # in words; what counts are the lines of the rota
    script = models.TextField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="contractor_once")]

    def __str__(self) -> str:
        return self.name


class DutyShift(models.Model):
    """One line of the weekly pattern, in local time (Europe/London). Of lines that overlap the lowest `order` counts.

    `weekday` is 0 for Monday, of the day on which it begins. When `ends` is not after `starts`, it ends the day after.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="duty_shifts")
    weekday = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    ends = models.TimeField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    contractor = models.ForeignKey(Contractor, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["weekday", "starts", "order"]
        constraints = [
            models.CheckConstraint(condition=models.Q(weekday__range=(0, 6)), name="duty_shift_weekday"),
            models.CheckConstraint(condition=ONE_OF_THEM, name="duty_shift_whose"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts}-{self.ends}"


class DutyOverride(models.Model):
    """An exception from the weekly pattern, from one instant to another. Of two that overlap the later made counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="duty_overrides")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    contractor = models.ForeignKey(Contractor, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True, default="")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="duty_override_ends"),
            models.CheckConstraint(condition=ONE_OF_THEM, name="duty_override_whose"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at} {self.ends_at}"


class ToldAlongside(models.Model):
    """Somebody who is told at opening because of what they are. `severity` null: always; else this category or worse.

    The national categories go from 1, the worst, to 6. An incident without one yet counts as the worst.
    """

    class Role(models.TextChoices):
        DATA_PROTECTION_OFFICER = "data_protection_officer", "Data protection officer"
        RISK_OWNER = "risk_owner", "Senior information risk owner"
        COMMUNICATIONS = "communications", "Communications"
        EMERGENCY_PLANNING = "emergency_planning", "Emergency planning"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="told_alongside")
    role = models.TextField(choices=Role.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    severity = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["role"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "role", "person"], name="told_alongside_once"),
            models.CheckConstraint(
                condition=models.Q(
                    role__in=["data_protection_officer", "risk_owner", "communications", "emergency_planning"]
                ),
                name="told_alongside_role",
            ),
            models.CheckConstraint(
                condition=models.Q(severity__isnull=True) | models.Q(severity__range=(1, 6)),
                name="told_alongside_severity",
            ),
        ]

    def __str__(self) -> str:
        return self.role


class OfflinePack(models.Model):
    """What an organisation needs on paper or on a telephone without network: one page that stands by itself.

    `digest` is over what it was built from; `built_at` is when that last differed, `checked_at` when it was compared.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="+")
    built_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    digest = models.BinaryField()
    page = models.TextField()

    def __str__(self) -> str:
        return f"offline pack of {self.organisation_id}"
