"""Which mail is not to be trusted, as the organisation of the open scope may know it. The database has the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _

from partners.models import Organisation


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark on a mail domain; see `MailDistrust`. `in_force` is by the database's time.

    `told` False: the reader knows the fact alone, and reason, names and incident are empty. `domain` is empty for every
    mailbox of an organisation that has registered none. `marked_by` is whose mark it is, '' when that is not for the
    reader; a person's name is there for the marks of one's own.
    """

    id: UUID
    domain: str
    organisation_id: UUID
    for_all: bool
    mine: bool
    in_force: bool
    suspected_from: datetime
    marked_at: datetime
    renewed_at: datetime | None
    until: datetime | None
    lifted_at: datetime | None
    told: bool
    reason: str
    marked_by_name: str
    marked_by_organisation_id: UUID | None
    incident_reference: str
    isolation_id: UUID | None
    by_two: bool
    name: str = ""  # of the organisation
    slug: str = ""
    marked_by: str = ""

    @property
    def what(self) -> str:
        """The mail that is meant, for a sentence."""
        if self.domain:
            return _("%(name)s (%(domain)s)") % {"name": self.name, "domain": self.domain}
        return self.name

    @property
    def why_not_used(self) -> str:
        """Why an address is gone round, as it is kept with the message that was not sent."""
        return _("The mail of %(name)s is marked as not trusted.") % {"name": self.name}


def marks() -> list[Mark]:
    """Every mark for all and one's own, in force or ended within a month, the newest first. Two queries."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.mail_distrust()")
        found = cursor.fetchall()
    if not found:
        return []
    known = {pk: (name, slug) for pk, name, slug in Organisation.objects.values_list("pk", "name", "slug")}
    return [
        replace(
            Mark(*row), name=known[row[2]][0], slug=known[row[2]][1], marked_by=known[row[14]][0] if row[14] else ""
        )
        for row in found
    ]


def in_force() -> list[Mark]:
    return [mark for mark in marks() if mark.in_force]


def not_used() -> dict[UUID, UUID]:
    """One's own contact points whose address a mark keeps from being used: the mark of each."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT contact_point_id, mark_id FROM sec.contacts_not_used()")
        return dict(cursor.fetchall())
