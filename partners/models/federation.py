"""An organisation's own identity provider, and which of its subjects is which person here."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.estate import SharedSystem
from partners.models.organisations import Organisation, Person


class IdentityProvider(models.Model):
    """One organisation's OpenID provider, pinned: the issuer, and the metadata as an administrator accepted it.

    `rides_on` is the shared system that it stands on; in an open incident on that system the passkey comes first.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, primary_key=True, related_name="identity_provider"
    )
    issuer = models.TextField(unique=True)
    client_id = models.TextField()
    client_secret = models.BinaryField(null=True, blank=True)  # sealed; null for a public client
    rides_on = models.ForeignKey(SharedSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    metadata = models.JSONField(default=dict)
    metadata_fingerprint = models.BinaryField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)  # the provider says something else since: an alarm
    keys = models.JSONField(default=dict)  # the key set last read from the pinned address
    keys_read_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(blank=True, default="")  # what the last check found, '' when it answered
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.issuer


class FederatedIdentity(models.Model):
    """Issuer and subject of one person. An address that a provider asserts finds nobody, ever."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="federated_identities")
    issuer = models.TextField()
    subject = models.TextField()
    linked_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="federated_identity_once")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.issuer}"


class OidcFlow(models.Model):
    """A sign-in at a provider that has begun: one browser, ten minutes, one use.

    `browser` is the hash of a cookie that only this browser has; `person` is set when the flow links, and null when it
    signs in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    state = models.BinaryField(unique=True)  # hash
    browser = models.BinaryField()
    nonce = models.TextField()
    verifier = models.TextField()
    goes_to = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"flow at {self.organisation_id}"
