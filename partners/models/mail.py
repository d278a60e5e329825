"""Mail that is not to be trusted: marks on mail domains, and the notices to staff that were issued about them."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models.approvals import Approval, Isolation
from partners.models.organisations import Organisation


class MailDistrust(models.Model):
    """One mark on a mail domain. Functions alone write it; it is in force until `until`, unless it is lifted before.

    `for_all`: nobody's messages go to addresses there, and everybody is told not to trust mail from there. Otherwise it
    holds for the organisation that marked it alone, and no other knows of it. A domain covers what is under it, but not
    what another organisation registered there. Step 2 of an isolation is a mark too: `isolation` is set, `until` is
    null, and `domain` is empty when the organisation has registered none: all of its own mailboxes.

    `suspected_from` is since when the mail may be somebody else's, `marked_at` since when the mark holds. `audience`
    are the organisations that may read reason, names and incident; of a mark for all the rest know the fact alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    domain = models.TextField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")  # whose domain it is
    for_all = models.BooleanField()
    reason = models.TextField()
    suspected_from = models.DateTimeField()
    marked_by = models.UUIDField()
    marked_by_name = models.TextField()
    marked_by_organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_name = models.TextField(blank=True, default="")
    incident_id = models.UUIDField(null=True, blank=True)
    incident_reference = models.TextField(blank=True, default="")
    approval = models.ForeignKey(Approval, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    isolation = models.ForeignKey(Isolation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    audience = ArrayField(models.UUIDField())

    class Meta:
        ordering = ["-marked_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(isolation__isnull=False) | (models.Q(until__isnull=False) & ~models.Q(domain="")),
                name="mail_distrust_ends",
            )
        ]
        indexes = [models.Index(fields=["domain"], name="mail_distrust_open", condition=models.Q(lifted_at=None))]

    def __str__(self) -> str:
        return f"mail of {self.domain or self.organisation_id}"


class MailNotice(models.Model):
    """That an organisation told its own staff of a mark: the words as they went out, when, by whom, to how many.

    `people` is what whoever issued it typed in. It is sent outside Bulkhead; this is the record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mark = models.ForeignKey(MailDistrust, on_delete=models.PROTECT, related_name="notices")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    people = models.PositiveIntegerField()
    issued_by = models.UUIDField()
    issued_by_name = models.TextField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return f"notice of {self.issued_at}"
