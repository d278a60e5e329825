"""What of the participants of an incident is not trusted, as everybody in it must know: lines for pages, and marks on
what was written while somebody else may have been writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.mail_marks import in_force
from portal.pages import local_time
from portal.postgres.prepared import prepared_cursor

SENTENCES = {
    1: lazy(
        "The sign-in of %(name)s is not trusted since %(time)s: somebody else may have acted in its people's names."
    ),
    2: lazy("The mail of %(name)s is not trusted since %(time)s: open no link or file from it, and ring instead."),
    3: lazy("%(name)s sees only its own tasks since %(time)s: what you write here does not reach it, so ring."),
    4: lazy("%(name)s is cut off since %(time)s: its tasks are answered by telephone."),
}
SHORT = {1: lazy("sign-in not trusted"), 2: lazy("mail not trusted"), 3: lazy("own tasks only"), 4: lazy("cut off")}


class Suspicion(NamedTuple):
    """One step of isolation of a participant; `lifted_at` None means in force. `suspected_from` None: nobody said."""

    organisation_id: UUID
    step: int
    started_at: datetime
    suspected_from: datetime | None
    lifted_at: datetime | None


def suspicions_in(incident_id: UUID) -> list[Suspicion]:
    """The steps against participants, those that were lifted since the incident opened too. One query."""
    with prepared_cursor() as cursor:
        cursor.execute("SELECT * FROM sec.not_trusted(%s)", [incident_id])
        return [Suspicion(*row) for row in cursor.fetchall()]


def suspicions_of(incident_ids: Sequence[UUID]) -> dict[UUID, list[Suspicion]]:
    """The same for several incidents in one query; a guest gets those of whoever wrote what it may read."""
    found: dict[UUID, list[Suspicion]] = {each: [] for each in incident_ids}
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i, n.* FROM unnest(%s::uuid[]) i CROSS JOIN LATERAL sec.not_trusted(i) n", [list(incident_ids)]
        )
        for incident_id, *row in cursor.fetchall():
            found[incident_id].append(Suspicion(*row))
    return found


def mail_lines(names: Mapping[UUID, str]) -> list[str]:
    """A sentence for each mark on mail of these organisations; step 2 of an isolation has its own. Two queries."""
    said = []
    for mark in in_force():
        if mark.organisation_id in names and mark.until is not None:
            words = _(
                "Mail of %(what)s is not to be trusted, from %(since)s on: open no link or file, and ring instead."
            )
            words %= {"what": mark.what, "since": local_time(mark.suspected_from, "%-d %b %H:%M")}
            said.append(words if mark.for_all else f"{words} {_('Your own mark; nobody else sees it.')}")
    return said


def lines_of(found: Sequence[Suspicion], names: Mapping[UUID, str]) -> list[str]:
    """A sentence for each step in force; the most far-reaching one of an organisation first."""
    return [
        str(SENTENCES[each.step]) % {"name": names[each.organisation_id], "time": local_time(each.started_at)}
        for each in sorted(found, key=lambda each: (names.get(each.organisation_id, ""), -each.step))
        if each.lifted_at is None and each.organisation_id in names
    ]


def short_of(found: Sequence[Suspicion], organisation_id: UUID) -> str:
    """The steps in force against one organisation, in a few words; '' when there is none."""
    steps = sorted({each.step for each in found if each.organisation_id == organisation_id and each.lifted_at is None})
    return ", ".join(str(SHORT[step]) for step in reversed(steps))


def suspected_since(found: Sequence[Suspicion], organisation_id: UUID | None, at: datetime) -> datetime | None:
    """Since when the organisation was suspected when it wrote something at `at`; None when it was not."""
    since = [
        each.suspected_from
        for each in found
        if each.organisation_id == organisation_id
        and each.suspected_from is not None
        and each.suspected_from <= at
        and (each.lifted_at is None or at < each.lifted_at)
    ]
    return min(since, default=None)


def mark_of(found: Sequence[Suspicion], organisation_id: UUID | None, at: datetime, names: Mapping[UUID, str]) -> str:
    """What stands beside something that was written: '' or since when its writer may have been somebody else."""
    since = suspected_since(found, organisation_id, at)
    if since is None or organisation_id is None:
        return ""
    name = names.get(organisation_id, "")
    return _("written after %(time)s, when %(name)s may have been compromised") % {
        "time": local_time(since),
        "name": name,
    }
