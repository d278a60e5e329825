"""What every page shares: the Jinja2 environment, the viewer in the header, and refusals that ask no database."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import get_language, gettext, ngettext
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from portal import clock
from portal.api.problems import problem
from portal.health import blocked_ways, stale_processes
from portal.postgres.prepared import prepared_cursor
from portal.tenancy.scope import at_the_door, current_ticket, door_is_open
from portal.ways_out import WEBHOOK, Blocked
from portal.written import Written

OF_A_DICT = frozenset(dir(dict))
REFUSALS = {
    400: "errors/400.html",
    403: "errors/403.html",
    404: "errors/404.html",
    429: "errors/429.html",
    500: "errors/500.html",
    503: "errors/503.html",
}


class Pages(Environment):
    """Jinja2 looks for an attribute first, which no dict of ours has: a page would fail so a thousand times."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute not in OF_A_DICT and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def environment(**options: Any) -> Environment:
    """The Jinja2 environment: autoescape is on, an unknown name is an error."""
    options["undefined"] = StrictUndefined
    env = Pages(**{**options, "extensions": ["jinja2.ext.i18n"]})
    env.install_gettext_callables(_text, ngettext, newstyle=True)  # type: ignore[attr-defined]
    # A page calls `_` hundreds of times; what the extension makes of it looks up two names and formats, each time.
    env.globals.update(_=text, url=url, static=static, insecure=_insecure(), written_once=Written(env))
    env.filters.update(local_time=local_time, utc_time=utc_time, ago=ago)
    return env


def _text(message: str) -> str:
    return text_in(get_language(), message)


def text(message: str, /, **variables: Any) -> Markup:
    """The text in the reader's language, as the extension makes it: a format, what is put into it is escaped."""
    if variables:
        return Markup(_text(message)) % variables  # noqa: S704 - as the extension: texts are ours, in the template
    return whole_text_in(get_language(), message)


@lru_cache(4096)
def text_in(language: str | None, message: str) -> str:
    """A page asks for some hundred texts, mostly the same; Django looks each up anew in the language that is on."""
    return gettext(message)


@lru_cache(4096)
def whole_text_in(language: str | None, message: str) -> Markup:
    return Markup(text_in(language, message)) % {}  # noqa: S704 - as above


def _insecure() -> bool:
    """Whether browsers take this address for an insecure context: no passkey, no service worker."""
    address = urlsplit(settings.PORTAL_URL)
    return address.scheme != "https" and address.hostname not in {"localhost", "127.0.0.1"}


def url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args, kwargs=kwargs or None) if args or kwargs else _address(name)


@cache
def _address(name: str) -> str:
    """Of a page that has one address: each page asks for some twenty of them."""
    return reverse(name)


@cache
def _build() -> str:
    stamp = settings.STATIC_ROOT / "build-hash.txt"
    return stamp.read_text().strip()[:12] if stamp.exists() else "0"


def static(path: str) -> str:
    """Address of a built asset; its query changes with the build, so that no browser keeps an old one."""
    return f"{settings.STATIC_URL}{path}?v={_build()}"


LOCAL = ZoneInfo(settings.LOCAL_TIME_ZONE)


def local_time(value: datetime | None, form: str = "%H:%M") -> str:
    return value.astimezone(LOCAL).strftime(form) if value else ""


def utc_time(value: datetime | None, form: str = "%H:%M UTC") -> str:
    return value.astimezone(ZoneInfo("UTC")).strftime(form) if value else ""


