"""Who acts in this request, as the ledger wants it, and what a person's role allows on pages and API alike."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string

from partners.cutting_off import ended_page
from portal.ledger.record import Actor
from portal.tenancy.door import Visitor

ALL_OF_IT = frozenset({"all"})
OWN_TASKS = frozenset({"all", "own_tasks"})
APPROVERS = frozenset({"administrator", "incident_manager", "approver"})
OPENERS = frozenset({"administrator", "incident_manager"})
DATA_JUDGES = frozenset({"administrator", "incident_manager", "data_protection_officer"})
DUTY_KEEPERS = frozenset({"administrator", "data_protection_officer"})
ANSWERERS = frozenset({"administrator", "incident_manager", "responder", "approver", "data_protection_officer"})


def actor_of(visitor: Visitor) -> Actor:
    if visitor.kind == "display":
        raise PermissionDenied("A wall screen only shows.")
    return Actor(visitor.organisation_id, visitor.kind, visitor.person_id, visitor.key_id)


def may_open(visitor: Visitor) -> bool:
    """Whether this person may open, lead and close incidents for the organisation."""
    return visitor.kind == "person" and visitor.role in OPENERS


def may_answer(visitor: Visitor) -> bool:
    """Whether this person may answer tasks: everybody but an observer."""
    return visitor.kind == "person" and visitor.role in ANSWERERS


def may_judge_data(visitor: Visitor) -> bool:
    """Whether this person says for the organisation what an incident means for personal data, and who reads that."""
    return visitor.kind == "person" and visitor.role in DATA_JUDGES


def may_administer(visitor: Visitor) -> bool:
    """Whether this person looks after the organisation's people, keys and sign-in."""
    return visitor.kind == "person" and visitor.role == "administrator"


def may_keep_duties(visitor: Visitor) -> bool:
    """Whether this person keeps the organisation's catalogue of duties to report."""
    return visitor.kind == "person" and visitor.role in DUTY_KEEPERS


def may_approve(visitor: Visitor) -> bool:
    """Whether this person may be the first or the second of two."""
    return visitor.kind == "person" and visitor.role in APPROVERS


def signed_in(view: Any = None, *, may: Any = None, reach: frozenset[str] = ALL_OF_IT) -> Any:
    """Let a signed-in person in, others go to sign-in; `may` is a question about the visitor, a no is 403.

    `reach` names the visitors of narrow reach who are let in too: by itself a page is for those who are not limited.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            visitor: Visitor | None = request.visitor  # type: ignore[attr-defined]
            if visitor is None or visitor.kind != "person":
                ended = ended_page(request) if visitor is None else None
                return ended or redirect(settings.LOGIN_URL)
            if visitor.reach not in reach:
                return _limited_page(visitor)
            if may is not None and not may(visitor):
                raise PermissionDenied("Your role does not allow this. Ask your administrator or incident manager.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate if view is None else decorate(view)


def _limited_page(visitor: Visitor) -> HttpResponse:
    context = {"detail": _limited(visitor), "own_tasks": visitor.reach == "own_tasks"}
    return HttpResponse(render_to_string("errors/limited.html", context), status=403)


def _limited(visitor: Visitor) -> str:
    if 3 in visitor.steps:
        return "Your organisation is limited to its own tasks until two people lift that. My tasks still works."
    if visitor.reach == "own_tasks" and visitor.born != "emergency":
        return "You have been signed in for too long for this page. My tasks still works; for the rest sign in again."
    return "This sign-in does not reach this page."
