"""What an organisation shares with a guest of an incident."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from partners.models import Organisation, Person


class GuestGrant(models.Model):
    """What one guest may read of one incident, of the organisation that let it in: each kind was chosen.

    Written by functions of the database alone. It ends at `ends_at`, 14 days at most, or at once when it is ended; a
    longer time is a new row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="guest_grants", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guest_grants")
    tasks = models.BooleanField()  # the own side and its tasks
    updates = models.BooleanField()  # what the lead told everybody
    duties = models.BooleanField()  # the own legal deadlines
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tasks=True) | Q(updates=True) | Q(duties=True), name="guest_grant_shares_something"
            ),
            models.UniqueConstraint(
                fields=["incident", "person"], condition=Q(ended_at=None), name="guest_grant_in_force_once"
            ),
        ]

    def __str__(self) -> str:
        return f"grant of {self.incident_id} to {self.person_id}"
