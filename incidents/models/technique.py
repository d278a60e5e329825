"""ATT&CK techniques on an incident: supposed, seen by whom, ruled out. Functions alone write these."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.incident import Incident
from partners.models import Organisation


class IncidentTechnique(models.Model):
    """One technique of MITRE ATT&CK on an incident, as every participant sees it: its state, and at how many seen.

    `attack_version`: of the facts by which it was put here. `seen_count`: organisations whose word that they saw it is
    in force; above 0 exactly when the state is observed.
    """

    class State(models.TextChoices):
        HYPOTHESISED = "hypothesised", "Supposed"
        OBSERVED = "observed", "Seen"
        RULED_OUT = "ruled_out", "Ruled out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="on_techniques", db_index=False)
    technique = models.TextField()
    attack_version = models.TextField()
    state = models.TextField(choices=State.choices)
    seen_count = models.PositiveSmallIntegerField(default=0)
    put_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["technique"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "technique"], name="incident_technique_once"),
            models.CheckConstraint(
                condition=models.Q(technique__regex=r"^T[0-9]{4}(\.[0-9]{3})?$"), name="incident_technique_id"
            ),
            models.CheckConstraint(
                condition=models.Q(state="observed", seen_count__gt=0)
                | models.Q(state__in=["hypothesised", "ruled_out"], seen_count=0),
                name="incident_technique_seen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.technique}: {self.state}"


class TechniqueSaying(models.Model):
    """One thing that somebody said of a technique; rows are added, and none is taken away.

    Of lead and deputy (`hypothesised`, `ruled_out`) every participant reads it; what an organisation saw or takes back
    is for itself and the overseers. `set_aside`: the lead does so with the words of `about`, which is cut off. `words`:
    why; of what was seen they stand in `TechniqueEvidence`. `in_force`: it was seen, and that was not taken back or
    set aside.
    """

    class Said(models.TextChoices):
        HYPOTHESISED = "hypothesised", "Supposed"
        RULED_OUT = "ruled_out", "Ruled out"
        OBSERVED = "observed", "Seen"
        WITHDRAWN = "withdrawn", "Taken back"
        SET_ASIDE = "set_aside", "Set aside"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", db_index=False)
    subject = models.ForeignKey(IncidentTechnique, on_delete=models.CASCADE, related_name="sayings", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    about = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    said = models.TextField(choices=Said.choices)
    words = models.TextField(blank=True, default="")
    said_by = models.UUIDField(null=True)  # the person, whose name its own organisation alone can read; None: a key
    at = models.DateTimeField()
    in_force = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["subject", "at"], name="technique_saying_of"),
            models.Index(fields=["incident", "at"], name="technique_saying_in"),
        ]

    def __str__(self) -> str:
        return self.said


class TechniqueEvidence(models.Model):
    """What an organisation saw, in its own words. Stays at home until it is shared with the overseers, once for all."""

    saying = models.OneToOneField(TechniqueSaying, on_delete=models.CASCADE, primary_key=True, related_name="evidence")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    shared_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.text[:40]
