"""Advisories of feeds and files, the systems that they expose, and what was decided about it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models import Organisation, Person, SharedSystem
from portal import clock


class Kind(models.TextChoices):
    """Kinds of documents, as a person calls them."""

    KEV = "kev", "CISA known exploited vulnerabilities"
    CSAF = "csaf", "CSAF"
    OSV = "osv", "OSV"
    NVD = "nvd", "NVD"
    STIX = "stix", "STIX"


SEVERITIES = ["", "low", "medium", "high", "critical"]


class AdvisoryFeed(models.Model):
    """An address that is asked for advisories. `failing_since` null: the last answer was good, or none came yet.

    What the last good answer held stays in force while it fails. `etag` and `last_modified` go back with the next
    question, so that an unchanged answer is not sent again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.TextField(unique=True)
    name = models.TextField()
    kind = models.TextField(choices=Kind.choices)
    url = models.TextField()
    every_minutes = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    etag = models.TextField(blank=True, default="", db_default="")
    last_modified = models.TextField(blank=True, default="", db_default="")
    checked_at = models.DateTimeField(null=True)
    good_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    trouble = models.TextField(blank=True, default="", db_default="")
    due_at = models.DateTimeField(default=clock.now)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="feed_kind"),
            models.CheckConstraint(condition=models.Q(url__startswith="https://"), name="feed_url"),
            models.CheckConstraint(condition=models.Q(every_minutes__gte=15), name="feed_pace"),
        ]

    def __str__(self) -> str:
        return self.name


class AdvisoryAlias(models.Model):
    """Another name of a maker, a product or an organisation. `name` is folded (`monitoring.advisories.keys`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.TextField()
    also = models.TextField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name", "also"], name="advisory_alias_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.also}"


class Advisory(models.Model):
    """A document in its newest version. Without `organisation` it came by a feed or the operator's command.

    Rows are written by functions of the database. One that is not clear (TLP) is read by the organisation that brought
    it and matched with its systems alone. `matched_at` null: it is still to be matched.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    feed = models.ForeignKey(AdvisoryFeed, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.TextField(choices=Kind.choices)
    namespace = models.TextField()
    ident = models.TextField()
    version = models.TextField(blank=True, default="")
    title = models.TextField()
    summary = models.TextField(blank=True, default="")
    url = models.TextField(blank=True, default="")
    tlp = models.TextField(blank=True, default="")
    is_clear = models.BooleanField(default=True)
    severity = models.TextField(blank=True, default="")
    aliases = ArrayField(models.TextField(), default=list)
    issues = models.JSONField(default=list)
    digest = models.BinaryField()
    published_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    loaded_at = models.DateTimeField(default=clock.now)
    matched_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-modified_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "source", "namespace", "ident"], name="advisory_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(source__in=Kind.values), name="advisory_source"),
            models.CheckConstraint(condition=models.Q(severity__in=SEVERITIES), name="advisory_severity"),
            models.CheckConstraint(
                condition=models.Q(is_clear=True) | models.Q(organisation__isnull=False), name="advisory_owned"
            ),
        ]
        indexes = [
            models.Index(fields=["matched_at"], condition=models.Q(matched_at__isnull=True), name="advisory_due"),
            models.Index(fields=["-modified_at", "id"], name="advisory_newest"),
        ]

    def __str__(self) -> str:
        return self.ident


class AdvisoryKey(models.Model):
    """One key under which an advisory is found, for one of its labels. Functions alone read it."""

    advisory = models.ForeignKey(Advisory, on_delete=models.CASCADE, related_name="+", db_index=False)
    label = models.TextField()
    key = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["advisory", "label", "key"], name="advisory_key_once")]
        indexes = [
            models.Index(fields=["key", "label"], name="advisory_key"),
            models.Index(fields=["label"], name="advisory_label"),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.key}"


class WatchedKey(models.Model):
    """One key under which a component is found, or without `component_id` the organisations behind the system."""

    system = models.ForeignKey(SharedSystem, on_delete=models.CASCADE, related_name="+", db_index=False)
    component_id = models.UUIDField(null=True)
    key = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["system", "component_id", "key"], name="watched_key_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["key"], name="watched_key")]

    def __str__(self) -> str:
        return self.key


