"""What a browser or a machine is told whose access was ended by isolation, instead of a bare sign-in form.

Only whoever has shown who they are learns it: a browser whose session was ended by it, a key that is one, or somebody
who has just signed in.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from partners.models import Isolation, Organisation, PersonSession
from partners.sessions import SESSION_ID
from portal.api.problems import problem
from portal.pages import local_time, utc_time
from portal.tenancy.scope import at_the_door

PROVIDER, FULL = Isolation.Step.PROVIDER, Isolation.Step.FULL


def cut_off_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Cut off since when, how tasks go on, whom to ring, how to appeal. Needs the open door."""
    step = in_force(organisation.pk, FULL)
    context = {"organisation": organisation, "since": step.started_at if step else None}
    return render(request, "sign_in/cut_off.html", context, status=403)


def in_force(organisation_id: UUID, step: int) -> Isolation | None:
    return Isolation.objects.filter(organisation_id=organisation_id, step=step, lifted_at=None).first()


def ended_page(request: HttpRequest) -> HttpResponse | None:
    """The page for a browser whose session was ended by isolation; None for every other one."""
    with at_the_door():
        session = _ended_session(request.session)
        if session is None:
            return None
        organisation = session.person.organisation
        if in_force(organisation.pk, FULL):
            return cut_off_page(request, organisation)
        step = in_force(organisation.pk, PROVIDER)
        if step is not None and session.born == PersonSession.Born.PROVIDER and session.ended_at is not None:
            return render(
                request,
                "sign_in/not_trusted.html",
                {"organisation": organisation, "since": step.started_at},
                status=403,
            )
    return None


def _ended_session(cookie: SessionBase) -> PersonSession | None:
    session_id = cookie.get(SESSION_ID)
    if not session_id:
        return None
    return PersonSession.objects.select_related("person__organisation").filter(pk=session_id).first()


def lapsed(request: HttpRequest) -> HttpResponse | None:
    """The answer to whoever was let in a moment ago and is cut off now; None when it is not isolation."""
    visitor = request.visitor  # type: ignore[attr-defined]
    with at_the_door():
        step = in_force(visitor.organisation_id, FULL)
        if step is not None and request.path.startswith("/api/"):
            return problem(401, words_for_keys(step))
    return None if request.path.startswith("/api/") else ended_page(request)


def words_for_keys(step: Isolation) -> str:
    return _(
        "Your organisation is cut off since %(local)s (%(utc)s). No key or session of it is valid until two people of"
        " two other organisations lift that. Tasks are answered by telephone; appeal by ringing the lead."
    ) % {"local": local_time(step.started_at, "%-d %b %H:%M"), "utc": utc_time(step.started_at)}


def words_for_key(organisation_id: UUID) -> str:
    """Why a key of this organisation is refused. Opens the door."""
    with at_the_door():
        step = in_force(organisation_id, FULL)
        return words_for_keys(step) if step else ""