def ago(value: datetime | None) -> str:
    """How long ago, in words that a tired person reads at once: `32 min`, `3 h 5 min`, `2 days`."""
    if value is None:
        return ""
    minutes = max(0, int((clock.now() - value).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (24 * 60)} days"


def viewer(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: who looks, where live starts, how much is open. One query for a signed-in viewer."""
    visitor = getattr(request, "visitor", None)
    if visitor is None or visitor.kind != "person" or not _scope_is_open():
        nothing = {"open_incidents_count": 0, "my_tasks_count": 0, "approvals_count": 0, "work_count": 0}
        return {"viewer": None, "live": None, "silent": [], **nothing}
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT epoch, head, open_incidents, open_tasks, approvals, work, has_tools FROM sec.page_head()"
        )
        epoch, head, open_incidents, open_tasks, waiting, work, has_tools = cursor.fetchone()
    return {
        "viewer": visitor,
        # Whoever is limited has no stream.
        "live": {"url": settings.LIVE_URL, "head": head, "epoch": str(epoch)} if visitor.reach == "all" else None,
        "open_incidents_count": open_incidents,
        "my_tasks_count": open_tasks,
        "approvals_count": waiting,
        "work_count": work,
        "silent": _silent(has_tools=has_tools),
    }


def _silent(*, has_tools: bool) -> list[str]:
    """What does not work just now because a process of ours has gone silent: silence must not look like calm.

    That webhooks may be late is said to organisations that have one.
    """
    if not settings.WATCH_PROCESSES:
        return []
    effects = {
        "live": gettext("Pages do not update by themselves"),
        "worker": gettext("Messages may not be going out"),
        "hooks": gettext("Webhooks to your tools may be late"),
        "scheduler": gettext("Messages and due times may be late"),
    }
    silent = [
        gettext("%(effect)s since %(time)s: tell the portal's operator.")
        % {"effect": effects[silence.process], "time": local_time(silence.since) or gettext("the start")}
        for silence in stale_processes()
        if has_tools or silence.process != "hooks"
    ]
    return silent + [blocked_in_words(each) for each in blocked_ways() if has_tools or each.transport != WEBHOOK]


def way_out_in_words(transport: str) -> str:
    """The name of a transport; where e-mail has two roads, of its road."""
    roads = {"smtp": gettext("E-mail by our own server"), "notify-email": gettext("E-mail over GOV.UK Notify")}
    ways = {
        "smtp": gettext("E-mail"), "email": gettext("E-mail"), "notify-sms": gettext("Text messages"),
        "teams": "Microsoft Teams", "slack": "Slack", "push": gettext("Notices in browsers"),
        WEBHOOK: gettext("Webhooks to your tools"),
    }  # fmt: skip
    return (roads if settings.NOTIFY_EMAIL_TEMPLATE else {}).get(transport) or ways.get(transport, transport)


def blocked_in_words(way: Blocked) -> str:
    """That a way does not work, since when or until when, and what happens meanwhile."""
    said = {"way": way_out_in_words(way.transport), "time": local_time(way.since)}
    if way.word == "used up":
        lead = gettext("%(way)s: today’s limit of the service is used up; it takes messages again at %(time)s.") % said
    else:
        lead = gettext("%(way)s: nothing gets out since %(time)s.") % said
    if settings.NOTIFY_EMAIL_TEMPLATE and way.transport in {"smtp", "notify-email"}:
        meanwhile = gettext("Messages take the other road.")
    elif way.transport == WEBHOOK:
        meanwhile = gettext("They wait, and are sent when it works again.")
    elif way.transport in settings.BESIDE_WAYS:
        meanwhile = gettext("Text messages and e-mail go out.")
    else:
        meanwhile = gettext("People with another way are told by that one.")
    return f"{lead} {meanwhile}"


def _scope_is_open() -> bool:
    return bool(current_ticket()) and not door_is_open()


def refuse(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """A refusal for whoever asked: problem+json under /api/, else a page that makes no query."""
    if request.path.startswith("/api/"):
        return problem(status, detail)
    body = render_to_string(REFUSALS.get(status, "errors/400.html"), {"status": status, "detail": detail})
    return HttpResponse(body, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return refuse(request, 500)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(request, 403, str(exception or ""))


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refuse(request, 403, "This form was open too long, or came from another site. Go back, reload, try again.")


def ticket_lapsed(request: HttpRequest) -> HttpResponse:
    """The database no longer knows this visitor: expired, revoked or isolated since the door looked."""
    isolated: HttpResponse | None = import_string("partners.cutting_off.lapsed")(request)
    if isolated is not None:
        return isolated
    if request.path.startswith("/api/"):
        return problem(401, "The key or session is no longer valid.")
    with at_the_door():
        request.session.flush()
    return redirect(settings.LOGIN_URL)