class MatchDue(models.Model):
    """A system whose entry has changed, so that it is to be matched again. Triggers add it, the job takes it."""

    system = models.OneToOneField(SharedSystem, on_delete=models.CASCADE, primary_key=True, related_name="+")
    due_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.system_id)


class Exposure(models.Model):
    """A system that a vulnerability concerns, or may concern: one row for all documents that say so.

    Whoever owns or provides the system reads it; with `confined_to` that organisation alone, which brought a document
    that is not clear. `component_id` is a key of the register that may be gone by now; null: it is the organisation
    behind the system that a document names. `due_on` is proposed by the portal until somebody decides.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RETRACTED = "retracted", "Retracted"

    class Certainty(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        ASK = "ask", "Version unknown"
        POSSIBLE = "possible", "Possible"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(SharedSystem, on_delete=models.PROTECT, related_name="+", db_index=False)
    component_id = models.UUIDField(null=True)
    confined_to = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    label = models.TextField()
    title = models.TextField()
    about = models.TextField()  # the component, or the organisation, in words
    installed = models.TextField(blank=True, default="")
    state = models.TextField(choices=State.choices, default=State.OPEN)
    certainty = models.TextField(choices=Certainty.choices)
    severity = models.TextField(blank=True, default="")
    exploited = models.BooleanField(default=False)
    ransomware = models.BooleanField(default=False)
    shared_by = models.PositiveIntegerField(default=0)
    priority = models.PositiveIntegerField(default=0)
    action = models.TextField(blank=True, default="")
    due_on = models.DateField()
    found_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    retracted_at = models.DateTimeField(null=True)
    retracted_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-priority", "due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "component_id", "label", "confined_to"], name="exposure_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(severity__in=SEVERITIES), name="exposure_severity"),
            models.CheckConstraint(
                condition=models.Q(state="open", retracted_at__isnull=True)
                | models.Q(state="retracted", retracted_at__isnull=False),
                name="exposure_state",
            ),
            models.CheckConstraint(
                condition=models.Q(certainty__in=["confirmed", "ask", "possible"]), name="exposure_certainty"
            ),
        ]
        indexes = [
            models.Index(fields=["system", "state"], name="exposure_of"),
            models.Index(fields=["label"], name="exposure_label"),
        ]

    def __str__(self) -> str:
        return f"{self.label} in {self.about}"


class ExposureSource(models.Model):
    """What one document says of it: the evidence, with the rule, the document's version and what was installed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    exposure = models.ForeignKey(Exposure, on_delete=models.PROTECT, related_name="sources", db_index=False)
    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="+")
    verdict = models.TextField()
    rule = models.TextField(blank=True, default="")
    record_version = models.TextField(blank=True, default="")
    installed = models.TextField(blank=True, default="")
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["said_at", "id"]
        constraints = [models.UniqueConstraint(fields=["exposure", "advisory"], name="exposure_source_once")]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.rule}"


class ExposureDecision(models.Model):
    """What the system's owner or provider decided, and who sees to it. The last row counts; none is ever changed."""

    class Choice(models.TextChoices):
        PATCH = "patch", "Patch"
        MITIGATE = "mitigate", "Mitigate"
        ACCEPT = "accept", "Accept"
        NOT_US = "not_us", "It is not our product or version"
        REOPEN = "reopen", "Open again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    exposure = models.ForeignKey(Exposure, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    person_name = models.TextField()  # for the other of the two, who does not read people
    choice = models.TextField(choices=Choice.choices)
    responsible = models.TextField(blank=True, default="")
    until_on = models.DateField(null=True)  # due, or how long it is accepted
    reason = models.TextField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["exposure", "-at"], name="exposure_decided")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(choice__in=["patch", "mitigate", "accept", "not_us", "reopen"]),
                name="exposure_choice",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="exposure_reason"),
            models.CheckConstraint(
                condition=models.Q(choice__in=["not_us", "reopen"]) | models.Q(until_on__isnull=False),
                name="exposure_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.choice} by {self.organisation_id}"
