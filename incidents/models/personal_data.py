"""Personal data in an incident: each organisation's position, private notices, and which outside bodies were told.

Functions of the database alone write these: rows are added, and what was said stays.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from partners.models import Organisation


class SharedWith(models.TextChoices):
    """Who reads what an organisation keeps for itself: nobody else, lead and deputy lead, or all participants."""

    NOBODY = "", "Only your own organisation"
    LEAD = "lead", "The lead and the deputy lead too"
    ALL = "all", "Everybody who takes part"


def _shared(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(shared__in=["", "lead", "all"]), name=name)


class DataPosition(models.Model):
    """One revision of what an organisation says of personal data in an incident. `newest`: the one that counts.

    No row: not yet assessed. `people` and `records`: approximate ranges, not counts. `shared`: of the newest alone.
    """

    class State(models.TextChoices):
        ASSESSING = "assessing", "Assessing"
        NONE = "none", "No personal data"
        PERSONAL = "personal", "Personal data"

    class Range(models.TextChoices):
        UNSAID = "", "Not said"
        UNKNOWN = "unknown", "Not known yet"
        TENS = "1-99", "1 to 99"
        HUNDREDS = "100-999", "100 to 999"
        THOUSANDS = "1000-9999", "1,000 to 9,999"
        TEN_THOUSANDS = "10000-99999", "10,000 to 99,999"
        MORE = "100000+", "100,000 or more"

    class Touched(models.TextChoices):
        CONFIDENTIALITY = "confidentiality", "Confidentiality: somebody may have read or taken it"
        INTEGRITY = "integrity", "Integrity: it may have been changed"
        AVAILABILITY = "availability", "Availability: it cannot be reached, or is lost"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.TextField(choices=State.choices)
    categories = ArrayField(models.TextField(), default=list)  # ids of `personal_data.categories`
    people = models.TextField(choices=Range.choices, blank=True, default="")
    records = models.TextField(choices=Range.choices, blank=True, default="")
    touched = ArrayField(models.TextField(choices=Touched.choices), default=list)
    words = models.TextField(blank=True, default="")
    said_by = models.UUIDField()  # the person, whose name its own organisation alone can read
    at = models.DateTimeField()
    newest = models.BooleanField(default=True)
    shared = models.TextField(choices=SharedWith.choices, blank=True, default="")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["incident", "organisation", "at"], name="data_position_of")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "organisation"], condition=Q(newest=True), name="data_position_newest"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["assessing", "none", "personal"]), name="data_position_state"
            ),
            models.CheckConstraint(condition=~Q(state="personal", categories=[]), name="data_position_categories"),
            _shared("data_position_shared"),
        ]

    def __str__(self) -> str:
        return self.state


class DataNotice(models.Model):
    """What one organisation, which holds data for another, tells it in private: sender and addressee alone read it.

    A correction is a new notice that names the former one. `due_at`: when it should be acknowledged. `reminded`: how
    often the addressee was reminded (1: half of the time is over, 2: it is overdue).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    sender = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    addressee = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    corrects = models.OneToOneField("self", on_delete=models.CASCADE, null=True, related_name="corrected_by")
    about = models.TextField()  # which data
    known = models.TextField()  # what is known of it
    known_since = models.DateTimeField()
    reference = models.TextField(blank=True, default="")  # the sender's own
    sent_by = models.UUIDField()
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField()
    acknowledged_by = models.UUIDField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    reminded = models.PositiveSmallIntegerField(default=0)
    unreached_at = models.DateTimeField(null=True)  # when nobody there had a way that is trusted; null: somebody has
    ring = models.TextField(blank=True, default="", db_default="")  # then: the number of the addressee's duty desk

    class Meta:
        ordering = ["-sent_at", "-id"]
        indexes = [
            models.Index(fields=["incident", "sent_at"], name="data_notice_in"),
            models.Index(fields=["due_at"], name="data_notice_due", condition=Q(acknowledged_at=None, reminded__lt=2)),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(sender=models.F("addressee")), name="data_notice_to_another")
        ]

    def __str__(self) -> str:
        return self.about[:40]


class OutsideReport(models.Model):
    """That an organisation told a body outside: what others read of it where it is shared. No people, no words."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    body = models.TextField()  # an id of `personal_data.bodies`
    body_name = models.TextField(blank=True, default="")  # of a body that stands in no list, in own words
    route = models.TextField(blank=True, default="")
    reference = models.TextField(blank=True, default="")
    told_at = models.DateTimeField()
    written_at = models.DateTimeField()
    shared = models.TextField(choices=SharedWith.choices, blank=True, default="")

    class Meta:
        ordering = ["-told_at", "-id"]
        indexes = [models.Index(fields=["incident", "told_at"], name="outside_report_in")]
        constraints = [_shared("outside_report_shared")]

    def __str__(self) -> str:
        return self.body


class OutsideReportNote(models.Model):
    """Who told it and in which words. Stays at home whatever is shared."""

    report = models.OneToOneField(OutsideReport, on_delete=models.CASCADE, primary_key=True, related_name="note")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Which report this one follows: that there is a first one is for its owner to share, by sharing that.
    follows = models.ForeignKey(OutsideReport, on_delete=models.SET_NULL, null=True, related_name="+")
    told_by = models.TextField()
    words = models.TextField(blank=True, default="")
    written_by = models.UUIDField()

    def __str__(self) -> str:
        return self.told_by
