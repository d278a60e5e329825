"""Signatures of playbooks, the keys that organisations make them with, and whose keys are trusted."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from incidents.models.playbook import Playbook
from partners.models import Approval, Organisation


class SigningKey(models.Model):
    """A key that an organisation signs playbooks with: the public half. At most one of an organisation is in use.

    `public_key` is the base64 of its DER (PEM without its first and last line), `thumbprint` the SHA-256 of the DER in
    lower-case hexadecimal. Written by `sec.make_signing_key` and `sec.retire_signing_key` alone.
    """

    class Algorithm(models.TextChoices):
        ED25519 = "Ed25519", "Ed25519"
        ES256 = "ES256", "ES256 (P-256)"
        RS256 = "RS256", "RS256 (RSA, 3,072 bits)"

    class Ended(models.TextChoices):
        REPLACED = "replaced", "Replaced by a new one"
        RETIRED = "retired", "No longer used"
        EXPOSED = "exposed", "No longer secret"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    algorithm = models.TextField(choices=Algorithm.choices)
    public_key = models.TextField()
    thumbprint = models.TextField()
    made_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)  # last; others learn of the key once it was used
    ended_at = models.DateTimeField(null=True, blank=True)
    ended = models.TextField(choices=Ended.choices, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(ended_at=None), name="signing_key_in_use_once"
            ),
            models.CheckConstraint(
                condition=models.Q(algorithm__in=["Ed25519", "ES256", "RS256"]), name="signing_key_algorithm"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended="")
                | models.Q(ended_at__isnull=False, ended__in=["replaced", "retired", "exposed"]),
                name="signing_key_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.thumbprint[:16]}"


class SigningSecret(models.Model):
    """The private half, sealed (`docs/secrets.md`). Gone when its key is not in use any more.

    No role reads it: `sec.use_signing_key` hands it out once for each signature, and records that.
    """

    key = models.OneToOneField(SigningKey, primary_key=True, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"private half of {self.key_id}"


class PlaybookSignature(models.Model):
    """One signature of a playbook's version: as it came, or made here with the key of `organisation` (`key`).

    Nothing says here whether it is right: that is worked out from the document each time it is shown. `position` keeps
    the order within what came together.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="signatures", db_index=False)
    signature_id = models.TextField()  # jss--…
    document = models.JSONField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")  # who brought it in
    key = models.ForeignKey(SigningKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(db_default=Now())
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    takes_back = models.BooleanField(default=False, db_default=False)  # a later form: `incidents.kept_signatures`

    class Meta:
        ordering = ["added_at", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["playbook", "signature_id", "takes_back"], name="playbook_signature_once"),
        ]

    def __str__(self) -> str:
        return self.signature_id


class TrustedKey(models.Model):
    """A key on the trust list: a right signature by it counts as `owner`'s.

    For whoever added it alone, or `for_all`, which a second organisation (`vouched_by`) approved. `owner_organisation`
    is set when the owner takes part here. Written by `sec.trust_key` and `sec.distrust_key` alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.TextField()
    owner_organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    public_key = models.TextField()
    thumbprint = models.TextField()
    reason = models.TextField()
    for_all = models.BooleanField()
    added_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    vouched_by = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey(Approval, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.TextField(blank=True, default="", db_default="")
    ended_by = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["owner", "-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["thumbprint"],
                condition=models.Q(for_all=True, ended_at=None),
                name="trusted_key_for_all_once",
            ),
            models.UniqueConstraint(
                fields=["added_by", "thumbprint"],
                condition=models.Q(for_all=False, ended_at=None),
                name="trusted_key_for_one_once",
            ),
            models.CheckConstraint(
                condition=models.Q(for_all=False, approval=None, vouched_by=None)
                | models.Q(for_all=True, approval__isnull=False, vouched_by__isnull=False)
                & ~models.Q(vouched_by=models.F("added_by")),
                name="trusted_key_two_organisations",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner}: {self.thumbprint[:16]}"
