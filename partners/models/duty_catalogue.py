"""What an organisation has to report, to whom, and how fast: the catalogue from which an incident takes its duties."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models.organisations import Organisation


class DutyEntry(models.Model):
    """One line of an organisation's catalogue. Its own alone to read; `sec.keep_duty_entry` writes it.

    `hours` 0: without undue delay, no number. An incident freezes a copy of what it takes, so a change here never
    moves a clock that exists. Sources of the standard lines: UK GDPR Art 33, DPA 2018 s.67, NIS Regulations 2018 reg
    11, Cyber Security and Resilience Bill (Bill 329 of 2025: not law).
    """

    class Starts(models.TextChoices):
        AWARE = "aware", "When a person says that we are aware"
        REACHED = "reached", "When an incident reaches us"
        NOTICE = "notice", "When somebody gives us notice about our data"

    class Rule(models.TextChoices):
        CLOCK = "clock", "Every hour counts, also nights, weekends and bank holidays"
        WORKING = "working", "Monday to Friday, 9 to 17 local time; bank holidays count as other days"

    class Judge(models.TextChoices):
        DATA_PROTECTION_OFFICER = "data_protection_officer", "Data protection officer"
        INCIDENT_MANAGER = "incident_manager", "Incident manager"
        ADMINISTRATOR = "administrator", "Administrator"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.TextField()
    standard = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=100)
    name = models.TextField()
    source = models.TextField()
    note = models.TextField(blank=True, default="")
    starts = models.TextField(choices=Starts.choices, default=Starts.AWARE)
    hours = models.PositiveIntegerField()
    rule = models.TextField(choices=Rule.choices, default=Rule.CLOCK)
    judge = models.TextField(choices=Judge.choices, default=Judge.DATA_PROTECTION_OFFICER)
    is_on = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "duty entries"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="duty_entry_once"),
            models.CheckConstraint(
                condition=models.Q(starts__in=["aware", "reached", "notice"]), name="duty_entry_starts"
            ),
            models.CheckConstraint(condition=models.Q(rule__in=["clock", "working"]), name="duty_entry_rule"),
            models.CheckConstraint(
                condition=models.Q(judge__in=["data_protection_officer", "incident_manager", "administrator"]),
                name="duty_entry_judge",
            ),
            models.CheckConstraint(condition=models.Q(hours__lte=2160), name="duty_entry_hours"),
        ]

    def __str__(self) -> str:
        return self.key
