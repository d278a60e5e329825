"""Adding a passkey to one's own account, naming it, saying what it rides on, and taking it away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners.account_forms import WayForm
from partners.authenticators import (
    LastWay,
    added,
    describe,
    is_last_way,
    label_for,
    remove,
    ways_of,
    why_not_add,
)
from partners.door_answers import answer, body_of, refused, slowed
from partners.limits import PASSKEYS, TooOften, address_of, count
from partners.models import Authenticator, SharedSystem
from partners.owning import HOME, fresh_for, own_account
from partners.passkeys import PasskeyRefused, options_to_add
from partners.passkeys import add as keep
from partners.recovery import has_codes
from partners.sessions import Found, make_whole, step_up
from partners.stepping_up import fresh
from portal.tenancy.freshness import AGAIN
from portal.tenancy.scope import at_the_door


@require_POST
@own_account(whole=False)
def options(request: HttpRequest, found: Found) -> HttpResponse:
    is_fresh = fresh_for(found)
    with at_the_door():
        ways = ways_of(found.person)
        if because := why_not_add(found, ways, request.session, fresh=is_fresh):
            return refused(because, status=403, again=f"{AGAIN}?next={HOME}" if ways.passkeys else "")
        return answer(publicKey=options_to_add(found.person, request.session))


@require_POST
@own_account(whole=False)
def add(request: HttpRequest, found: Found) -> HttpResponse:
    """Keep the new passkey. Using it just now counts: a session that had no second factor is whole from here."""
    is_fresh = fresh_for(found)
    with at_the_door():
        if because := why_not_add(found, ways_of(found.person), request.session, fresh=is_fresh):
            return refused(because, status=403)
        try:
            count(PASSKEYS, address_of(request))
            label = label_for(found.session.browser)
            made = keep(found.person, request.session, body_of(request).get("passkey"), label=label)
        except TooOften as often:
            return slowed(often)
        except PasskeyRefused:
            return refused(_("This passkey could not be kept. Nothing has been changed. Try again."))
        added(made, found=found)
        if found.visitor is None:
            make_whole(request, found.session, authenticator=made)
        else:
            step_up(found.visitor.ticket, made.pk)
    return answer(next=reverse("account-way", args=[made.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
def way(request: HttpRequest, way_id: UUID, found: Found) -> HttpResponse:
    """One passkey or app: its name, what it rides on, and taking it away. Changing it needs a passkey used just now."""
    with at_the_door():
        row = Authenticator.objects.select_related("person").filter(pk=way_id, person=found.person).first()
        if row is None:
            raise Http404
        is_last = is_last_way(row, ways_of(found.person))
        codes = has_codes(found.person)
    if request.method == "POST":
        return fresh(_changed)(request, row, found, is_last=is_last, first=not codes)
    return _way_page(request, row, WayForm(way=row, systems=_systems()), is_last=is_last, first=not codes)


def _changed(request: HttpRequest, row: Authenticator, found: Found, *, is_last: bool, first: bool) -> HttpResponse:
    if request.POST.get("act") == "remove":
        return _removed(request, row, found)
    form = WayForm(request.POST, way=row, systems=_systems())
    if not form.is_valid():
        return _way_page(request, row, form, is_last=is_last, first=first, status=422)
    with at_the_door():
        describe(
            row, label=form.cleaned_data["label"], rides_on_id=form.rides_on_id, words=form.words, known=form.is_known
        )
    if first:
        return redirect("account-recovery-codes")
    messages.success(request, _("Kept: %(label)s.") % {"label": form.cleaned_data["label"]})
    return redirect("account")


def _removed(request: HttpRequest, row: Authenticator, found: Found) -> HttpResponse:
    try:
        with at_the_door():
            remove(row, but=found.session.pk)
    except LastWay:
        messages.error(request, _("This is your only way in. Add another one first."))
        return redirect("account")
    words = _("Removed: %(label)s. Your other sessions have ended.")
    messages.success(request, words % {"label": row.label})
    return redirect("account")


def _systems() -> list[SharedSystem]:
    """Those that one's organisation can see; asked inside its scope."""
    return list(SharedSystem.objects.all())


def _way_page(
    request: HttpRequest, row: Authenticator, form: WayForm, *, is_last: bool, first: bool, status: int = 200
) -> HttpResponse:
    context = {"way": row, "form": form, "is_last": is_last, "first": first}
    return render(request, "account/way.html", context, status=status)
