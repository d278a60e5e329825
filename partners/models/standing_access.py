"""What a provider can do inside a council at any time, and what the council says of it every quarter."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as lazy

from partners.models.organisations import Organisation


class StandingAccess(models.Model):
    """One account or group of `provider` that is good inside `council` without anybody asking.

    The provider writes what it has and when it was last used (`last_used_on` null: nobody knows). What the council
    said of it last stands in `answer`, '' before it has said anything or since the provider changed what it is.
    `links` are links of the register that it opens, beside those of the group `link_group`. Once removed, it stays as
    history.
    """

    class Kind(models.TextChoices):
        GROUP = "group", lazy("Group")
        ACCOUNT = "account", lazy("Account")

    class Answer(models.TextChoices):
        NEEDED = "needed", lazy("Still needed")
        REMOVE = "remove", lazy("Remove it")
        NOT_OURS = "not_ours", lazy("Not ours")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    council = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    kind = models.TextField(choices=Kind.choices)
    rights = models.TextField()
    privileged = models.BooleanField(default=False)
    why = models.TextField()
    approved_by = models.TextField(blank=True, default="")  # name and role, '' when nobody knows
    approved_on = models.DateField(null=True, blank=True)
    system_ids = ArrayField(models.UUIDField(), default=list)
    link_group = models.TextField(blank=True, default="")
    links = ArrayField(models.UUIDField(), default=list)
    last_used_on = models.DateField(null=True, blank=True)
    added_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)  # of what it is; an answer is of one version
    answer = models.TextField(choices=[("", ""), *Answer.choices], blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_note = models.TextField(blank=True, default="")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "council", "name"],
                condition=models.Q(removed_at=None),
                name="standing_access_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(provider=models.F("council")), name="standing_access_two_organisations"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Attestation(models.Model):
    """What a person of the council said of one line of standing access, for the council alone to read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    access = models.ForeignKey(StandingAccess, on_delete=models.PROTECT, related_name="attestations", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    answer = models.TextField(choices=StandingAccess.Answer.choices)
    note = models.TextField(blank=True, default="")
    said_by = models.UUIDField(null=True, blank=True)  # null: loaded with the register
    said_by_name = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["access", "-at"], name="attestation_of")]

    def __str__(self) -> str:
        return f"{self.answer}, {self.said_by_name}"
