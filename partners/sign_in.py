"""Signing in and out: the views that run at the door."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from partners.models import PersonSession, SignInLink
from partners.people import digest_of
from partners.sessions import CutOff, start_session
from partners.sessions import sign_out as end
from portal import clock
from portal.tenancy.requests import door_view


@door_view
@csrf_protect
@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "sign_in/login.html")


@door_view
@csrf_protect
@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "sign_in/logout.html")
    end(request)
    return redirect("/")


@door_view
@csrf_protect
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show whose link this is; only pressing the button signs in, so that a scanner's visit spends nothing."""
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
        return render(request, "sign_in/link.html", {"person": link.person, "organisation": link.person.organisation})
    with transaction.atomic(using="auth"):
        spent = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=clock.now())
        if not spent:
            return render(request, "sign_in/link_gone.html", status=404)
    born = PersonSession.Born.DEMONSTRATION if demonstration else PersonSession.Born.LINK
    try:
        start_session(request, link.person, born=born, second_factor=demonstration)
    except CutOff:
        return render(request, "sign_in/cut_off.html", {"organisation": link.person.organisation}, status=403)
    return redirect("/" if demonstration else "/account/")
