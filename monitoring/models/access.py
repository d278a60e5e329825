"""Whose accounts and machines are, where records of access come from, and what crossed a boundary for the first time.

No line of a log is kept: what stands here is who reached whom for the first time, and on which days since.
"""

from __future__ import annotations

import uuid
from typing import ClassVar, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models import Integration, Organisation, SharedSystem

OUR_KIND = ["organisation", "tenant", "cloud-account", "sid", "issuer", "realm", "domain", "netbios", "host", "app"]
SIGHT_KINDS = ["success", "failure", "admin", "lapsed"]


_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class Told(models.Manager[_Row]):
    """What both sides read. That the one whose log it was only learned is its own to know: no role reads `learned`,
    and `sec.learned_sights` says it of those of which the reader may know."""

    def get_queryset(self) -> models.QuerySet[_Row]:
        return super().get_queryset().defer("learned")


class Identifier(models.Model):
    """A name by which logs know an organisation: a tenant, a domain, a machine. One name is one organisation's.

    `system` is the shared system that a machine or application belongs to; '' of `value` never.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()
    value = models.TextField()  # in small letters
    system = models.ForeignKey(SharedSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    said_for = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "value"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="identifier_once"),
            models.CheckConstraint(condition=models.Q(kind__in=OUR_KIND[1:]), name="identifier_kind"),
            models.CheckConstraint(condition=~models.Q(value=""), name="identifier_value"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Source(models.Model):
    """A log that somebody sends, known to its organisation by `name`. Until `learning_until` its first sights are kept
    and nobody is alerted; `would_alert` counts them. Times are of the records, `received_at` of the sending."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    format = models.TextField()
    made_at = models.DateTimeField()
    learning_until = models.DateTimeField(null=True, blank=True)
    accepted = models.BigIntegerField(default=0, db_default=0)
    duplicates = models.BigIntegerField(default=0, db_default=0)
    rejected = models.BigIntegerField(default=0, db_default=0)
    would_alert = models.BigIntegerField(default=0, db_default=0)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    clock = models.TextField(blank=True, default="", db_default="")  # the last fault of its clock that was mended
    refused_because = models.TextField(blank=True, default="", db_default="")  # the last reason of a rejected line

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="source_once")]

    def __str__(self) -> str:
        return self.name


class Coverage(models.Model):
    """What a source has told of a shared system: sign-ins and privileged acts, how many and when last."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="coverage", db_index=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="+")
    sign_ins = models.BigIntegerField(default=0)
    privileged = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_privileged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "system"], name="coverage_once")]

    def __str__(self) -> str:
        return f"{self.source_id} on {self.system_id}"


class Block(models.Model):
    """A piece of at most 1 MiB of a source that was taken, by its SHA-256: sent again, its lines are duplicates."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", db_index=False)
    sha256 = models.BinaryField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "sha256"], name="block_once")]

    def __str__(self) -> str:
        return bytes(self.sha256).hex()


class Intake(models.Model):
    """A file or body that is being taken, or was. `reached` is the offset behind its last block; `file` where a worker
    finds it ('': whoever takes it has it). `due_at` null: nothing is left to do."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    name = models.TextField()
    format = models.TextField()
    file = models.TextField(blank=True, default="")
    size = models.BigIntegerField(default=0)
    began_at = models.DateTimeField()
    reached = models.BigIntegerField(default=0)
    line = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    first_sights = models.BigIntegerField(default=0)
    rejections = models.JSONField(default=list)  # the first 1,000: {"line", "reason"}
    finished_at = models.DateTimeField(null=True, blank=True)
    failed = models.TextField(blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.TextField(blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-began_at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "-began_at", "-id"], name="intake_newest"),
            models.Index(fields=["due_at"], name="intake_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class Sight(models.Model):
    """The first time that an account of one organisation reached a place of another, and on which days (UTC) since.

    `kind`: a first success, a first failure, a first administrative log-on, or the first use after its permission had
    lapsed (`permission` is that one then; otherwise the one in force that covers it). `place` is the shared system's
    slug, or the machine where none is known. `learned`: while its source was learning. `noted_at`: a finding has it, or
    none is wanted of it. Its keys are not checked by the database: six look-ups a row were much of the cost of an
    ingest, `sec.take_sights` alone writes here, and what they name is never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.TextField()
    account = models.TextField()
    shown = models.TextField()
    account_kind = models.TextField()
    home = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    place = models.TextField()
    system = models.ForeignKey(
        SharedSystem, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    resource = models.TextField()  # the machine or application of the first time
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()  # the first time on the latest of `days`
    days = ArrayField(models.DateField())  # ascending, each once: what is sent again changes nothing
    source = models.ForeignKey(
        Source, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    reporter = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    permission = models.ForeignKey(
        Integration, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    learned = models.BooleanField(default=False)
    noted_at = models.DateTimeField(null=True)

    objects: ClassVar[Told[Sight]] = Told()

    class Meta:
        ordering = ["-first_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "organisation", "place", "home", "kind"], name="sight_once"),
            models.CheckConstraint(condition=models.Q(kind__in=SIGHT_KINDS), name="sight_kind"),
            models.CheckConstraint(condition=~models.Q(home=models.F("organisation")), name="sight_crosses"),
        ]
        indexes = [
            models.Index(fields=["first_at"], name="sight_unnoted", condition=models.Q(noted_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.shown} at {self.place}"


class Passage(models.Model):
    """That a sight's account was there at `at`, while somebody was cut off; `since` is the beginning of that cut or of
    the day, the later of both: of each sight, day and cut one time is kept, however often it is delivered.

    `noted_at`: a finding has it, or none is wanted of it. No organisation reads this: who may know of a cut is told.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sight = models.ForeignKey(Sight, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    at = models.DateTimeField()
    since = models.DateTimeField()
    reporter = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    learned = models.BooleanField(default=False)
    noted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["sight", "since"], name="passage_once")]
        indexes = [models.Index(fields=["at"], name="passage_unnoted", condition=models.Q(noted_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.sight_id} at {self.at}"


class AccessChange(models.Model):
    """An account, group, role, trust, policy or backup that somebody changed on a shared system or across a boundary.

    `home` is the organisation of whoever changed it (null: unknown), `organisation` whose it is that was changed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.TextField()
    outcome = models.TextField()
    account = models.TextField()
    shown = models.TextField()
    target = models.TextField(blank=True)
    home = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.TextField()
    system = models.ForeignKey(SharedSystem, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    source = models.ForeignKey(Source, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    reporter = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    learned = models.BooleanField(default=False)
    noted_at = models.DateTimeField(null=True)

    objects: ClassVar[Told[AccessChange]] = Told()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "place", "action", "outcome", "account", "target", "at"],
                name="access_change_once",
            )
        ]
        indexes = [models.Index(fields=["at"], name="change_unnoted", condition=models.Q(noted_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class AccountAlias(models.Model):
    """Another spelling of an account of `home`, as a record of `organisation`'s own logs proved it."""

    id = models.BigAutoField(primary_key=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    home = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    alias = models.TextField()
    account = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "home", "alias"], name="alias_once")]

    def __str__(self) -> str:
        return self.alias


class Unattributed(models.Model):
    """A name in one's own logs of which nobody knows whose it is, until somebody says so."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField()  # home: an account's; place: a machine's
    kind = models.TextField()
    value = models.TextField()
    example = models.TextField()
    times = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    source = models.ForeignKey(Source, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    set_aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-times", "value"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "side", "kind", "value"], name="unattributed_once"),
            models.CheckConstraint(condition=models.Q(side__in=["home", "place"]), name="unattributed_side"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
