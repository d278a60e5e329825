"""What the door answers: JSON for the passkey script, and a page when somebody has tried too often."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.utils.translation import gettext as _

from partners.limits import TooOften
from portal.documents import Refused, read_json
from portal.pages import local_time

LARGEST = 64 * 1024  # an answer of a passkey has a few kilobytes


def answer(status: int = 200, /, **data: Any) -> JsonResponse:
    """`next` is where the browser goes, `words` what it shows."""
    return JsonResponse(data, status=status)


def refused(words: str, *, status: int = 400, **more: Any) -> JsonResponse:
    return answer(status, words=words, **more)


def slowed(trouble: TooOften) -> JsonResponse:
    """For the passkey: only the address is limited, and generously."""
    words = _("Too many tries came from your network. This way opens again at %(time)s.")
    return _later(refused(words % {"time": local_time(trouble.opens_at)}, status=429), trouble)


def slowed_page(request: HttpRequest, trouble: TooOften, *, back: str) -> HttpResponse:
    """For passwords and codes: the passkey is open meanwhile, and `back` leads to it."""
    context = {"opens_at": trouble.opens_at, "seconds": trouble.seconds, "back": back}
    return _later(render(request, "sign_in/slowed.html", context, status=429), trouble)


def _later(response: Any, trouble: TooOften) -> Any:
    response["Retry-After"] = str(trouble.seconds)
    return response


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent; an empty one for anything else, which no check accepts."""
    if request.content_type != "application/json":
        return {}
    try:
        document = read_json(request.read(LARGEST))
    except (Refused, UnreadablePostError):
        return {}
    return document if isinstance(document, dict) else {}
