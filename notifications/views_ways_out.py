"""The page of the ways out: which of them work, which are not watched, and which setting watches them.

It says the same to every organisation, but for webhooks, which only whoever has one is told of: no host, no number.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from notifications.call_reading import waiting_count
from notifications.models import Webhook
from partners.acting import signed_in
from portal import health
from portal.pages import blocked_in_words, way_out_in_words
from portal.ways_out import CANARY_SECONDS, WATCHED_BY, WEBHOOK, WayOut, in_use


@require_safe
@signed_in
def ways_out(request: HttpRequest) -> HttpResponse:
    known = health.ways_out()
    has_tools = Webhook.objects.filter(state=Webhook.State.ON).exists()
    wanted = in_use() + ([WEBHOOK] if has_tools else [])
    by_name = {way.transport: way for way in known or ()}
    context = {
        "ways": [_row(name, by_name.get(name)) for name in wanted] if known is not None else None,
        "calls_waiting": waiting_count(),
        "minutes": int(CANARY_SECONDS // 60),
    }
    return render(request, "notifications/ways_out.html", context)


def _row(transport: str, way: WayOut | None) -> dict[str, Any]:
    row = {"name": way_out_in_words(transport), "css": "", "state": _("Not watched"), "more": _unwatched(transport)}
    if way is not None and way.word != "ok":
        row |= {"css": "alarm", "state": _state_of(way), "more": blocked_in_words(health.blocked(way))}
    elif way is not None and way.canary_seconds is not None:
        ago = _("The last such message was taken %(n)s s ago.") % {"n": round(way.canary_seconds)}
        row |= {"css": "", "state": _("Works"), "more": ago}
    return row


def _state_of(way: WayOut) -> str:
    return {"used up": _("Used up for today"), "shut": _("Nothing gets out"), "silent": _("Silent")}[way.word]


def _unwatched(transport: str) -> str:
    setting = WATCHED_BY[transport]
    if setting:
        return _("Nobody knows whether it works: the portal’s operator sets %(setting)s to have it watched.") % {
            "setting": setting
        }
    return _("Nobody knows whether it works: each browser has its own push service, and none can be tried for all.")
