"""`Idempotency-Key`: a POST that is sent again answers what the first one answered.

The answer is kept in the transaction that did the work, so that neither can be there without the other. While the
first request runs it holds an advisory lock, and a second one is told to wait.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import connections
from django.http import HttpResponse
from rest_framework.request import Request

from portal import clock
from portal.api.models import Replay
from portal.api.problems import Refusal

KEPT = timedelta(hours=24)
KEY = re.compile(r'[\x21\x23-\x7e][\x21-\x7e]{0,254}|"[\x21\x23-\x7e]{1,255}"')
Handler = Callable[..., HttpResponse]


def once(handler: Handler) -> Handler:
    """Wrap a `post` of an Endpoint. Runs after the permission check, so that a replay needs the same scope."""

    @wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = key_of(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        _ = request.data  # an unreadable body is refused before anything else; its digest is on the view now
        mine = _mine(view, request, key)
        _hold("\n".join(map(str, mine.values())))
        kept = Replay.objects.filter(**mine).first()
        if kept is not None and clock.now() - kept.created_at < KEPT:
            return _again(kept, _asked(view, request))
        if kept is not None:
            kept.delete()
        response = handler(view, request, *args, **kwargs)
        if response.status_code < 400:
            _keep(mine, _asked(view, request), response)
        return response

    return post


def kept_answer(view: Any, request: Request, key: str, digest: bytes) -> HttpResponse | None:
    """What the first request with this key was answered, for a view that opens its scopes itself; in an open scope.

    Raises:
        Refusal: 409 while the first one is looked up or kept, 422 when it had another body.
    """
    mine = _mine(view, request, key)
    _hold("\n".join(map(str, mine.values())))
    kept = Replay.objects.filter(**mine).first()
    if kept is None:
        return None
    if clock.now() - kept.created_at < KEPT:
        return _again(kept, digest)
    kept.delete()
    return None


def keep_answer(view: Any, request: Request, key: str, digest: bytes, response: HttpResponse) -> None:
    """Keep it, unless another request with this key was quicker (IntegrityError)."""
    _keep(_mine(view, request, key), digest, response)


def _asked(view: Any, request: Request) -> bytes:
    """What was sent, the version that it was meant for included: with another one it is another request."""
    condition = request.headers.get("If-Match")
    return view.body_digest if condition is None else hashlib.sha256(view.body_digest + condition.encode()).digest()


def _mine(view: Any, request: Request, key: str) -> dict[str, Any]:
    return {"organisation_id": view.visitor.organisation_id, "method": "POST", "path": request.path, "key": key}


def key_of(request: Request) -> str | None:
    """The key without its quotes; None when there is none.

    Raises:
        Refusal: it is empty, too long or has other characters.
    """
    written = request.headers.get("Idempotency-Key")
    if written is None:
        return None
    if not KEY.fullmatch(written):
        raise Refusal(
            400, "Idempotency-Key: 1 to 255 visible ASCII characters, in quotes or not, and no quote within quotes."
        )
    return written[1:-1] if written.startswith('"') else written


def _hold(what: str) -> None:
    digest = hashlib.sha256(what.encode()).digest()
    halves = [int.from_bytes(digest[at : at + 4], signed=True) for at in (0, 4)]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", halves)
        (held,) = cursor.fetchone()
    if not held:
        raise Refusal(409, "The first request with this key is still at work.", headers={"Retry-After": "1"})


def _again(kept: Replay, digest: bytes) -> HttpResponse:
    if bytes(kept.body_digest) != digest:
        raise Refusal(422, "This Idempotency-Key was used with another body or another If-Match.")
    headers = {"Idempotent-Replayed": "true"} | ({"Location": kept.location} if kept.location else {})
    return HttpResponse(bytes(kept.body), status=kept.status, content_type=kept.content_type, headers=headers)


def _keep(mine: dict[str, Any], digest: bytes, response: HttpResponse) -> None:
    Replay.objects.create(
        **mine,
        body_digest=digest,
        status=response.status_code,
        body=response.content,
        content_type=response.headers.get("Content-Type", ""),
        location=response.headers.get("Location", ""),
        created_at=clock.now(),
    )
