"""What people sign in with: passkeys, one-time codes from an app, recovery codes. Only the door reads the secrets."""

from __future__ import annotations

import hashlib
import uuid

from django.db import models

from partners.models.estate import SharedSystem
from partners.models.organisations import Organisation, Person


class Authenticator(models.Model):
    """A passkey, or an app that shows one-time codes (TOTP, RFC 6238).

    `rides_on` is the shared system without which it cannot be used (a managed laptop that logs in to the directory),
    `rides_on_words` anything else that it needs (an account that passkeys are copied through); both empty means that
    it rides on nothing shared, once its owner has said so. The organisation sees everything but the key material, which
    stays at the door.
    """

    class Kind(models.TextChoices):
        PASSKEY = "passkey", "Passkey"
        TOTP = "totp", "Codes from an app"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="authenticators")
    kind = models.TextField(choices=Kind.choices)
    label = models.TextField()
    rides_on = models.ForeignKey(SharedSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rides_on_words = models.TextField(blank=True, default="")
    # When its owner said what it rides on; until then nobody knows, and it does not count as riding on nothing.
    described_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    # Of a passkey (WebAuthn level 2): its id, its public key as COSE, the signature counter, the model of the device.
    credential_id = models.BinaryField(null=True, blank=True, unique=True)
    public_key = models.BinaryField(null=True, blank=True)
    sign_count = models.BigIntegerField(default=0)
    aaguid = models.UUIDField(null=True, blank=True)
    backed_up = models.BooleanField(default=False)  # a copy lives in somebody's cloud account
    # Of an app: the sealed seed (`portal.vault`), and the last step that was accepted, so that no code works twice.
    secret = models.BinaryField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="passkey", credential_id__isnull=False, public_key__isnull=False)
                | models.Q(kind="totp", secret__isnull=False),
                name="authenticator_whole",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_described(self) -> bool:
        """Whether it is known what it rides on: its owner said so, or it was seen when it was made (a copied one)."""
        return bool(self.described_at or self.rides_on_id or self.rides_on_words)


class RecoveryCode(models.Model):
    """One of ten codes for the day when every device is gone; 120 random bits, so that a plain hash is enough.

    Source: ASVS 5.0, 6.5.2.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"recovery code of {self.person_id}"

    @staticmethod
    def digest_of(code: str) -> bytes:
        """Of the code as typed: spaces, hyphens and case do not count."""
        return hashlib.sha256("".join(code.upper().replace("-", " ").split()).encode()).digest()
