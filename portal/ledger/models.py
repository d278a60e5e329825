"""The ledger: one append-only row for everything that happens, sealed at commit."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Event(models.Model):
    """One thing that happened: who did it, to what, and which organisations may see it.

    `pos`, `text`, `leaf` and `nonce` are given by the seal at commit; null means that the transaction is still open.
    A person is named by id only: the name is looked up by a reader who may see it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField()
    at = models.DateTimeField()
    actor_organisation_id = models.UUIDField(null=True)
    actor_kind = models.TextField()
    actor_person_id = models.UUIDField(null=True)
    actor_key_id = models.UUIDField(null=True)
    incident_id = models.UUIDField(null=True)
    incident_reference = models.TextField(default="", blank=True)
    subject_id = models.UUIDField(null=True)
    audience = ArrayField(models.UUIDField())
    data = models.JSONField(default=dict)
    pos = models.BigIntegerField(null=True, editable=False)
    text = models.TextField(null=True, editable=False)  # noqa: DJ001 - null means not sealed yet
    leaf = models.BinaryField(null=True, editable=False)
    nonce = models.BinaryField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(actor_kind__in=["person", "key", "system"]), name="event_actor"),
            models.UniqueConstraint(fields=["pos"], name="event_pos"),
        ]
        indexes = [
            models.Index(fields=["incident_id", "pos"], name="event_incident"),
            models.Index(fields=["id"], name="event_unsealed", condition=models.Q(pos__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.incident_reference}".strip()


class StreamEntry(models.Model):
    """One event in one organisation's stream; `seq` is dense from 1 and its order is the order of commits."""

    pk = models.CompositePrimaryKey("organisation_id", "seq")
    organisation_id = models.UUIDField()
    seq = models.BigIntegerField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, db_index=False, related_name="+")

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.seq}"


class Head(models.Model):
    """The last global position, and the epoch that changes when the database is restored. One row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    pos = models.BigIntegerField(default=0)
    epoch = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.pos)


class OrganisationHead(models.Model):
    """The last number of one organisation's stream."""

    organisation_id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.seq}"
