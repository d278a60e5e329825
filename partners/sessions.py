"""Sessions at the door: how one starts, what it may reach now, and how it ends.

A session is a Django session in a cookie, a `PersonSession` that people can list and end, and a database ticket.
Without a second factor there is no ticket yet: such a session can set one up and nothing else. Everything here needs
the open door.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import login, logout
from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.http import HttpRequest

from partners.models import Authenticator, Organisation, Person, PersonSession, SignInPolicy
from portal import clock
from portal.ledger.signals import announce
from portal.postgres.prepared import Columns, prepared_cursor
from portal.tenancy.door import TICKET_SEED, Visitor, mint, ticket_of

SESSION_ID = "person_session"
Born = PersonSession.Born
# A break-glass account and an emergency enrolment are for one night.
SHORT = timedelta(hours=8)
# An open incident keeps one's own tasks signed in for so long after the organisation's limits.
KEPT_FOR_OWN_TASKS = timedelta(hours=72)
SEEN_GRAIN = timedelta(minutes=1)
FULL = 4
_OF_SESSION = tuple(Columns[Any](model) for model in (PersonSession, Person, Organisation, SignInPolicy))
_BY_ID = """
SELECT sec.steps_in_force(s.organisation_id), {}, {}, {}, {}
  FROM partners_personsession s
  JOIN partners_person p ON p.id = s.person_id
  JOIN partners_organisation o ON o.id = p.organisation_id
  LEFT JOIN partners_signinpolicy y ON y.organisation_id = o.id
 WHERE s.id = %s AND s.ended_at IS NULL AND p.is_active
""".format(*(columns.sql(table) for columns, table in zip(_OF_SESSION, "spoy", strict=True)))
PERSON_SCOPES = frozenset(
    {"suspect", "open", "answer", "read", "playbooks", "access-events", "estate", "contacts", "audit", "mail", "data"}
    | {"duties", "decisions"}
)


class CutOff(Exception):
    """The organisation is isolated: nobody signs in for it until that is lifted."""


@dataclass(frozen=True, slots=True)
class Found:
    """Who a browser is. `visitor` None: a second factor is still to be set up or shown."""

    person: Person
    session: PersonSession
    visitor: Visitor | None


def start_session(
    request: HttpRequest,
    person: Person,
    *,
    born: str,
    authenticator: Authenticator | None = None,
    second_factor: bool = True,
) -> PersonSession:
    """Sign this person in, in this browser. With `second_factor` False it can only set one up.

    `authenticator` is the passkey that was used just now: it steps the session up too.

    Raises:
        CutOff: the organisation is isolated.
    """
    now = clock.now()
    if FULL in steps_in_force(person.organisation_id):
        raise CutOff
    _end_session_of(request, because="signed in again")
    request.session.flush()
    # The backend's name is only written into the session: nobody is authenticated by Django's own means.
    login(request, person, backend="django.contrib.auth.backends.BaseBackend")
    born = _born(person, born)
    session = PersonSession.objects.create(
        organisation_id=person.organisation_id,
        person=person,
        born=born,
        started_at=now,
        last_seen_at=now,
        ends_at=_absolute_limit(person, born, now),
        browser=request.headers.get("User-Agent", "")[:300],
        address=request.META.get("REMOTE_ADDR") or None,
    )
    request.session[SESSION_ID] = str(session.pk)
    request.session.set_expiry(int((session.ends_at - now + KEPT_FOR_OWN_TASKS).total_seconds()))
    if second_factor:
        make_whole(request, session, authenticator=authenticator)
    return session


def make_whole(request: HttpRequest, session: PersonSession, *, authenticator: Authenticator | None = None) -> None:
    """A second factor was shown: from now on the session has a ticket."""
    person, now = session.person, clock.now()
    if person.break_glass:  # also when it was only enrolled, by a link; nobody is let in before it is recorded
        session.born = Born.BREAK_GLASS
        _page_everybody(person)
    seed = secrets.token_urlsafe(32)
    request.session[TICKET_SEED] = seed
    request.session.cycle_key()
    ticket = mint(
        seed,
        organisation_id=person.organisation_id,
        kind="session",
        person_id=person.pk,
        lifetime_seconds=max(1, int((session.ends_at - now).total_seconds())),
        reach=_reach(person, session),
        born=session.born,
        session_id=session.pk,
    )
    PersonSession.objects.filter(pk=session.pk).update(second_factor_at=now, born=session.born)
    session.second_factor_at = now
    if authenticator is not None and authenticator.kind == Authenticator.Kind.PASSKEY:
        step_up(ticket, authenticator.pk)


def _page_everybody(person: Person) -> None:
    """A break-glass account is in use, also when it was only enrolled: the organisation and its liaison are paged."""
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.break_glass_used(%s)", [person.pk])
    announce(connections["auth"], {"break_glass.used"})


def _born(person: Person, born: str) -> str:
    """However they come in, some people's sessions are short or narrow."""
    if born == Born.LINK:
        return born
    if person.break_glass:
        return Born.BREAK_GLASS
    return Born.EMERGENCY if person.by_emergency else born


def step_up(ticket: str, authenticator_id: UUID) -> None:
    """This passkey was used just now in the session of this ticket."""
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.step_up(%s, %s)", [ticket, authenticator_id])


def steps_in_force(organisation_id: UUID) -> list[int]:
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.steps_in_force(%s)", [organisation_id])
        row = cursor.fetchone()
    return list(row[0] or []) if row else []


