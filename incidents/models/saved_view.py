"""A view of the incident list that a person keeps under a name."""

from __future__ import annotations

import uuid

from django.db import models

from partners.models import Organisation, Person

LONGEST_NAME = 60


class SavedView(models.Model):
    """What the list was narrowed to, for one person, whom alone the database lets read it. Empty: not narrowed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.TextField()
    kind = models.TextField(blank=True, default="")
    state = models.TextField(blank=True, default="")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="saved_view_once"),
            models.CheckConstraint(condition=models.Q(name__regex=r"^.{0,59}\S$"), name="saved_view_named"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.person_id}"
