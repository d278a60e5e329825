"""The password of one's own account, where the organisation allows one: it counts only together with a code."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.account_forms import PasswordForm
from partners.authenticators import ways_of
from partners.door_record import record_at_door
from partners.models import Credential
from partners.owning import HOME, own_account, passkeys_only
from partners.sessions import Found, end_all_sessions
from partners.stepping_up import fresh
from portal.tenancy.scope import at_the_door


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
def password(request: HttpRequest, found: Found) -> HttpResponse:
    return redirect(HOME) if passkeys_only(found) else fresh(_password)(request, found)


def _password(request: HttpRequest, found: Found) -> HttpResponse:
    with at_the_door():
        ways = ways_of(found.person)
    if not ways.password_allowed and not ways.password:
        return redirect(HOME)
    if request.method == "POST" and request.POST.get("act") == "remove":
        return _removed(request, found)
    form = PasswordForm(request.POST or None, person=found.person)
    if request.method == "POST" and ways.password_allowed and form.is_valid():
        with at_the_door():
            Credential.of(found.person).set(form.cleaned_data["password"])
            event = "authenticator.changed" if ways.password else "authenticator.added"
            record_at_door(event, found.person.pk, kind="password")
            end_all_sessions(found.person, because="the password was changed", but=found.session.pk)
        messages.success(request, _("Your password is set. Your other sessions have ended."))
        return redirect(HOME)
    context = {"form": form, "ways": ways}
    return render(request, "account/password.html", context, status=422 if form.errors else 200)


def _removed(request: HttpRequest, found: Found) -> HttpResponse:
    """Whoever comes here has just used a passkey, so another way in is there."""
    with at_the_door():
        Credential.of(found.person).set(None)
        record_at_door("authenticator.removed", found.person.pk, kind="password")
        end_all_sessions(found.person, because="the password was removed", but=found.session.pk)
    messages.success(request, _("Your password is removed. Your other sessions have ended."))
    return redirect(HOME)
