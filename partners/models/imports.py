"""Files of rows on their way into the register: what was sent, how it is read, and what would become of each row."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.organisations import Organisation


class Import(models.Model):
    """One file of one organisation. Its rows are deleted 30 days later; what came of it stays."""

    class Kind(models.TextChoices):
        SYSTEMS = "systems", "Systems"
        COMPONENTS = "components", "Components"
        PARTICIPATIONS = "participations", "Who stands on a system"
        SERVICES = "services", "Services"
        DEPENDENCIES = "dependencies", "Links"

    class State(models.TextChoices):
        MATCHING = "matching", "Columns to match"
        CHECKING = "checking", "Dry run under way"
        CHECKED = "checked", "Dry run done"
        WRITTEN = "written", "Written"
        FAILED = "failed", "Dry run failed"
        DISCARDED = "discarded", "Thrown away"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField(choices=Kind.choices)
    state = models.TextField(choices=State.choices, default=State.MATCHING)
    file_name = models.TextField(blank=True, default="")
    read_as = models.TextField()  # in words: "CSV, separated by semicolon, UTF-8"
    headers = ArrayField(models.TextField())
    mapping = models.JSONField(default=dict)  # our field -> number of its column, from 0
    row_count = models.PositiveIntegerField()
    checked_count = models.PositiveIntegerField(default=0)  # how far the dry run has come
    counts = models.JSONField(default=dict)  # fate -> how many rows; of the whole dry run
    uploaded_at = models.DateTimeField()
    uploaded_by = models.UUIDField(null=True)  # null: a key
    checked_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)
    written_by = models.UUIDField(null=True)
    written_count = models.PositiveIntegerField(default=0)
    emptied_at = models.DateTimeField(null=True)  # when its rows were deleted

    class Meta:
        ordering = ["-uploaded_at"]
        indexes = [models.Index(fields=["organisation", "-uploaded_at"], name="import_of")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["systems", "components", "participations", "services", "dependencies"]),
                name="import_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["matching", "checking", "checked", "written", "failed", "discarded"]),
                name="import_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.organisation_id}"


class ImportRow(models.Model):
    """One row of a file: its cells as they came, and what the dry run says of it.

    `number` is its row in a spreadsheet. `key` is what makes it the same object as another row. `changes` are
    `{field: [from, to]}`, `troubles` `[{"field", "words"}]`, `values` what would be written.
    """

    class Fate(models.TextChoices):
        NONE = "", "Not looked at yet"
        ADDED = "added", "Would be added"
        CHANGED = "changed", "Would be changed"
        UNCHANGED = "unchanged", "Unchanged"
        REFUSED = "refused", "Refused"
        DUPLICATE = "duplicate", "Stands in the file twice"

    id = models.BigAutoField(primary_key=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    cells = models.JSONField()
    trouble = models.TextField(blank=True, default="")  # why the row cannot be read at all
    fate = models.TextField(choices=Fate.choices, blank=True, default="")
    key = models.TextField(blank=True, default="")
    duplicate_of = models.PositiveIntegerField(null=True)
    object_id = models.UUIDField(null=True)
    changes = models.JSONField(default=dict)
    troubles = models.JSONField(default=list)
    values = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        indexes = [
            models.Index(fields=["file", "fate", "number"], name="import_fates"),
            models.Index(fields=["file", "key"], name="import_keys"),
        ]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="import_row_once")]

    def __str__(self) -> str:
        return f"row {self.number} of {self.file_id}"


class ImportJob(models.Model):
    """A dry run that is to be done; a queue row without substance. `due_at` null: done."""

    file = models.OneToOneField(Import, on_delete=models.CASCADE, primary_key=True, related_name="job")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.TextField(blank=True, default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="import_due")]

    def __str__(self) -> str:
        return f"dry run of {self.file_id}"


class ImportMapping(models.Model):
    """How an organisation matched the columns of such a file the last time. `columns` are our field -> header."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField()
    digest = models.TextField()  # of the set of headers
    columns = models.JSONField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "digest"], name="import_mapping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.organisation_id}"
