"""Headers that every answer carries, refusals included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms, as they do for an attacker's.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=(), "
    "publickey-credentials-get=(self)",
}
# What a page's own policy says is added by `csp`; a file, or an answer of the live process, is nobody's page.
NOT_A_PAGE = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}


def of_every_answer() -> dict[str, str]:
    """The headers that go with every answer of this portal, as it is set up: behind https browsers stay there."""
    if settings.SECURE:
        return HEADERS | {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
    return HEADERS


def add_to_file(headers: Any, path: str, url: str) -> None:
    """Static files are served before Django is asked: the hook of `servestatic` for each of them."""
    for name, value in (of_every_answer() | NOT_A_PAGE).items():
        headers[name] = value


def plain_headers() -> list[tuple[bytes, bytes]]:
    """The same for an answer that Django does not give, as ASGI writes them."""
    return [(name.lower().encode(), value.encode()) for name, value in (of_every_answer() | NOT_A_PAGE).items()]


class SecurityHeaders:
    """Adds the headers; nothing that a signed-in reader gets may be kept by a cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in of_every_answer().items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
