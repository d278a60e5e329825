"""Tests of contacts: what came of them, one tap from a message, or the same by signing in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications.contact_links import digest_of
from notifications.contact_tests import SILENT_AFTER
from notifications.models import ContactTest, ContactTestAsk
from partners import approvals
from partners.acting import signed_in
from partners.approvals import NotAllowed
from partners.door_answers import slowed_page
from partners.duty import rota_now
from partners.freshness import Fresh, duty_points, freshness
from partners.limits import Limit, TooOften, address_of, count
from partners.models import ContactPoint, Person
from partners.stepping_up import fresh
from partners.views_contacts import contact_or_404
from portal import clock
from portal.pages import refuse
from portal.tenancy.requests import door_view

TAPS = Limit("links of contact tests from an address", 60)
NEWEST = 24
A_DAY = timedelta(days=1)


@require_safe
@signed_in
def tests(request: HttpRequest) -> HttpResponse:
    """The newest rounds of one's own organisation, and what waits for whoever looks."""
    visitor = request.visitor  # type: ignore[attr-defined]
    now = clock.now()
    found = freshness(duty_points(rota_now(now).people), now)
    names = dict(Person.objects.values_list("pk", "name"))
    labels = dict(ContactPoint.objects.values_list("pk", "label"))
    rounds = list(ContactTest.objects.order_by("-due_at")[:NEWEST])
    asks = list(
        ContactTestAsk.objects.filter(test__in=rounds).defer("digest", "address_of", "delivery").order_by("asked_at")
    )
    context = {
        "rounds": [
            {
                "at": each.begun_at or each.due_at,
                "monthly": each.month is not None,
                "state": str(ContactTest.State(each.state).label),
                "because": each.because,
                "asks": [_ask(ask, labels, names, now) for ask in asks if ask.test_id == each.pk],
            }
            for each in rounds
        ],
        "waiting": [
            {"id": ask.pk, "label": labels.get(ask.contact_point_id, ""), "at": ask.asked_at}
            for ask in asks
            if ask.answered_at is None
            and now < ask.asked_at + A_DAY
            and (ask.person_id == visitor.person_id or (ask.person_id is None and visitor.role != "observer"))
        ],
        "fresh": found.state == Fresh.YES,
        "stale": [point.label for point in found.stale],
    }
    return render(request, "notifications/contact_tests.html", context)


def _ask(ask: ContactTestAsk, labels: dict[UUID, str], names: dict[UUID, str], now: Any) -> dict[str, Any]:
    silent = ask.failed_at is not None or now >= ask.asked_at + SILENT_AFTER
    if ask.answered_at is not None:
        words = _("answered by signing in") if ask.answered_by == "page" else _("answered")
        words = _("%(words)s, too late") % {"words": words} if ask.failed_at else words
    else:
        words = _("no answer within half an hour") if silent else _("waiting for an answer")
    return {
        "at": ask.asked_at,
        "who": names.get(ask.person_id, "") if ask.person_id else _("Duty desk"),
        "label": labels.get(ask.contact_point_id, ""),
        "words": words,
        "alarm": silent and ask.answered_at is None,
    }


@require_POST
@signed_in
def answer(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """Say by signing in that a test arrived."""
    try:
        done = approvals.call("SELECT sec.answer_contact_test(%s, %s)", [ask_id, clock.now()])
    except NotAllowed:
        return refuse(request, 404)
    if done:
        messages.success(request, _("Thank you. This contact works."))
    else:
        messages.error(request, _("This test was answered already, or is over."))
    return redirect("contact-tests")


@require_POST
@signed_in
@fresh
def test_now(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    point = contact_or_404(contact_id)
    try:
        ways = [*settings.SENT_WAYS, *settings.BESIDE_WAYS]
        approvals.call("SELECT sec.want_contact_test(%s, %s, %s)", [point.pk, clock.now(), ways])
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, _("A test goes out within seconds. It asks for one tap, and waits half an hour."))
    return redirect("contact-tests")


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a test message. Opening it uses nothing up, pressing does, once; it knows nobody's name."""
    try:
        count(TAPS, address_of(request))
    except TooOften as often:
        return slowed_page(request, often, back="/")
    function = "sec.answer_contact_link" if request.method == "POST" else "sec.contact_link_waits"
    with connections["auth"].cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [digest_of(token), clock.now()])
        found = cursor.fetchone()[0]
    if not found:
        return render(request, "notifications/contact_link.html", {"state": "gone"}, status=404)
    state = "done" if request.method == "POST" else "open"
    return render(request, "notifications/contact_link.html", {"state": state})
