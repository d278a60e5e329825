"""Who is signed in where, and for how long an organisation allows it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from partners.models.organisations import Organisation, Person


class SignInPolicy(models.Model):
    """An organisation's own rules for signing in. No row means the defaults of the fields."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="policy")
    idle_minutes = models.PositiveIntegerField(default=60, validators=[MinValueValidator(5), MaxValueValidator(720)])
    absolute_hours = models.PositiveIntegerField(default=12, validators=[MinValueValidator(1), MaxValueValidator(24)])
    allow_password = models.BooleanField(default=True)  # always together with a code; never alone

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(idle_minutes__range=(5, 720)), name="policy_idle"),
            models.CheckConstraint(condition=models.Q(absolute_hours__range=(1, 24)), name="policy_absolute"),
        ]

    def __str__(self) -> str:
        return f"policy of {self.organisation_id}"

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def absolute(self) -> timedelta:
        return timedelta(hours=self.absolute_hours)


class PersonSession(models.Model):
    """One signed-in browser of one person. `ended_at` null means that it may still be used, within its limits.

    The ticket of the session carries this id, so that ending it here ends it in the database and on its sockets.
    """

    class Born(models.TextChoices):
        PASSKEY = "passkey", "with a passkey"
        PASSWORD = "password", "with a password and a code"
        PROVIDER = "provider", "through the organisation's own sign-in"
        RECOVERY = "recovery", "with a recovery code"
        LINK = "link", "by an enrolment link"
        DEMONSTRATION = "demonstration", "by a link of the demonstration"
        BREAK_GLASS = "break_glass", "with a break-glass account"
        EMERGENCY = "emergency", "by emergency enrolment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sessions")
    born = models.TextField(choices=Born.choices)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # the absolute limit
    narrowed_at = models.DateTimeField(null=True, blank=True)  # past a limit, kept for own tasks of an open incident
    second_factor_at = models.DateTimeField(null=True, blank=True)  # null: nothing but setting one up is allowed
    browser = models.TextField(blank=True, default="")
    address = models.GenericIPAddressField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-last_seen_at"]
        indexes = [models.Index(fields=["person", "ended_at"], name="session_of_person")]

    def __str__(self) -> str:
        return f"session of {self.person_id}"


class Attempts(models.Model):
    """How often something was tried within a window: what slows a guesser down. The key is a hash, never an address."""

    key = models.BinaryField(primary_key=True)
    count = models.PositiveIntegerField()
    window_ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["window_ends_at"], name="attempts_lapsed")]

    def __str__(self) -> str:
        return f"{self.count} attempts"
