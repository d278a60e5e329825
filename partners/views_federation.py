"""Signing in through one's organisation's own provider, and connecting a person's identity there to the person here.

POST /sign-in/<slug>/provider/     leaves for the provider
GET  /oidc/<slug>/callback         comes back, to sign in or to connect
POST /account/provider/            connects (leaves for the provider), or disconnects
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST

from partners.acting import signed_in
from partners.door_answers import slowed_page
from partners.federation import (
    SomebodyElses,
    begin_flow,
    connect,
    connection_of,
    disconnect,
    identify,
    person_behind,
    take_flow,
)
from partners.limits import Limit, TooOften, address_of, count
from partners.models import IdentityProvider, OidcFlow, Person, PersonSession
from partners.oidc.flow import LIFETIME, read_callback
from partners.oidc.refusals import OidcRefused, ProviderAway, ProviderSaidNo
from partners.oidc.tokens import Identity, used_second_factor
from partners.providers import metadata_of, provider_choice, provider_of, unusable
from partners.sessions import CutOff, start_session
from partners.stepping_up import fresh
from portal.tenancy.requests import door_view, own_scope
from portal.tenancy.scope import at_the_door, organisation_scope

COOKIE = "__Host-provider" if settings.SECURE else "provider"
ACCOUNT = "/account/"
DEPARTURES = Limit("departures to a provider from an address", 60)  # each of them is a row
log = logging.getLogger(__name__)


def _provider(slug: str) -> IdentityProvider:
    provider = IdentityProvider.objects.filter(organisation__slug=slug).first()
    found = provider_of(provider.pk) if provider is not None else None
    if found is None:
        raise Http404
    return found


@door_view
@csrf_protect
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave for the provider. By a button only: no link, image or foreign page can send a browser there."""
    provider = _provider(slug)
    try:
        count(DEPARTURES, address_of(request))
    except TooOften as often:
        return slowed_page(request, often, back=f"/sign-in/{slug}/")
    choice = provider_choice(provider.organisation)
    if choice is None or not choice["usable"]:
        return refused(request, provider, "away")
    goes_to = request.POST.get("next", "")
    return _leave(request, provider, goes_to=goes_to if _is_ours(goes_to) else "")


@door_view
@require_GET
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """Come back from the provider. Whatever is wrong spends the flow, and says to the browser only that it failed."""
    provider = _provider(slug)
    try:
        row, identity = _arrive(request, provider)
        return _connected(request, row.person, identity) if row.person else _signed_in(request, provider, row, identity)
    except ProviderSaidNo as said:
        log.info("provider of %s ended a sign-in: %s", slug, said.error)
        return refused(request, provider, "said_no")
    except ProviderAway as away:
        log.warning("provider of %s is away: %s", slug, away)
        return refused(request, provider, "away")
    except OidcRefused as wrong:
        log.warning("answer for %s refused (%s): %s", slug, wrong.what, wrong)
        return refused(request, provider, "refused")
    except SomebodyElses:
        return refused(request, provider, "somebody_elses")
    except CutOff:
        return render(request, "sign_in/cut_off.html", {"organisation": provider.organisation}, status=403)


def _arrive(request: HttpRequest, provider: IdentityProvider) -> tuple[OidcFlow, Identity]:
    query = request.META.get("QUERY_STRING", "")
    row = take_flow(provider.organisation_id, read_callback(query).get("state", ""))
    if row is None:
        raise OidcRefused("state", "The answer belongs to no sign-in that is under way here.")
    if sentence := unusable(provider):
        raise OidcRefused("provider", sentence)
    return row, identify(query, row=row, provider=provider, browser=request.COOKIES.get(COOKIE, ""))


def _signed_in(
    request: HttpRequest, provider: IdentityProvider, row: OidcFlow, identity: Identity
) -> HttpResponse:  # fmt: skip
    person = person_behind(identity, provider.organisation_id)
    if person is None:
        log.warning("an identity that nobody has connected, for %s", provider.organisation_id)
        return refused(request, provider, "unknown", display_name=identity.display_name)
    two = used_second_factor(identity.amr)
    start_session(request, person, born=PersonSession.Born.PROVIDER, second_factor=two)
    return _without_cookie(redirect((row.goes_to or "/") if two else ACCOUNT))


def _connected(request: HttpRequest, person: Person, identity: Identity) -> HttpResponse:
    """Only in the whole session of the person who left to connect: nobody else's browser can finish it."""
    found = request.found  # type: ignore[attr-defined]
    if found is None or found.visitor is None or found.person.pk != person.pk:
        raise OidcRefused("person", "Whoever left to connect is not signed in here any more.")
    connect(person, identity)
    messages.success(request, _("Connected. From now on your organisation's own sign-in lets you in too."))
    return _without_cookie(redirect(ACCOUNT))


@own_scope
@csrf_protect
@require_POST
@signed_in
def connection(request: HttpRequest) -> HttpResponse:
    """Connect or disconnect one's own identity at the provider. Needs a passkey used just now."""
    with organisation_scope(request.visitor.ticket):  # type: ignore[attr-defined]
        answer: HttpResponse = fresh(_stepped_up)(request)
    if answer.status_code >= 400:
        return answer
    return _connection(request)


def _stepped_up(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@door_view
def _connection(request: HttpRequest) -> HttpResponse:
    visitor: Any = request.visitor  # type: ignore[attr-defined]
    person = Person.objects.get(pk=visitor.person_id)
    if request.POST.get("act") == "disconnect":
        if disconnect(person):
            messages.success(request, _("Disconnected. Your organisation's own sign-in no longer lets you in."))
        return redirect(ACCOUNT)
    provider = provider_of(visitor.organisation_id)
    if provider is None or person.break_glass:
        raise Http404
    if sentence := unusable(provider):
        messages.error(request, sentence)
        return redirect(ACCOUNT)
    return _leave(request, provider, person=person)


def _leave(
    request: HttpRequest, provider: IdentityProvider, *, person: Person | None = None, goes_to: str = ""
) -> HttpResponse:
    """A page that goes on by itself and says where to.

    Not a redirect: the answer to a form may lead nowhere but here (`form-action 'self'`), and that is worth keeping.
    """
    departure = begin_flow(provider, browser=request.COOKIES.get(COOKIE, ""), person=person, goes_to=goes_to)
    host = metadata_of(provider).authorization_endpoint.split("/")[2]
    context = {"goes_to": departure.url, "host": host, "organisation": provider.organisation}
    response = render(request, "sign_in/leaving.html", context)
    response.set_cookie(
        COOKIE, departure.browser, max_age=LIFETIME, secure=settings.SECURE, httponly=True, samesite="Lax"
    )
    response["Cache-Control"] = "no-store"
    return response


def refused(request: HttpRequest, provider: IdentityProvider, why: str, **more: str) -> HttpResponse:
    """The page for whoever was not let in: `why` is away, said_no, refused, unknown or somebody_elses."""
    context = {"organisation": provider.organisation, "why": why, "display_name": "", **more}
    response = render(request, "sign_in/provider_refused.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response  # with its cookie: a forged answer must not spoil the sign-in that is under way


def _without_cookie(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(COOKIE, samesite="Lax")
    return response


def _is_ours(address: str) -> bool:
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def provider_connection(person: Person) -> dict[str, Any] | None:
    """What `account/_provider.html` wants on a person's account page; None when there is no provider to connect to."""
    with at_the_door():
        provider = provider_of(person.organisation_id)
        if provider is None or person.break_glass:
            return None
        return {"name": provider.organisation.name, "connected": connection_of(person, provider.issuer)}
