"""What every request passes before a view: plain addresses, and the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import psycopg
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from portal.tenancy.scope import at_the_door, organisation_scope

View = Callable[..., HttpResponse]


def own_scope(view: View) -> View:
    """Mark a view that opens scopes itself (streams, uploads): the middleware gives it no transaction."""
    view.own_scope = True  # type: ignore[attr-defined]
    return view


def door_view(view: View) -> View:
    """Mark a sign-in view: it runs as `portal_auth`, with no organisation's scope."""

    @wraps(view)
    def at_door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with at_the_door():
            response = view(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()  # a lazy template must not render after the door has shut
            return response

    at_door.own_scope = True  # type: ignore[attr-defined]
    return at_door


class PlainAddress:
    """Refuses NUL and undecodable bytes in an address; sends browsers from 127.0.0.1 to the portal's own name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.refusal: Callable[..., HttpResponse] = import_string("portal.pages.refuse")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for part in (request.META.get("PATH_INFO", ""), request.META.get("QUERY_STRING", "")):
            raw = unquote_to_bytes(part)
            if b"\x00" in raw or not _is_utf8(raw):
                return self.refusal(request, 400, "The address holds a character that is not allowed.")
        host = request.get_host().rsplit(":", 1)[0]
        portal = urlsplit(settings.PORTAL_URL)
        if host == "127.0.0.1" and portal.hostname != host and _is_page(request):
            return HttpResponsePermanentRedirect(f"{settings.PORTAL_URL}{request.get_full_path()}")
        return self.get_response(request)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_page(request: HttpRequest) -> bool:
    """A page is redirected, because an IP address can have no passkey; tools may call the API by number."""
    plain = ("/api/", "/healthz", "/readyz", "/metrics", "/static/")
    return request.method in {"GET", "HEAD"} and not request.path.startswith(plain)


class ScopeMiddleware:
    """Opens the visitor's scope around the view, and undoes what a refused request had written.

    An answer of 400 and above rolls back: by then the exception has become a response, and the block would commit
    half a change.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.lapsed: Callable[[HttpRequest], HttpResponse] = import_string("portal.pages.ticket_lapsed")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        visitor = request.visitor  # type: ignore[attr-defined]
        if visitor is None or _has_own_scope(request):
            return self.get_response(request)
        try:
            with organisation_scope(visitor.ticket):
                response = self.get_response(request)
                if response.status_code >= 400:
                    transaction.set_rollback(True, using="default")
                return response
        except DatabaseError as error:
            if _is_lapsed_ticket(error):
                return self.lapsed(request)
            raise

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DatabaseError) and _is_lapsed_ticket(exception):
            # The answer is a redirect, which by its number is no refusal; the transaction is doomed all the same.
            transaction.set_rollback(True, using="default")
            return self.lapsed(request)
        return None


def _has_own_scope(request: HttpRequest) -> bool:
    try:
        return getattr(resolve(request.path_info).func, "own_scope", False)
    except Resolver404:
        return True  # nothing to ask the database: the answer is 404


def _is_lapsed_ticket(error: DatabaseError) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.errors.InsufficientPrivilege) and "no valid organisation context" in str(cause)
