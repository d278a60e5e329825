"""Documented permissions for one organisation to reach another's resources: what was said, and who agreed to it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as lazy

from partners.models.approvals import Approval
from partners.models.estate import Dependency
from partners.models.organisations import Organisation, Person


class Integration(models.Model):
    """A permission of `grantor` for `grantee`; pages call it a permission. It excuses nothing and shortens no radius.

    What it says stands in its versions. `latest` is the newest, `permitted` the one that both sides approved last
    (null: none yet). It is in force while the permitted one is within its dates and nobody has ended it; that is
    worked out from the dates each time (`partners.permissions`). `lapsed_at` is when its end was written down.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    grantor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    grantee = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    latest = models.PositiveIntegerField()
    permitted = models.PositiveIntegerField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.UUIDField(null=True, blank=True)
    ended_by_name = models.TextField(blank=True, default="")
    ended_for = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(grantor=models.F("grantee")), name="integration_two_organisations"
            ),
            models.CheckConstraint(
                condition=models.Q(permitted__isnull=True) | models.Q(permitted__lte=models.F("latest")),
                name="integration_permitted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grantee_id} may reach {self.grantor_id}"


class IntegrationVersion(models.Model):
    """What a permission says, once. It is never changed: a change is a new version, that both sides approve again.

    Each side names its owner (`grantor_owner`, `grantee_owner`), a person of its own; null until then. `system_ids`
    are the grantor's systems that are reached, `from_system_id` the grantee's that it comes from. The kill-switch
    contact is for the two organisations alone. Either it was `permitted`, or `refused`, or it waits, or a newer one
    has taken its place.
    """

    class Direction(models.TextChoices):
        TO_GRANTOR = "to_grantor", lazy("Data goes to the organisation that permits")
        TO_GRANTEE = "to_grantee", lazy("Data goes to the organisation that is let in")
        BOTH = "both", lazy("Data goes both ways")

    class DataClass(models.TextChoices):
        NONE = "no_personal", lazy("No personal data")
        PERSONAL = "personal", lazy("Personal data")
        SPECIAL = "special_category", lazy("Special category data, such as health")  # UK GDPR article 9
        CRIMINAL = "criminal_offence", lazy("Criminal offence data")  # UK GDPR article 10
        PAYMENT = "payment", lazy("Payment and bank data")
        SECRETS = "secrets", lazy("Passwords, keys or backups that hold them")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    name = models.TextField()
    purpose = models.TextField()
    direction = models.TextField(choices=Direction.choices)
    data_classes = ArrayField(models.TextField(choices=DataClass.choices))
    accounts = ArrayField(models.TextField())  # patterns: see `partners.account_patterns`
    resources = models.TextField(blank=True, default="")  # which host, share or interface, in words
    system_ids = ArrayField(models.UUIDField(), default=list)
    from_system_id = models.UUIDField(null=True, blank=True)
    starts_on = models.DateField()
    review_on = models.DateField()
    expires_on = models.DateField()  # the last day on which it is in force
    grantor_owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    grantor_owner_name = models.TextField(blank=True, default="")
    grantee_owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    grantee_owner_name = models.TextField(blank=True, default="")
    complete_at = models.DateTimeField(null=True, blank=True)  # both owners are named: it can be approved
    kill_switch_name = models.TextField()
    kill_switch_how = models.TextField()
    # The link from `from_system_id` to the systems is written into the register as a fact when both approve.
    link_kind = models.TextField(blank=True, default="", choices=[("", ""), *Dependency.Kind.choices])
    proposed_at = models.DateTimeField()
    proposed_by = models.UUIDField(null=True, blank=True)  # null: a key
    proposed_by_name = models.TextField(blank=True, default="")
    proposed_for = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    permitted_at = models.DateTimeField(null=True, blank=True)
    approval = models.ForeignKey(Approval, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    grantor_approved_by = models.TextField(blank=True, default="")
    grantee_approved_by = models.TextField(blank=True, default="")
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_by_name = models.TextField(blank=True, default="")
    refused_for = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    refused_because = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["integration", "number"], name="integration_version_once"),
            models.CheckConstraint(
                condition=models.Q(starts_on__lte=models.F("expires_on"))
                & models.Q(review_on__lte=models.F("expires_on")),
                name="integration_version_dates",
            ),
            models.CheckConstraint(
                condition=models.Q(permitted_at__isnull=True)
                | (
                    models.Q(refused_at__isnull=True)
                    & ~models.Q(grantor_approved_by="")
                    & ~models.Q(grantee_approved_by="")
                ),
                name="integration_version_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.number}"
