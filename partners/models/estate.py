"""What is shared: systems, who stands on them, and how one leads to another."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.organisations import Organisation


class SharedSystem(models.Model):
    """An IT system that more than one organisation stands on, or that leads to one."""

    class Status(models.TextChoices):
        LIVE = "live", "Live"
        RETIRED = "retired", "Retired"
        LEFT_CONNECTED = "left_connected", "Left but still connected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.TextField(unique=True)
    name = models.TextField()
    spoken = models.TextField(blank=True, default="")  # the name inside a sentence, article included
    description = models.TextField(blank=True, default="")
    provider = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="systems_provided"
    )
    owner = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="systems_owned"
    )
    hosting = models.TextField(blank=True, default="")
    status = models.TextField(choices=Status.choices, default=Status.LIVE)
    safety_critical = models.BooleanField(default=False)
    people_dependent = models.PositiveIntegerField(null=True, blank=True)
    cut_stops = models.TextField(blank=True, default="")  # what stops for people when it is taken off
    account_realms = ArrayField(models.TextField(), default=list)  # "ashbourne" in svc-backup@ashbourne

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Participation(models.Model):
    """An organisation standing on a system: which services, how many people, and what they fall back on."""

    class Status(models.TextChoices):
        LIVE = "live", "Live"
        LEFT_CONNECTED = "left_connected", "Left but still connected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="participations", db_index=False
    )
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="participations")
    services = ArrayField(models.TextField(), default=list)
    people_served = models.PositiveIntegerField(null=True, blank=True)
    safety_critical = models.BooleanField(default=False)
    fallback = models.TextField(null=True, blank=True)  # noqa: DJ001 - null means that none is recorded
    status = models.TextField(choices=Status.choices, default=Status.LIVE)
    left_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "system"], name="participation_once")]

    def __str__(self) -> str:
        return f"{self.organisation_id} on {self.system_id}"


class Dependency(models.Model):
    """One system that leads to another, in the direction an intruder would walk.

    It counts until both ends say that it is cut; a barrier stops it only when it was tested and is in date.
    """

    class Kind(models.TextChoices):
        IDENTITY_TRUST = "identity_trust", "Directory trust"
        SHARED_ADMINISTRATORS = "shared_administrators", "Shared administrators"
        REPLICATION = "replication", "Replication"
        NETWORK_ROUTE = "network_route", "Network route"
        HOSTING = "hosting", "Hosting"
        DATA_FEED = "data_feed", "Data feed"

    class Barrier(models.TextChoices):
        NONE = "none", "No barrier recorded"
        CLAIMED = "claimed", "Barrier claimed, not tested"
        TESTED = "tested", "Barrier tested"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="leads_to", db_index=False)
    target = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="led_to_by")
    kind = models.TextField(choices=Kind.choices)
    label = models.TextField(blank=True, default="")
    phrase = models.TextField(blank=True, default="")  # how the target depends on `{source}`, in words
    stops = models.TextField(blank=True, default="")  # what stops when it is cut, in words
    carries = models.BooleanField(default=False)  # the target cannot work without it
    group = models.TextField(blank=True, default="")
    barrier = models.TextField(choices=Barrier.choices, default=Barrier.NONE)
    tested_on = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    cut_source_at = models.DateTimeField(null=True, blank=True)
    cut_target_at = models.DateTimeField(null=True, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind", "label"], name="dependency_once"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="dependency_two_systems"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} leads to {self.target_id}"
