"""Signing in and stepping up with a passkey: what `frontend/scripts/passkey.js` asks and answers, in JSON.

Each act is two requests: the options with a challenge, then the answer of the device.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from partners.authenticators import ways_of
from partners.door_answers import answer, body_of, refused, slowed
from partners.limits import PASSKEY_OPTIONS, PASSKEYS, TooOften, address_of, count
from partners.models import PersonSession
from partners.ours import path_of_ours
from partners.owning import own_account
from partners.passkeys import PasskeyRefused, options_to_use, use
from partners.sessions import SESSION_ID, CutOff, Found, make_whole, start_session, step_up
from partners.sign_in import remember_cut_off
from portal.tenancy.requests import door_view
from portal.tenancy.scope import at_the_door

ANONYMOUS_SECONDS = 15 * 60


def nothing_signed() -> HttpResponse:
    """One answer for everything that can be wrong with a passkey."""
    return refused(_("This passkey was not accepted. Nothing has been changed. Try again, or use another passkey."))


@door_view
@csrf_protect
@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """For whoever is not known yet: nobody is asked for a name."""
    try:
        count(PASSKEY_OPTIONS, address_of(request))
    except TooOften as often:
        return slowed(often)
    if SESSION_ID not in request.session:
        request.session.set_expiry(ANONYMOUS_SECONDS)
    return answer(publicKey=options_to_use(request.session))


@door_view
@csrf_protect
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    try:
        count(PASSKEYS, address_of(request))
        passkey = use(request.session, body_of(request).get("passkey"))
    except TooOften as often:
        return slowed(often)
    except PasskeyRefused:
        return nothing_signed()
    try:
        start_session(request, passkey.person, born=PersonSession.Born.PASSKEY, authenticator=passkey)
    except CutOff:
        remember_cut_off(request, passkey.person.organisation)
        return answer(next="/sign-in/cut-off/")
    return answer(next="/")


@require_http_methods(["GET", "HEAD", "POST"])
@own_account(whole=False)
def again(request: HttpRequest, found: Found) -> HttpResponse:
    """Step up: the page that asks for one of one's own passkeys, and the answer of the device."""
    goes_to = path_of_ours(request.GET.get("next"), otherwise="/account/")
    if request.method == "POST":
        return _stepped_up(request, found)
    with at_the_door():
        ways = ways_of(found.person)
    context = {"next": goes_to, "has_passkey": ways.passkeys > 0, "person": found.person}
    return render(request, "sign_in/again.html", context)


@require_POST
@own_account(whole=False)
def again_options(request: HttpRequest, found: Found) -> HttpResponse:
    with at_the_door():
        return answer(publicKey=options_to_use(request.session, person=found.person))


def _stepped_up(request: HttpRequest, found: Found) -> HttpResponse:
    body: dict[str, Any] = body_of(request)
    with at_the_door():
        try:
            count(PASSKEYS, address_of(request))
            passkey = use(request.session, body.get("passkey"), person=found.person)
        except TooOften as often:
            return slowed(often)
        except PasskeyRefused:
            return nothing_signed()
        if found.visitor is None:
            make_whole(request, found.session, authenticator=passkey)
        else:
            step_up(found.visitor.ticket, passkey.pk)
    return answer(next=path_of_ours(body.get("next"), otherwise="/account/"))
