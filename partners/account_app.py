"""Codes from an app: setting one up, with a password when it is the first factor, and showing that one has it."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners.account_forms import AppForm, CodeForm
from partners.authenticators import added, may_set_up, remember_shown, ways_of
from partners.door_answers import slowed_page
from partners.door_record import record_at_door
from partners.limits import CODES, TooOften, count
from partners.models import Authenticator, Credential
from partners.owning import HOME, own_account, passkeys_only
from partners.recovery import has_codes
from partners.sessions import Found, make_whole
from partners.stepping_up import fresh
from partners.totp import accept_code, new_seed, open_seed, picture, seal_seed, step_that_fits, typed_seed
from portal import clock
from portal.tenancy.scope import at_the_door

WAITING = "app_waiting"  # a sealed seed in the session, until its first code has come


@require_http_methods(["GET", "HEAD", "POST"])
@own_account(whole=False)
def app(request: HttpRequest, found: Found) -> HttpResponse:
    """Set up an app. A whole session needs a passkey used just now; half way it comes together with a password."""
    if passkeys_only(found):
        return redirect(HOME)
    if found.visitor is not None:
        return fresh(_set_up)(request, found)
    with at_the_door():
        ways = ways_of(found.person)
    allowed = may_set_up(found, ways) and ways.password_allowed
    return _set_up(request, found) if allowed else redirect(HOME)


def _set_up(request: HttpRequest, found: Found) -> HttpResponse:
    with_password = found.visitor is None
    with at_the_door():
        row = _waiting(request, found)
        seed = open_seed(row)
    form: Any = AppForm(request.POST or None, person=found.person) if with_password else CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = step_that_fits(seed, form.cleaned_data["code"])
        if step is not None:
            return _kept(request, found, row, step, form.cleaned_data.get("password"))
        form.add_error("code", _("That is not the code. Look at the app's newest one, and at your phone's clock."))
    context = {
        "form": form,
        "with_password": with_password,
        "picture": picture(seed, person=found.person),
        "secret": typed_seed(seed),
    }
    return render(request, "account/app.html", context, status=422 if form.errors else 200)


def _waiting(request: HttpRequest, found: Found) -> Authenticator:
    """The app that is being set up in this session: not saved yet, its seed sealed for the row that it will be."""
    kept = request.session.get(WAITING)
    if not kept:
        row_id = uuid4()
        sealed = seal_seed(new_seed(), person=found.person, row_id=row_id)
        kept = request.session[WAITING] = {"id": str(row_id), "sealed": base64.b64encode(sealed).decode()}
    return Authenticator(
        id=UUID(kept["id"]),
        organisation_id=found.person.organisation_id,
        person=found.person,
        kind=Authenticator.Kind.TOTP,
        label=_("Codes from an app"),
        created_at=clock.now(),
        secret=base64.b64decode(kept["sealed"]),
    )


def _kept(request: HttpRequest, found: Found, row: Authenticator, step: int, password: str | None) -> HttpResponse:
    with at_the_door():
        row.last_step = step  # its first code is spent
        row.save(force_insert=True)
        request.session.pop(WAITING, None)
        added(row, found=found)
        if password is not None:
            Credential.of(found.person).set(password)
            record_at_door("authenticator.added", found.person.pk, kind="password")
        if found.visitor is None:
            make_whole(request, found.session, authenticator=row)
        codes = has_codes(found.person)
    messages.success(request, _("Your app is set up."))
    return redirect("account" if codes else "account-recovery-codes")


@require_POST
@own_account(whole=False)
def show_code(request: HttpRequest, found: Found) -> HttpResponse:
    """Show that one has the app: it makes a session whole, or lets one without a passkey add the first."""
    with at_the_door():
        try:
            count(CODES, f"{found.person.organisation_id}|{found.person.email.lower()}")
        except TooOften as often:
            return slowed_page(request, often, back=HOME)
        shown = accept_code(found.person, request.POST.get("code", "")[:100])
        if shown is not None:
            remember_shown(request.session)
            if found.visitor is None:
                make_whole(request, found.session, authenticator=shown)
    if shown is None:
        messages.error(request, _("That is not the code, or it was used already. Wait for the app's next one."))
    else:
        messages.success(request, _("The code was right."))
    return redirect(HOME)
