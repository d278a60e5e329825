"""Signing in and out: the pages at the door. The passkey's own requests are in `sign_in_passkey`, passwords in
`sign_in_password`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from partners import cutting_off
from partners.door_answers import slowed_page
from partners.limits import LINKS, TooOften, address_of, count
from partners.models import Organisation, PersonSession, SignInLink, SignInPolicy
from partners.people import digest_of
from partners.providers import provider_choice
from partners.sessions import CutOff, start_session
from partners.sessions import sign_out as end
from portal import clock
from portal.tenancy.requests import door_view
from portal.tenancy.scope import at_the_door

CUT_OFF = "cut_off"


@door_view
@csrf_protect
@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    """The passkey first, and the way to an organisation's own page for whoever has another one."""
    asked = request.GET.get("organisation", "").strip()
    found = organisation_called(asked) if asked else None
    if found is not None:
        return redirect("sign-in-organisation", slug=found.slug)
    return render(request, "sign_in/login.html", {"asked": asked, "half_way": half_way(request)})


def organisation_called(words: str) -> Organisation | None:
    """By its short name or its name, when that leaves one."""
    exact = Organisation.objects.filter(Q(slug__iexact=words) | Q(name__iexact=words)).first()
    if exact is not None:
        return exact
    beginning = list(Organisation.objects.filter(name__istartswith=words)[:2])
    return beginning[0] if len(beginning) == 1 else None


def half_way(request: HttpRequest) -> str:
    """The name of whoever is signed in here without a second factor yet."""
    found = request.found  # type: ignore[attr-defined]
    return found.person.name if found is not None and found.visitor is None else ""


def organisation_at_door(slug: str) -> Organisation:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        raise Http404
    return organisation


def allows_password(organisation: Organisation) -> bool:
    policy = SignInPolicy.objects.filter(organisation=organisation).first()
    return policy is None or policy.allow_password


def own_page(request: HttpRequest, organisation: Organisation, **more: Any) -> HttpResponse:
    """An organisation's sign-in page: passkey, its own provider, and the password when its policy has one."""
    context = {
        "organisation": organisation,
        "provider": provider_choice(organisation),
        "with_password": allows_password(organisation),
        "half_way": half_way(request),
        "email": "",
        "trouble": "",
        **more,
    }
    return render(request, "sign_in/organisation.html", context, status=422 if context["trouble"] else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """By a button only. The browser is told to forget everything that it kept from here."""
    if request.method != "POST":
        return render(request, "sign_in/logout.html")
    with at_the_door():
        end(request)
    response = redirect("/")
    response["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@door_view
@csrf_protect
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show whose link this is; only pressing the button signs in, so that a scanner's visit spends nothing."""
    try:
        count(LINKS, address_of(request))
    except TooOften as often:
        return slowed_page(request, often, back="/sign-in/")
    link = (
        SignInLink.objects.select_related("person__organisation")
        .filter(digest=digest_of(token), used_at=None, expires_at__gt=clock.now(), person__is_active=True)
        .exclude(purpose=SignInLink.Purpose.EMERGENCY)
        .first()
    )
    demonstration = link is not None and link.purpose == SignInLink.Purpose.DEMONSTRATION
    if link is None or (demonstration and not settings.DEMO):
        return render(request, "sign_in/link_gone.html", status=404)
    if request.method != "POST":
        context = {"person": link.person, "organisation": link.person.organisation, "demonstration": demonstration}
        return render(request, "sign_in/link.html", context)
    with transaction.atomic(using="auth"):
        spent = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=clock.now())
        if not spent:
            return render(request, "sign_in/link_gone.html", status=404)
    born = PersonSession.Born.DEMONSTRATION if demonstration else PersonSession.Born.LINK
    try:
        start_session(request, link.person, born=born, second_factor=demonstration)
    except CutOff:
        return cut_off_page(request, link.person.organisation)
    return redirect("/" if demonstration else "/account/")


def remember_cut_off(request: HttpRequest, organisation: Organisation) -> None:
    request.session[CUT_OFF] = organisation.slug


def cut_off_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Only for whoever has shown who they are: nobody else learns here that the organisation is isolated."""
    return cutting_off.cut_off_page(request, organisation)


@door_view
@require_safe
def cut_off(request: HttpRequest) -> HttpResponse:
    organisation = Organisation.objects.filter(slug=request.session.pop(CUT_OFF, "")).first()
    return redirect("sign-in") if organisation is None else cut_off_page(request, organisation)
