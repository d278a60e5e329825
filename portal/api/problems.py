"""Errors as RFC 9457 `application/problem+json`, with a JSON pointer per field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpResponse

TITLES = {
    400: "The request cannot be read",
    401: "A valid key or session is needed",
    403: "Not allowed",
    404: "Not found",
    405: "This address does not take that method",
    409: "Not at this moment",
    413: "Too large",
    415: "This content type is not taken",
    422: "The request can be read but is not valid",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available just now",
}


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
        orjson.dumps(body), status=status, content_type="application/problem+json", headers=dict(headers or {})
    )
