"""Playbooks that an organisation is writing. Nobody else reads them before they are published."""

from __future__ import annotations

import uuid

from django.db import models

from incidents.models.playbook import Playbook
from partners.models import Organisation


class PlaybookDraft(models.Model):
    """One draft. `content` is an outline (`incidents.writing.outline.as_json`); `version` grows with every save.

    Whoever saves says which version it was made from, so that two editors do not overwrite each other. `based_on` is
    the kept version that it began from, null for a new one. Publishing keeps the playbook and removes the draft.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    content = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    based_on = models.ForeignKey(Playbook, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    changed_by_id = models.UUIDField(null=True)  # a person of the organisation

    class Meta:
        ordering = ["-changed_at", "id"]

    def __str__(self) -> str:
        return self.name


class StopConfirmation(models.Model):
    """What an organisation typed before it said that a step is done which stops a service of its own. Stays at home."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey("incidents.Task", on_delete=models.CASCADE, related_name="stop_confirmations")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    words = models.TextField()
    at = models.DateTimeField()
    by_id = models.UUIDField(null=True)  # the person or key

    def __str__(self) -> str:
        return self.words
