"""Errors as RFC 9457 `application/problem+json`, with a JSON pointer per field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import psycopg
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError, DataError, IntegrityError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.settings import api_settings

from portal.documents import pointer

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "A valid key or session is needed",
    403: "Not allowed",
    404: "Not found",
    405: "This address does not take that method",
    409: "Not at this moment",
    411: "The length of the body is needed",
    412: "It has changed since you read it",
    413: "Too large",
    415: "This content type is not taken",
    422: "The request can be read but is not valid",
    428: "Say which version you read",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available just now",
}
HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="Bulkhead"'}, 503: {"Retry-After": "2"}}


def problem(
    status: int, detail: str = "", *, errors: Iterable[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """One problem document. `errors` are `{"pointer": "/systems/0", "detail": "…"}`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
    }
    if detail:
        body["detail"] = detail
    listed = list(errors)
    if listed:
        body["errors"] = listed
    return HttpResponse(
        orjson.dumps(body),
        status=status,
        content_type=CONTENT_TYPE,
        headers={**HEADERS.get(status, {}), **(headers or {})},
    )


class Refusal(exceptions.APIException):
    """A refusal of the API's own: any status, with errors and headers."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.text = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


class BadQuery(exceptions.ValidationError):
    """A query parameter that is unknown or not valid; its pointers are written `?limit`."""


Answer = Callable[[Any], HttpResponse]
_answers: dict[type[Exception], Answer] = {}


def answer_to(kind: type[Exception], answer: Answer) -> None:
    """Let a room say how one of its exceptions is answered; subclasses of it are answered alike."""
    _answers[kind] = answer


def problem_response(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. None (a fault of ours, or a ticket that has lapsed) goes on to the middleware."""
    for kind in type(error).__mro__:
        if kind in _answers:
            return _answers[kind](error)
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return problem(404)
    if isinstance(error, PermissionDenied):
        return problem(403, str(error))
    if isinstance(error, exceptions.APIException):
        return _of_api(error)
    if isinstance(error, DatabaseError):
        return _of_database(error)
    return None


def _of_api(error: exceptions.APIException) -> HttpResponse:
    if isinstance(error, Refusal):
        return problem(error.status_code, error.text, errors=error.errors, headers=error.headers)
    if isinstance(error, exceptions.ValidationError):
        return problem(422, errors=faults_of(error.detail, in_query=isinstance(error, BadQuery)))
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]
    detail = "" if error.status_code == 404 else str(error.detail)
    return problem(error.status_code, detail, headers=headers)


def _of_database(error: DatabaseError) -> HttpResponse | None:
    """What the database refuses though nothing before it did: a value out of range, or somebody was quicker."""
    cause = error.__cause__
    if isinstance(error, DataError):
        return problem(422, "A value is out of range.")
    if isinstance(cause, psycopg.errors.InsufficientPrivilege) and "no valid organisation context" not in str(cause):
        return problem(403, "This is not yours to change.")
    if isinstance(error, IntegrityError):
        return problem(409, "Somebody changed this at the same moment: read it again.")
    if isinstance(error, OperationalError) or isinstance(cause, psycopg.errors.TransactionTimeout):
        return problem(503, "The database did not answer this time. Try again.")
    return None


def faults_of(detail: Any, *, in_query: bool = False) -> list[dict[str, str]]:
    """What a serializer found wrong, as pointers and sentences."""
    found = []
    for at, words in _walked(detail, ()):
        place = f"?{at[0]}" if in_query and at else pointer(*at)
        found.append({"pointer": place, "detail": words})
    return found


def _walked(detail: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _walked(inner, at if key == api_settings.NON_FIELD_ERRORS_KEY else (*at, key))
    elif isinstance(detail, list | tuple):
        for nth, inner in enumerate(detail):
            if isinstance(inner, Mapping | list | tuple):
                yield from _walked(inner, (*at, nth))
            else:
                yield at, str(inner)
    else:
        yield at, str(detail)