def find(cookie: SessionBase, *, by_the_clock: bool = False) -> Found | None:
    """Who this browser is, and how far it reaches now; None when nobody is signed in (any more).

    `by_the_clock`: an open page asks by itself. Nobody was seen, so that the session goes idle as if it had not asked.
    """
    session_id = cookie.get(SESSION_ID)
    if not session_id:
        return None
    session = _session(session_id)
    now = clock.now()
    if session is None or _access_has_ended(session.person, now):
        return None
    seed = cookie.get(TICKET_SEED)
    if session.narrowed_at is None and _past_limits(session, now) and not _keep_for_own_tasks(session, seed, now):
        end_session(session, because="its time was up")
        return None
    if session.narrowed_at is not None and now > session.ends_at + KEPT_FOR_OWN_TASKS:
        end_session(session, because="its time was up")
        return None
    if not by_the_clock and now - session.last_seen_at > SEEN_GRAIN:
        PersonSession.objects.filter(pk=session.pk).update(last_seen_at=now)
    person = session.person
    if not seed or session.second_factor_at is None:
        return Found(person, session, None)
    return Found(person, session, _visitor(person, session, ticket_of(seed)))


def _session(session_id: str) -> PersonSession | None:
    """A session that may still be used, with its person, organisation, policy and the steps against it (`steps`)."""
    with prepared_cursor("auth") as cursor:
        cursor.execute(_BY_ID, [session_id])
        row = cursor.fetchone()
    if row is None:
        return None
    parts, at = [], 1
    for columns in _OF_SESSION:
        parts.append(columns.made(row[at : at + len(columns.names)], "auth"))
        at += len(columns.names)
    session, person, organisation, policy = parts
    session.steps, session.person = row[0], person
    person.organisation = organisation
    # Asked for, and not there, is known too: nobody asks again.
    found = policy if policy.pk is not None else None
    SignInPolicy._meta.get_field("organisation").remote_field.set_cached_value(organisation, found)
    return session


def _visitor(person: Person, session: PersonSession, ticket: str) -> Visitor:
    organisation = person.organisation
    steps = frozenset(getattr(session, "steps", None) or ())
    narrow = session.narrowed_at is not None or 3 in steps
    reach = _reach(person, session)
    return Visitor(
        organisation_id=organisation.pk,
        organisation_slug=organisation.slug,
        organisation_name=organisation.name,
        kind="person",
        ticket=ticket,
        person_id=person.pk,
        name=person.name,
        role=person.role,
        scopes=PERSON_SCOPES,
        reach="own_tasks" if narrow and reach == "all" else reach,
        session_id=session.pk,
        born=session.born,
        steps=steps,
    )


def _reach(person: Person, session: PersonSession) -> str:
    if session.born == Born.EMERGENCY or person.by_emergency:
        return "own_tasks"
    return "guest" if person.role == Person.Role.GUEST else "all"


def _access_has_ended(person: Person, now: datetime) -> bool:
    return person.access_ends_at is not None and person.access_ends_at <= now


def policy_of(person: Person) -> SignInPolicy:
    """The organisation's own limits, or the defaults."""
    try:
        return person.organisation.policy
    except SignInPolicy.DoesNotExist:
        return SignInPolicy(organisation_id=person.organisation_id)


def _absolute_limit(person: Person, born: str, now: datetime) -> datetime:
    short = born in {Born.BREAK_GLASS, Born.EMERGENCY} or person.break_glass
    ends = now + (min(SHORT, policy_of(person).absolute) if short else policy_of(person).absolute)
    return min(ends, person.access_ends_at) if person.access_ends_at else ends


def _past_limits(session: PersonSession, now: datetime) -> bool:
    return now > session.ends_at or now - session.last_seen_at > policy_of(session.person).idle


def _keep_for_own_tasks(session: PersonSession, seed: str | None, now: datetime) -> bool:
    """While an incident is open nobody is locked out of their own tasks; anything else asks to sign in again."""
    whole = bool(seed) and session.second_factor_at is not None
    person = session.person
    if not whole or session.born in {Born.BREAK_GLASS, Born.EMERGENCY} or person.role == Person.Role.GUEST:
        return False
    if person.break_glass or person.by_emergency:
        return False
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.in_open_incident(%s)", [session.organisation_id])
        if not cursor.fetchone()[0]:
            return False
        left = session.ends_at + KEPT_FOR_OWN_TASKS - now
        if left <= timedelta(0):
            return False
        seconds = int(left.total_seconds())
        cursor.execute("SELECT sec.narrow(%s, make_interval(secs => %s))", [ticket_of(seed or ""), seconds])
    PersonSession.objects.filter(pk=session.pk, narrowed_at=None).update(narrowed_at=now)
    session.narrowed_at = now
    return True


def end_session(session: PersonSession, *, because: str) -> None:
    """End it now: its ticket, its sockets, its cookie. Safe to repeat."""
    PersonSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=clock.now(), ended_because=because)
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.revoke_session(%s)", [session.pk])


def end_all_sessions(person: Person, *, because: str, but: UUID | None = None) -> int:
    """End every session of a person, apart from `but`; how many there were."""
    sessions = PersonSession.objects.filter(person=person, ended_at=None)
    sessions = sessions.exclude(pk=but) if but else sessions
    for session in sessions:
        end_session(session, because=because)
    return len(sessions)


def sign_out(request: HttpRequest) -> None:
    _end_session_of(request, because="signed out")
    logout(request)


def _end_session_of(request: HttpRequest, *, because: str) -> None:
    session_id = request.session.get(SESSION_ID)
    session = PersonSession.objects.filter(pk=session_id).first() if session_id else None
    if session is not None:
        end_session(session, because=because)
