"""What a key's scopes and a person's role allow."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.tenancy.door import Visitor
from portal.tenancy.freshness import AGAIN, is_fresh

if TYPE_CHECKING:
    from rest_framework.views import APIView  # at run time it imports this module

READER = frozenset({"read"})
RESPONDER = READER | {"answer", "data", "decisions"}  # whoever judges data or leads is known to the database
MANAGER = RESPONDER | {"suspect", "open", "playbooks", "estate", "contacts", "mail", "duties"}

# A person's session carries every scope that people can have; the role narrows it.
SCOPES_OF_ROLE = {
    "administrator": MANAGER,
    "incident_manager": MANAGER,
    "responder": RESPONDER,
    "approver": RESPONDER | {"mail"},
    "data_protection_officer": RESPONDER | {"duties"},
    "observer": READER,
    "service_account": frozenset(),
    "guest": frozenset(),
}


def scopes_of(visitor: Visitor) -> frozenset[str]:
    if visitor.kind == "key":
        return visitor.scopes
    return visitor.scopes & SCOPES_OF_ROLE.get(visitor.role, READER)


class HasScope(BasePermission):
    """One of the scopes that `view.scopes_for(request)` names; without a key or session 401, without the scope 403.

    A person, who may have left a session open, also needs a passkey used just now where `view.fresh` says so.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        visitor: Visitor | None = request.user  # type: ignore[assignment]
        if visitor is None:
            return False
        if request.method == "OPTIONS" or (request.method or "").lower() not in _handled(view):
            return True  # an answer about the address, or a 405
        if visitor.reach != "all" and not (visitor.reach == "own_tasks" and view.narrow):  # type: ignore[attr-defined]
            raise PermissionDenied("You are limited to your organisation's own tasks at present.")
        wanted: Collection[str] = view.scopes_for(request)  # type: ignore[attr-defined]
        if scopes_of(visitor).isdisjoint(wanted):
            raise PermissionDenied(_sentence(visitor, wanted))
        if (request.method or "").lower() in view.fresh and visitor.kind == "person" and not is_fresh():  # type: ignore[attr-defined]
            raise PermissionDenied(f"This needs your passkey again. Use it at {AGAIN}, then send this once more.")
        return True


def _handled(view: APIView) -> set[str]:
    return {method for method in view.http_method_names if hasattr(view, method)}


def _sentence(visitor: Visitor, wanted: Collection[str]) -> str:
    if visitor.kind == "key":
        return f"This needs a key with the scope {' or '.join(sorted(wanted))}."
    return "Your role does not allow this. Ask your administrator or incident manager."
