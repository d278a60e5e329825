"""Planned work: announcing it, saying how it goes on, answering it. Functions of the database check and write all.

Nothing here opens an incident, and nothing of an incident reads it but one line on the board (`beside`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson
import psycopg
from django.db import connections
from django.db.models import F, Q, QuerySet

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import Incident, PlannedSide, PlannedWork
from incidents.references import new_reference
from incidents.register import estate_of
from incidents.stopping import Stopped, stopped
from partners import approvals
from partners.models import SharedSystem
from portal import clock

OPEN = (PlannedWork.Status.ANNOUNCED, PlannedWork.Status.RUNNING)
LONGEST_REASON = 500  # signs; a chain of links may be longer in words
FORGOTTEN_AFTER = timedelta(days=1)  # after its end, when it was never said to have begun


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is said when work is announced. `once` is made with the form: sent twice, it is one announcement."""

    title: str
    systems: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    stops: str
    ask: str
    fallback: str = ""
    once: UUID | None = None


def may_be_worked_on(me: UUID) -> QuerySet[SharedSystem]:
    """The systems that an organisation hosts or administers."""
    return SharedSystem.objects.filter(Q(provider_id=me) | Q(owner_id=me))


def reached_by(systems: Sequence[str], *, me: UUID) -> list[Stopped]:
    """Whom work on these systems (slugs) would stop something for. Writes nothing but the record of a wide read.

    Raises:
        Invalid: none is named, or one is unknown to the caller.
        NotYours: one that somebody else hosts and administers, or no role to announce.
    """
    starts = [system.pk for system in _own(systems, me=me)]
    try:
        document = approvals.call("SELECT sec.planned_estate(%s::uuid[])::text", [starts])
    except approvals.NotAllowed as refused:
        raise NotYours(str(refused)) from refused
    return stopped(estate_of(orjson.loads(document)), starts, apart_from=me)


def announce(said: Announcement, *, me: UUID) -> PlannedWork:
    """Announce the work to everybody whom it stops something for. Messages are planned after the commit.

    Raises:
        Invalid: something is not said, the times do not fit, or too much was announced today; see also `reached_by`.
        NotYours: see `reached_by`.
    """
    _check(said)
    reached = reached_by(said.systems, me=me)
    starts = [system.pk for system in _own(said.systems, me=me)]
    try:
        reference = _announced(said, starts, reached)
    except approvals.NotAllowed as refused:
        if missing_right(refused):
            raise NotYours(str(refused)) from refused
        raise Invalid([Fault("/planned", str(refused))]) from refused
    return PlannedWork.objects.get(reference=reference)


def _announced(said: Announcement, starts: Sequence[UUID], reached: Sequence[Stopped]) -> str:
    reasons = {str(each.organisation): each.because[:LONGEST_REASON] for each in reached}
    return approvals.call(
        "SELECT sec.announce_planned(%s, %s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s::jsonb)",
        [
            said.once or uuid4(), new_reference("PLN"), said.title, said.stops, said.fallback, said.ask, said.starts_at,
            said.ends_at, starts, orjson.dumps(reasons).decode(),
        ],
    )  # fmt: skip


def move(
    work: PlannedWork, *, act: str, words: str = "", starts_at: datetime | None = None, ends_at: datetime | None = None
) -> bool:
    """Say how it goes on (`PlannedChange.What`); whether anything changed.

    Raises:
        NotYours: announced by somebody else, or no role to say it.
        WrongMoment: no such arrow now, no reason given, or times that do not fit.
    """
    with _as_ours():
        return approvals.call("SELECT sec.move_planned(%s, %s, %s, %s, %s)", [work.pk, act, words, starts_at, ends_at])


def answer(work: PlannedWork, *, say: str, why: str = "", seen: int | None = None) -> bool:
    """Say for one's own organisation that it knows, or objects and why; whether anything changed.

    `seen`: the window whose times were looked at; None: that of `work` as it was read.

    Raises:
        NotYours: not reached, or no role to answer.
        WrongMoment: the work is over or was moved since it was seen, or an objection has no reason.
    """
    with _as_ours():
        return approvals.call(
            "SELECT sec.answer_planned(%s, %s, %s, %s)", [work.pk, say, why, work.window if seen is None else seen]
        )


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused


