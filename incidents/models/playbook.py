"""Plans agreed beforehand: CACAO documents, and the steps that the portal reads out of them."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Playbook(models.Model):
    """One version of a CACAO 2.0 playbook. Version is (`cacao_id`, `modified`); a later edit is another row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.TextField()
    name = models.TextField()
    description = models.TextField(blank=True, default="")
    cacao_id = models.TextField()
    version = models.TextField()
    created_by_organisation_id = models.UUIDField()
    imported_at = models.DateTimeField()  # by the database's clock, whatever is given
    document = models.JSONField()
    digest = models.BinaryField()
    warnings = models.JSONField(default=list)
    blockers = models.JSONField(default=list)  # why it cannot be run yet: [{"pointer", "detail"}]
    calls = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))  # CACAO ids it runs within
    # As the document says: it is not to be signed or run when it is revoked, before or after its days.
    revoked = models.BooleanField(default=False, db_default=False)
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    # The transaction that kept it, set by the database: its steps come in the same one. NULL: kept before that was so.
    kept_in = models.BigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [models.UniqueConstraint(fields=["cacao_id", "version"], name="playbook_version")]
        indexes = [models.Index(fields=["slug", "version"], name="playbook_slug")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Step(models.Model):
    """One action step of a playbook, as each organisation will read it.

    `answers`: what whoever completes it must say, `[{"name", "kind", "words", "deciding"}]`; a deciding one goes to the
    lead, because a condition of the plan asks about it. `audience` is one of those below, or `organisation:SLUG`.
    """

    class Audience(models.TextChoices):
        ALL = "all", "Everybody who takes part"
        EACH = "each", "Each council"
        COUNCILS = "councils", "Councils"
        PROVIDER = "provider", "The provider"
        LEAD = "lead", "The lead"
        DEPUTY_LEAD = "deputy_lead", "The deputy lead"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="steps", db_index=False)
    cacao_step_id = models.TextField()
    position = models.PositiveSmallIntegerField()
    title = models.TextField()
    short_title = models.TextField(blank=True, default="", db_default="")  # heads the column on the board
    audience = models.TextField()
    acknowledge_minutes = models.PositiveIntegerField()
    finish_minutes = models.PositiveIntegerField()
    containing = models.BooleanField(default=False)
    confirmed_by_council = models.BooleanField(default=False)
    join = models.TextField(default="all")  # `incidents.cacao.extension.Join`
    do_this = models.TextField()
    why = models.TextField(blank=True, default="")
    who = models.TextField(blank=True, default="")
    stops = models.TextField(blank=True, default="")
    worked = models.TextField(blank=True, default="")
    undo = models.TextField(blank=True, default="")
    cannot = models.TextField(blank=True, default="")
    evidence = models.TextField(blank=True, default="", db_default="")  # what to keep as proof
    typed_confirmation = models.BooleanField(default=False, db_default=False)  # see `Details`
    d3fend = models.JSONField(default=list)  # [{"id", "name"}]
    instructions = models.JSONField(default=list)
    after = ArrayField(models.TextField(), default=list)  # CACAO step ids that must be settled before this is ready
    certain = models.BooleanField(
        default=True, db_default=True
    )  # comes without a decision: its tasks stand from opening
    at_opening = models.BooleanField(default=False, db_default=False)  # nothing comes before it: ready at once
    answers = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))  # out_args, see below

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["playbook", "position"], name="step_position"),
            models.CheckConstraint(
                condition=models.Q(audience__in=["all", "each", "councils", "provider", "lead", "deputy_lead"])
                | models.Q(audience__regex=r"^organisation:[a-z0-9-]{1,64}$"),
                name="step_audience",
            ),
        ]

    def __str__(self) -> str:
        return self.title
