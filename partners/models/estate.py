"""What is shared: systems, who stands on them, and how one leads to another."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.organisations import Organisation, Person


class DataCategory(models.TextChoices):
    """Kinds of data about people that a system may hold; the words of a data protection officer's register."""

    CONTACT = "contact", "Names and addresses"
    IDENTITY = "identity", "Log-ins and passwords"
    FINANCIAL = "financial", "Bank and payment details"
    BENEFITS = "benefits", "Benefits and council tax"
    HOUSING = "housing", "Housing and tenancies"
    HEALTH = "health", "Health"
    SOCIAL_CARE = "social_care", "Social care of adults"
    CHILDREN = "children", "Children and families"
    EDUCATION = "education", "Education"
    ELECTORAL = "electoral", "Electors and candidates"
    CRIMINAL = "criminal", "Offences and enforcement"
    STAFF = "staff", "Staff and pay"
    LOCATION = "location", "Where people are"
    NONE = "none", "No data about people"


class SharedSystem(models.Model):
    """An IT system that more than one organisation stands on, or that leads to one.

    `is_portal` is Bulkhead's own entry, which its operator alone makes. `version` counts every change.
    """

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
    administered_by = models.TextField(blank=True, default="", db_default="")  # who holds its administrator rights
    data_categories = ArrayField(models.TextField(choices=DataCategory.choices), default=list, db_default=[])
    recovery_time_hours = models.PositiveIntegerField(null=True, blank=True)  # back in use after at most so long
    recovery_point_hours = models.PositiveIntegerField(null=True, blank=True)  # at most so much work is lost
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = models.TextField(blank=True, default="", db_default="")
    is_portal = models.BooleanField(default=False, db_default=False)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_portal"], condition=models.Q(is_portal=True), name="one_portal"),
            models.CheckConstraint(
                condition=models.Q(data_categories__contained_by=DataCategory.values), name="system_data_categories"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["live", "retired", "left_connected"]), name="system_status"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Participation(models.Model):
    """An organisation standing on a system: which services, how many people, and what they fall back on.

    `services`, `people_served`, `safety_critical` and `fallback` are what every radius reads. Where there are rows of
    `PublicService` they are their summary, kept by a trigger. Who decides, who stands in and who may order the system's
    isolation are people of the organisation itself; null: unknown. Whoever runs the system adds an organisation, which
    then confirms it or says that it does not stand there; it counts from the start, and until both have said so.
    """

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
    data_categories = ArrayField(models.TextField(choices=DataCategory.choices), default=list, db_default=[])
    decision_owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decision_deputy = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    isolation_orderer = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    denied_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "system"], name="participation_once"),
            models.CheckConstraint(
                condition=models.Q(data_categories__contained_by=DataCategory.values), name="stand_data_categories"
            ),
            models.CheckConstraint(condition=models.Q(status__in=["live", "left_connected"]), name="stand_status"),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=True) | models.Q(denied_at__isnull=True),
                name="stand_one_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} on {self.system_id}"


EDGE_KINDS = [
    "identity_trust",
    "shared_administrators",
    "replication",
    "network_route",
    "hosting",
    "data_feed",
    "unknown",
]


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
        UNKNOWN = "unknown", "Kind not known yet"

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
    tested_by = models.TextField(blank=True, default="", db_default="")  # who tested it: a name and a role, or a firm
    test_method = models.TextField(blank=True, default="", db_default="")  # how
    tested_on = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    cut_source_at = models.DateTimeField(null=True, blank=True)
    cut_target_at = models.DateTimeField(null=True, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        verbose_name_plural = "dependencies"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=EDGE_KINDS),
                name="dependency_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(barrier__in=["none", "claimed", "tested"]), name="dependency_barrier"
            ),
            models.UniqueConstraint(fields=["source", "target", "kind", "label"], name="dependency_once"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="dependency_two_systems"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} leads to {self.target_id}"