def told(work: PlannedWork) -> dict[UUID, str]:
    """For whoever announced it: `told`, `waiting`, `failed` or `unneeded` by organisation, of the newest message."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT organisation_id, word FROM sec.planned_told(%s)", [work.pk])
        return dict(cursor.fetchall())


def answer_key(side: PlannedSide, work: PlannedWork, now: datetime) -> str:
    """What an organisation says: `known`, `objects`, `old` (of other times), `waiting`, or `silent`, not confirmed."""
    if side.answer == PlannedSide.Answer.OBJECTS:
        return "objects"
    if side.answer == PlannedSide.Answer.KNOWN:
        return "known" if side.answered_window == work.window else "old"
    return "silent" if now >= work.confirm_by else "waiting"


def to_answer(me: UUID) -> list[PlannedSide]:
    """One's own sides of work that is not over and that nobody here has answered for its present times, newest first.

    Work that nobody said to have begun leaves a day after its end.
    """
    sides = PlannedSide.objects.filter(organisation_id=me, work__status__in=OPEN).exclude(
        work__status=PlannedWork.Status.ANNOUNCED, work__ends_at__lt=clock.now() - FORGOTTEN_AFTER
    )
    unanswered = sides.exclude(answered_window=F("work__window"))
    return list(unanswered.select_related("work__announced_by").order_by("-work__announced_at", "id")[:20])


def beside(incident: Incident, *, now: datetime) -> list[PlannedWork]:
    """Work on a system that the incident names, while both last, as far as the reader may know of it.

    An intruder may hide behind work that everybody expects: the board names it, and nothing is taken for explained.
    """
    on = PlannedWork.objects.filter(systems__system_id__in=incident.systems.values("system_id"))
    meets = Q(status=PlannedWork.Status.RUNNING) | Q(
        status=PlannedWork.Status.ANNOUNCED, starts_at__lte=now, ends_at__gte=now - FORGOTTEN_AFTER
    )
    over = Q(status=PlannedWork.Status.FINISHED, ended_at__gte=incident.opened_at, started_at__lte=incident.opened_at)
    return list(on.filter(meets | over).select_related("announced_by").distinct())


def _own(slugs: Collection[str], *, me: UUID) -> list[SharedSystem]:
    if not slugs:
        raise Invalid([Fault("/systems", "Name at least one system that you host or administer.")])
    seen = {
        system.slug: system
        for system in SharedSystem.objects.filter(slug__in=slugs).select_related("provider", "owner")
    }
    faults = [
        Fault(f"/systems/{nth}", "No system of this name that you host or administer.")
        for nth, slug in enumerate(slugs)
        if slug not in seen
    ]
    if faults:
        raise Invalid(faults)
    for system in seen.values():
        if me not in {system.provider_id, system.owner_id}:
            who = [each.name for each in (system.provider, system.owner) if each is not None]
            ask = f" Ask {' or '.join(who)}." if who else ""
            raise NotYours(f"Only whoever hosts or administers {system.name} announces work on it.{ask}")
    return list(seen.values())


def _check(said: Announcement) -> None:
    faults = [
        Fault(f"/{name}", "Say it in words.")
        for name, words in (("title", said.title), ("stops", said.stops), ("ask", said.ask))
        if not words.strip()
    ]
    if said.ends_at <= said.starts_at:
        faults.append(Fault("/ends_at", "The end comes after the start."))
    if faults:
        raise Invalid(faults)


def missing_right(refused: approvals.NotAllowed) -> bool:
    """Whether the database refused for want of a right (403), and not for the moment or what was said."""
    cause = refused.__cause__.__cause__ if refused.__cause__ else None
    return isinstance(cause, psycopg.errors.InsufficientPrivilege)
