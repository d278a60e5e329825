"""What only `portal_auth` may read: password hashes, key hashes, one-time links."""

from __future__ import annotations

import hashlib
import uuid

from django.conf import settings
from django.contrib.auth.hashers import check_password, is_password_usable, make_password
from django.db import models
from django.utils.crypto import salted_hmac

from partners.models.organisations import ApiKey, Person


class Credential(models.Model):
    """A person's password hash. No row means that the person has no password."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    password = models.CharField(max_length=256)

    def __str__(self) -> str:
        return f"credential of {self.person_id}"

    @classmethod
    def of(cls, person: Person) -> Credential:
        """The stored credential, or an unsaved one that refuses every password."""
        return cls.objects.filter(person_id=person.pk).first() or cls(person_id=person.pk, password=make_password(None))

    def matches(self, raw: str) -> bool:
        return check_password(raw, self.password, setter=self.set)

    def set(self, raw: str | None) -> None:
        self.password = make_password(raw)
        Credential.objects.update_or_create(person_id=self.person_id, defaults={"password": self.password})

    def is_usable(self) -> bool:
        return is_password_usable(self.password)

    def fingerprint(self) -> str:
        stored = self.password if self.is_usable() else f"none:{self.person_id}"
        return salted_hmac("bulkhead.credential", stored, algorithm="sha256").hexdigest()


class ApiKeySecret(models.Model):
    """SHA-256 of a key's 256-bit secret; a plain hash is enough at that length (ASVS 5.0, 6.5.2)."""

    key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="secret")
    digest = models.BinaryField()

    def __str__(self) -> str:
        return f"secret of {self.key_id}"

    @staticmethod
    def digest_of(secret: str) -> bytes:
        return hashlib.sha256(secret.encode()).digest()


class SignInLink(models.Model):
    """A link or a spoken code that lets one person in once. Only its hash is stored; opening it changes nothing,
    pressing does. Outside the demonstration it leads to setting up a passkey and to nothing else."""

    class Purpose(models.TextChoices):
        ENROLMENT = "enrolment", "First enrolment"
        DEMONSTRATION = "demonstration", "Demonstration"
        EMERGENCY = "emergency", "Emergency enrolment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    purpose = models.TextField(choices=Purpose.choices, default=Purpose.ENROLMENT)
    digest = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link for {self.person_id}"
