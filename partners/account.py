"""One's own account: the ways to sign in, and where one is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from partners.authenticators import Ways, may_set_up, ways_of, why_not_add
from partners.door_record import record_at_door
from partners.models import Authenticator, Person, PersonSession, SharedSystem
from partners.owning import fresh_for, own_account, passkeys_only
from partners.recovery import codes_left, has_codes
from partners.sessions import Found, end_all_sessions, end_session
from partners.views_federation import provider_connection
from portal.tenancy.scope import at_the_door


@require_safe
@own_account(whole=False)
def home(request: HttpRequest, found: Found) -> HttpResponse:
    fresh = fresh_for(found)
    with at_the_door():
        ways = ways_of(found.person)
        because = why_not_add(found, ways, request.session, fresh=fresh)
    if found.visitor is None:
        return _half_way(request, found, ways, because)
    names = {each.pk: each.name for each in SharedSystem.objects.all()}
    with at_the_door():
        context = {
            "person": found.person,
            "organisation": found.person.organisation,
            "ways": ways,
            "own_ways": [_way(row, names) for row in _own(found.person)],
            "because": because,
            "codes_left": codes_left(found.person),
            "has_codes": has_codes(found.person),
            "sessions": [_session(each, found) for each in _sessions(found.person)],
            "own_sign_in": None if passkeys_only(found) else provider_connection(found.person),
            "passkeys_only": passkeys_only(found),
        }
    return render(request, "account/home.html", context)


def _half_way(request: HttpRequest, found: Found, ways: Ways, because: str) -> HttpResponse:
    """Nothing but setting up a second factor, or showing the one that there is."""
    context = {
        "person": found.person,
        "organisation": found.person.organisation,
        "ways": ways,
        "because": because,
        "may_set_up": may_set_up(found, ways),
        "recovered": found.session.born == PersonSession.Born.RECOVERY,
    }
    return render(request, "account/half_way.html", context)


def _own(person: Person) -> list[Authenticator]:
    return list(Authenticator.objects.filter(person=person))


def _sessions(person: Person) -> list[PersonSession]:
    return list(PersonSession.objects.filter(person=person, ended_at=None))


def _way(row: Authenticator, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "label": row.label,
        "kind": row.get_kind_display(),
        "made": row.created_at,
        "used": row.last_used_at,
        "said": row.is_described,
        "needs": names.get(row.rides_on_id, _("a system next to ours")) if row.rides_on_id else row.rides_on_words,
    }


def _session(row: PersonSession, found: Found) -> dict[str, Any]:
    return {
        "id": row.pk,
        "browser": browser_name(row.browser),
        "address": row.address or "",
        "born": row.get_born_display(),
        "started": row.started_at,
        "seen": row.last_seen_at,
        "here": row.pk == found.session.pk,
    }


def browser_name(text: str) -> str:
    """A browser and its system in words, from what the browser says of itself."""
    browsers = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac"}
    browser = next((name for word, name in browsers.items() if word in text), "")
    system = next((name for word, name in (systems | {"Linux": "Linux"}).items() if word in text), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Another browser")


@require_POST
@own_account
def sessions(request: HttpRequest, found: Found) -> HttpResponse:
    """End one of one's own sessions, or all but this one. Somebody else's id ends nothing."""
    with at_the_door():
        if request.POST.get("session") == "others":
            ended = end_all_sessions(found.person, because="ended by its owner", but=found.session.pk)
        else:
            ended = _end_one(found.person, request.POST.get("session", ""))
        if ended:
            record_at_door("session.ended", found.person.pk, count=ended, by="owner")
    words = ngettext("%(n)s session has ended.", "%(n)s sessions have ended.", ended) % {"n": ended}
    messages.success(request, words if ended else _("It had ended already."))
    return redirect("account")


def _end_one(person: Person, session_id: str) -> int:
    try:
        row = PersonSession.objects.filter(pk=UUID(session_id), person=person, ended_at=None).first()
    except ValueError:
        return 0
    if row is None:
        return 0
    end_session(row, because="ended by its owner")
    return 1
