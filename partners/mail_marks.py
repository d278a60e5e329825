"""Which mail is not to be trusted, as the organisation of the open scope may know it. The database has the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _

from partners.models import Organisation
from portal.pages import local_time
from portal.postgres.prepared import prepared_cursor
from portal.reasons import reason

NOT_USED = reason("The mail of %(name)s is marked as not trusted.")
WARNING = timedelta(days=1)  # how long before its end a mark is spoken of, and for how long after it


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
    marked_by_slug: str = ""

    @property
    def what(self) -> str:
        """The mail that is meant, for a sentence."""
        if self.domain:
            return _("%(name)s (%(domain)s)") % {"name": self.name, "domain": self.domain}
        return self.name

    @property
    def why_not_used(self) -> str:
        """Why an address is gone round, as it is kept with the message that was not sent."""
        return NOT_USED % {"name": self.name}


def marks() -> list[Mark]:
    """Every mark for all and one's own, in force or ended within a month, the newest first. Two queries."""
    with prepared_cursor() as cursor:
        cursor.execute("SELECT * FROM sec.mail_distrust()")
        found = cursor.fetchall()
    if not found:
        return []
    known = {pk: (name, slug) for pk, name, slug in Organisation.objects.values_list("pk", "name", "slug")}
    named = []
    for mark in (Mark(*row) for row in found):
        (name, slug), by = known[mark.organisation_id], mark.marked_by_organisation_id
        marked_by, marked_by_slug = known[by] if by else ("", "")
        named.append(replace(mark, name=name, slug=slug, marked_by=marked_by, marked_by_slug=marked_by_slug))
    return named


def ending(found: list[Mark], *, me: UUID, now: datetime) -> list[str]:
    """Sentences on marks that end within a day, or ended within one: one's own, and those on one's mail."""
    said = []
    for mark in found:
        if mark.until is None or mark.lifted_at is not None or not (mark.mine or mark.organisation_id == me):
            continue
        words = {"what": mark.what, "until": local_time(mark.until, "%-d %b %H:%M")}
        if mark.in_force and mark.until - now <= WARNING:
            said.append(_("The mark on mail of %(what)s ends on %(until)s, unless it is renewed.") % words)
        elif not mark.in_force and now - mark.until <= WARNING:
            said.append(_("The mark on mail of %(what)s ended on %(until)s: messages go there again.") % words)
    return said


def in_force() -> list[Mark]:
    return [mark for mark in marks() if mark.in_force]


def not_used() -> dict[UUID, UUID]:
    """One's own contact points whose address a mark keeps from being used: the mark of each."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT contact_point_id, mark_id FROM sec.contacts_not_used()")
        return dict(cursor.fetchall())
