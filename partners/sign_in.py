"""Signing in: allauth's rules for this portal, the one-time link, and the views that run at the door."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import LoginView, LogoutView
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from partners.models import SignInLink
from partners.people import digest_of
from portal import clock
from portal.tenancy.requests import door_view

ALLAUTH_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Door(DefaultAccountAdapter):
    """Nobody registers here: an organisation's administrator makes its people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/"


class SignIn(LoginView):
    template_name = "sign_in/login.html"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["login"].error_messages["required"] = _("Enter your e-mail address.")
        form.fields["password"].error_messages["required"] = _("Enter your password.")
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super(LoginView, self).get_context_data(**kwargs), "form": kwargs.get("form") or self.get_form()}


class SignOut(LogoutView):
    template_name = "sign_in/logout.html"


sign_in = door_view(SignIn.as_view())
sign_out = door_view(SignOut.as_view())


@door_view
@csrf_protect
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show whose link this is; only pressing the button signs in, so that a scanner's visit spends nothing."""
    link = (
        SignInLink.objects.select_related("person__organisation")
        .filter(digest=digest_of(token), used_at=None, expires_at__gt=clock.now(), person__is_active=True)
        .first()
    )
    if link is None:
        return render(request, "sign_in/link_gone.html", status=404)
    if request.method != "POST":
        return render(request, "sign_in/link.html", {"person": link.person, "organisation": link.person.organisation})
    with transaction.atomic(using="auth"):
        spent = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=clock.now())
        if not spent:
            return render(request, "sign_in/link_gone.html", status=404)
    login(request, link.person, backend=ALLAUTH_BACKEND)
    record_authentication(request, link.person, method="link")
    return redirect("/")
