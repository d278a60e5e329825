"""Who takes part: organisations, their people, their keys."""

from __future__ import annotations

import uuid

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Organisation(models.Model):
    """A council, a service provider or a national body: the unit that is kept apart from all others."""

    class Kind(models.TextChoices):
        COUNCIL = "council", "Council"
        PROVIDER = "provider", "Service provider"
        NATIONAL = "national", "National body"

    class Status(models.TextChoices):
        CURRENT = "current", "Current"
        FORMER = "former", "Former"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.TextField()
    name = models.TextField()
    kind = models.TextField(choices=Kind.choices, default=Kind.COUNCIL)
    status = models.TextField(choices=Status.choices, default=Status.CURRENT)
    left_on = models.DateField(null=True, blank=True)
    people_served = models.PositiveIntegerField(null=True, blank=True)
    mail_domains = ArrayField(models.TextField(), default=list, blank=True)
    # The agreed order in which organisations take over the lead of an incident; null is not in it.
    succession = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="organisation_slug"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["council", "provider", "national"]), name="organisation_kind"
            ),
            models.CheckConstraint(condition=models.Q(status__in=["current", "former"]), name="organisation_status"),
        ]

    def __str__(self) -> str:
        return self.name


class PersonManager(models.Manager["Person"]):
    def get_by_natural_key(self, email: str) -> Person:
        return self.get(email__iexact=email)


class Person(AbstractBaseUser):
    """A user of the portal; belongs to exactly one organisation. The password hash stands in `Credential`."""

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator", "Administrator"
        INCIDENT_MANAGER = "incident_manager", "Incident manager"
        RESPONDER = "responder", "Responder"
        APPROVER = "approver", "Approver"
        DATA_PROTECTION_OFFICER = "data_protection_officer", "Data protection officer"
        OBSERVER = "observer", "Observer"
        SERVICE_ACCOUNT = "service_account", "Service account"
        GUEST = "guest", "Guest"

    class GuestKind(models.TextChoices):
        NATIONAL_CENTRE = "national_centre", "National centre"
        POLICE = "police", "Police"
        REGULATOR = "regulator", "Regulator"
        RESPONDER = "responder", "Incident response firm"
        INSURER = "insurer", "Insurer"
        LAWYER = "lawyer", "Lawyer"

    password = None  # type: ignore[assignment]  # stands in a table that only the door reads
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    name = models.TextField()
    email = models.EmailField()  # a name to sign in with at one's own organisation, never proof of anything
    role = models.TextField(choices=Role.choices, default=Role.RESPONDER)
    duty = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    # Kept in a safe for the day when nothing else works; each use tells the organisation, each drill is dated.
    break_glass = models.BooleanField(default=False)
    drilled_at = models.DateTimeField(null=True, blank=True)
    drill_until = models.DateTimeField(null=True, blank=True)  # a drill was announced: a use until then counts as one
    guest_kind = models.TextField(choices=GuestKind.choices, blank=True, default="", db_default="")  # of guests alone
    access_ends_at = models.DateTimeField(null=True, blank=True)  # guests and emergency enrolments

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "email"], name="person_email_once"),
            models.CheckConstraint(
                condition=~models.Q(role="guest") | models.Q(access_ends_at__isnull=False), name="guest_ends"
            ),
            models.CheckConstraint(
                condition=models.Q(break_glass=False) | models.Q(role="administrator"), name="break_glass_administers"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def by_emergency(self) -> bool:
        """Let in by emergency enrolment (`sec.emergency_enrol`): own tasks for eight hours, however they sign in."""
        return self.email.startswith("emergency-") and self.email.endswith(".invalid")

    def get_session_auth_hash(self) -> str:
        """Changes with the password, so that other sessions end; read at the door."""
        return credential_fingerprint(self)

    def check_password(self, raw_password: str | None) -> bool:
        return _credential(self).matches(raw_password or "")

    def set_password(self, raw_password: str | None) -> None:
        _credential(self).set(raw_password)

    def set_unusable_password(self) -> None:
        _credential(self).set(None)

    def has_usable_password(self) -> bool:
        return _credential(self).is_usable()


def _credential(person: Person):  # type: ignore[no-untyped-def]
    from partners.models.door import Credential  # noqa: PLC0415 - door.py names Person

    return Credential.of(person)


def credential_fingerprint(person: Person) -> str:
    return _credential(person).fingerprint()


class ApiKey(models.Model):
    """A machine's right to speak for one organisation. The secret's hash stands in `ApiKeySecret`.

    `service_account` is the person row that stands for the machine, null when nobody named one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="api_keys")
    label = models.TextField()
    service_account = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="api_keys"
    )
    scopes = ArrayField(models.TextField())
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
