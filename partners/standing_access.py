"""A provider's standing access into a council: who writes it, what is flagged, what is due to be attested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from partners import approvals, chores, work
from partners.models import Dependency, StandingAccess
from partners.permissions import today

TOO_LONG = timedelta(days=90)  # unused, or attested so long ago, is flagged
WORK = "standing-access"  # one work item a council
Answer = StandingAccess.Answer
SAYS: dict[str, Any] = {
    "": lazy("not attested yet"),
    Answer.NEEDED: lazy("still needed"),
    Answer.REMOVE: lazy("asked to be removed"),
    Answer.NOT_OURS: lazy("says: not ours"),
}


def quarter_start(day: date) -> date:
    """The first day of the calendar quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def is_due(line: StandingAccess, day: date) -> bool:
    """Whether the council has said nothing of it in this calendar quarter, as it is now."""
    return line.answered_at is None or line.answered_at.date() < quarter_start(day)


def flags(line: StandingAccess, day: date) -> list[str]:
    """What is wrong with a line on a day, in words; [] when nothing is."""
    found = []
    if line.answered_at is None:
        found.append(_("never reviewed as it is now"))
    elif day - line.answered_at.date() > TOO_LONG:
        found.append(_("not attested for %(n)s days") % {"n": (day - line.answered_at.date()).days})
    if line.last_used_on is None:
        found.append(_("nobody knows when it was last used"))
    elif day - line.last_used_on > TOO_LONG:
        found.append(_("unused for %(n)s days") % {"n": (day - line.last_used_on).days})
    if line.answer in {Answer.REMOVE, Answer.NOT_OURS}:
        found.append(_("the council does not want it"))
    return found


def lines_of(*, council: UUID | None = None, provider: UUID | None = None) -> QuerySet[StandingAccess]:
    """Access that is there now and that the open scope may see: into a council, or of a provider."""
    lines = StandingAccess.objects.filter(removed_at=None).select_related("provider", "council")
    if council is not None:
        lines = lines.filter(council_id=council)
    if provider is not None:
        lines = lines.filter(provider_id=provider)
    return lines.order_by("council__name", "provider__name", "name")


def links_of(line: StandingAccess) -> QuerySet[Dependency]:
    """The links that this access opens, as far as the open scope may see them."""
    opened = Q(pk__in=line.links)
    if line.link_group:
        opened |= Q(group=line.link_group)
    return Dependency.objects.filter(opened)


def system_names() -> dict[UUID, str]:
    """Names of the systems that the lines of the open scope name."""
    return {pk: name for pk, _slug, name in _systems()}


def system_slugs() -> dict[UUID, str]:
    """The same by slug."""
    return {pk: slug for pk, slug, _name in _systems()}


def _systems() -> list[tuple[UUID, str, str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id, slug, name FROM sec.access_systems()")
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Line:
    """What a provider writes of one account or group. `last_used_on` None: nobody knows."""

    name: str
    kind: str
    rights: str
    privileged: bool
    why: str
    approved_by: str
    approved_on: date | None
    systems: tuple[UUID, ...]
    link_group: str
    links: tuple[UUID, ...]
    last_used_on: date | None


def keep(said: Line, *, line: StandingAccess | None = None, council: UUID | None = None, read: int = 0) -> UUID:
    """Write a line of one's own access into `council`, or change `line` as it was `read` (its version).

    Any change but of the last use takes the council's answer back. Needs a fresh passkey.

    Raises:
        approvals.NotAllowed: no incident manager, not one's own line, something one cannot name, or changed meanwhile.
    """
    document = orjson.dumps({name: getattr(said, name) for name in Line.__slots__}).decode()
    pk = line.pk if line else None
    return approvals.call("SELECT sec.keep_access(%s, %s, %s, %s::jsonb)", [pk, read, council, document])


def remove(line: StandingAccess) -> None:
    """Say that the access is taken away: the line leaves every list and stays as history. Needs a fresh passkey.

    Raises:
        approvals.NotAllowed: see `keep`.
    """
    approvals.call("SELECT sec.remove_access(%s)", [line.pk])


@dataclass(frozen=True, slots=True)
class Said:
    """A council's answer on one line, as it was `read` (its version)."""

    line: UUID
    read: int
    answer: str
    note: str = ""


def attest(answers: Sequence[Said], *, me: UUID) -> int:
    """Say what holds of lines of access into one's own organisation; how many are still due. All or none.

    Raises:
        approvals.NotAllowed: the role may not, no fresh passkey, not one's own, or a line was changed meanwhile.
    """
    columns = [list(each) for each in zip(*((s.line, s.read, s.answer, s.note) for s in answers), strict=True)]
    approvals.call("SELECT sec.attest_access(%s::uuid[], %s::int[], %s::text[], %s::text[])", columns)
    return see_to_it(lines_of(council=me), today())


def see_to_it(lines: Iterable[StandingAccess], day: date) -> int:
    """Raise, bring up to date or clear the council's one work item; how many lines are due. In the council's scope."""
    due = sum(1 for line in lines if is_due(line, day))
    if not due:
        work.clear(WORK)
        return 0
    title = ngettext("Attest %(n)s line of standing access", "Attest %(n)s lines of standing access", due)
    detail = _("Who of your provider can be in your systems at any time? Say of each line whether it is still needed.")
    work.raise_own("standing_access", WORK, title % {"n": due}, detail=detail, page="/access/")
    return due


def do(now: datetime) -> None:
    """The council's chore: every day, because new lines come in; of every quarter, each line once."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.me()")
        me = cursor.fetchone()[0]
    see_to_it(lines_of(council=me), now.date())


CHORE = chores.register(chores.Chore("standing-access", do))
