"""How one is reached oneself: one's ways with their tests, one's wishes, and notices in this browser."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from notifications.forms_my_ways import BrowserForm, WishesForm
from partners import preferences, sealed_ways
from partners.acting import signed_in
from partners.approvals import NotAllowed
from partners.contacts import Said
from partners.freshness import can_be_tested, in_words, of_point
from partners.mail_marks import not_used
from partners.models import ContactPoint
from partners.phone_numbers import spaced
from partners.preferences import Wishes
from partners.stepping_up import fresh
from portal import clock
from portal.tenancy.door import Visitor
from portal.tenancy.requests import own_scope

GET_OR_POST = ["GET", "HEAD", "POST"]
Kind = ContactPoint.Kind


@require_safe
@signed_in
def my_ways(request: HttpRequest) -> HttpResponse:
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    now, marked = clock.now(), not_used()
    assert visitor.person_id is not None  # `signed_in` lets people in alone
    points = list(ContactPoint.objects.filter(person_id=visitor.person_id, is_active=True))
    wishes = preferences.mine(visitor.person_id)
    rows = [
        {
            "id": point.pk,
            "label": point.label,
            "way": str(point.get_kind_display()),
            "address": spaced(point.address) if point.is_a_number else point.address,
            "beside": bool(point.host),
            "unwanted": bool(point.host) and point.kind not in wishes.beside,
            "browser": point.kind == Kind.PUSH,
            "tested": in_words(of_point(point, now), point),
            "trusted": point.trust == ContactPoint.Trust.TRUSTED and point.pk not in marked,
            "can_be_tested": can_be_tested(point),
        }
        for point in points
    ]
    context = {"ways": rows, "wishes": _in_words(wishes), "push": Kind.PUSH in settings.BESIDE_WAYS}
    return render(request, "notifications/my_ways.html", context)


def _in_words(wishes: Wishes) -> list[str]:
    first = {
        "": _("The way that stands first in your list is used first."),
        "sms": _("A text message comes first, where one message is enough."),
        "email": _("An e-mail comes first, where one message is enough."),
    }[wishes.first]
    said = [first]
    if wishes.beside:
        names = ", ".join(str(Kind(kind).label) for kind in wishes.beside)
        said.append(_("Beside it, where you have them: %(names)s.") % {"names": names})
    else:
        said.append(_("Nothing comes beside it."))
    if wishes.quiet_from is None or wishes.quiet_until is None:
        said.append(_("You have no quiet hours."))
    else:
        quiet = {
            "from": f"{wishes.quiet_from:%H:%M}",
            "until": f"{wishes.quiet_until:%H:%M}",
            "n": wishes.quiet_category,
        }
        said.append(_("Quiet from %(from)s to %(until)s for category %(n)s or milder.") % quiet)
    return said


@require_http_methods(GET_OR_POST)
@signed_in
@fresh
def wishes(request: HttpRequest) -> HttpResponse:
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    assert visitor.person_id is not None
    kept = preferences.mine(visitor.person_id)
    initial = {
        "first": kept.first,
        "beside": list(kept.beside),
        "quiet_from": f"{kept.quiet_from:%H:%M}" if kept.quiet_from else "",
        "quiet_until": f"{kept.quiet_until:%H:%M}" if kept.quiet_until else "",
        "quiet_category": kept.quiet_category,
    }
    form = WishesForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            preferences.keep(form.wishes())
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept. It counts from the next message on."))
            return redirect("my-ways")
    return render(request, "notifications/my_wishes.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in
@fresh
def browser(request: HttpRequest) -> HttpResponse:
    """Switch notices on in the browser that shows this page: its script asks the browser, and sends what it says."""
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    form = BrowserForm(request.POST if request.method == "POST" else None, initial={"label": _("My browser")})
    if request.method == "POST" and form.is_valid():
        said = Said(visitor.person_id, Kind.PUSH, form.cleaned_data["label"], "", order=9)
        try:
            sealed_ways.put(said, form.sealable, organisation_id=visitor.organisation_id)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Notices are on in this browser. Test it now."))
            return redirect("my-ways")
    context: dict[str, Any] = {"form": form, "key": settings.VAPID_PUBLIC_KEY}
    return render(request, "notifications/my_browser.html", context, status=422 if form.errors else 200)


@own_scope
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows notices while no page is open. It stands at the root: its place limits its reach."""
    try:
        script = (settings.STATIC_ROOT / "sw.js").read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")
