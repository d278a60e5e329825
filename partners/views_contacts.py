"""How an organisation's people are reached: the list, and adding, changing and retiring one way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import contacts, sealed_ways
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.duty import rota_now
from partners.forms_contacts import ContactForm, JudgeForm
from partners.freshness import Fresh, can_be_tested, duty_points, freshness, in_words, of_point
from partners.history import history_of
from partners.mail_marks import marks, not_used
from partners.models import ContactPoint, Person, SharedSystem
from partners.next_door import names_next_door
from partners.phone_numbers import spaced
from partners.stepping_up import fresh
from portal import clock
from portal.pages import refuse
from portal.reasons import reason_in_words
from portal.tenancy.door import Visitor

GET_OR_POST = ["GET", "HEAD", "POST"]
Role = Person.Role
ALARM = frozenset({Fresh.FAILED, Fresh.OVERDUE})


@require_safe
@signed_in
def contact_list(request: HttpRequest) -> HttpResponse:
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    now = clock.now()
    points = ContactPoint.objects.filter(is_active=True).select_related("person")
    names = names_next_door()
    found = freshness(duty_points(rota_now(now).people), now)
    marked = not_used()
    known = {mark.id: mark.why_not_used for mark in marks()} if marked else {}
    rows = [
        _row(point, names, visitor, known.get(marked[point.pk], "") if point.pk in marked else "") for point in points
    ]
    context = {
        "contacts": rows,
        "freshness": {
            "well": found.state == Fresh.YES,
            "words": _of_duty(found.state, len(found.stale), found.ways),
        },
        "add_href": reverse("contact-add"),
    }
    return render(request, "partners/contacts.html", context)


def _of_duty(state: Fresh, stale: int, ways: int) -> str:
    if not ways:
        return _("No message can be sent to anybody on duty.")
    if state == Fresh.YES:
        return _("Every way of duty was confirmed within 35 days.")
    return _("%(stale)s of %(ways)s ways of duty were not confirmed within 35 days.") % {"stale": stale, "ways": ways}


def _row(point: ContactPoint, names: dict[UUID, str], visitor: Visitor, distrusted: str) -> dict[str, Any]:
    state = of_point(point, clock.now())
    may = may_change(visitor, point)
    sendable = can_be_tested(point)
    return {
        "id": str(point.pk),
        "person": point.person.name if point.person else _("Duty desk"),
        "label": point.label,
        "way": str(point.get_kind_display()),
        "address": spaced(point.address) if point.is_a_number else point.address,
        "private": point.is_private,
        "trust": str(ContactPoint.Trust.COMPROMISED.label if distrusted else point.get_trust_display()).lower(),
        "trust_why": distrusted or reason_in_words(point.trust_because),
        "rides_on": names[point.rides_on_id] if point.rides_on_id else _unsaid(point),
        "tested": in_words(state, point),
        "tested_alarm": sendable and state in ALARM,
        "href": reverse("contact-detail", args=[point.pk]) if may else "",
        "test_url": reverse("contact-test-now", args=[point.pk])
        if may and sendable and not distrusted and point.trust == ContactPoint.Trust.TRUSTED
        else "",
    }


def _unsaid(point: ContactPoint) -> str:
    return _("not said: doubted with your log-ins or mail") if point.kind in sealed_ways.CHANNELS else ""


def may_change(visitor: Visitor, point: ContactPoint) -> bool:
    """Whether this person may change a contact: their own, or any when they look after the organisation."""
    return may_open(visitor) or (point.person_id is not None and point.person_id == visitor.person_id)


def contact_or_404(contact_id: UUID) -> ContactPoint:
    point = ContactPoint.objects.filter(pk=contact_id, is_active=True).select_related("person").first()
    if point is None:
        raise Http404
    return point


@require_http_methods(GET_OR_POST)
@signed_in
@fresh
def contact_add(request: HttpRequest) -> HttpResponse:
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    form = _form(request, visitor, None)
    if request.method == "POST" and form.is_valid():
        try:
            _put(form, visitor, None)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Added. It is untested until its first test is answered."))
            return redirect("contact-list")
    return _page(request, form, None, [])


@require_http_methods(GET_OR_POST)
@signed_in
@fresh
def contact_detail(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """One contact, to change; what changed on it stands below, without its addresses."""
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    point = contact_or_404(contact_id)
    if not may_change(visitor, point):
        return refuse(request, 403, _("Your own contacts are yours to change; ask your administrator for this one."))
    form = _form(request, visitor, point)
    if request.method == "POST" and form.is_valid():
        try:
            _put(form, visitor, point)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept. Your people who look after contacts are told."))
            return redirect("contact-list")
    return contact_page(request, point, form=form)


def contact_page(
    request: HttpRequest,
    point: ContactPoint,
    *,
    form: ContactForm | None = None,
    judge: JudgeForm | None = None,
    status: int = 0,
) -> HttpResponse:
    """The page of one contact, with a form as somebody has filled it in."""
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    names = {**{str(pk): name for pk, name in names_next_door().items()}, **_people_names()}
    fields = {"is_active": _("In use"), "is_private": _("Private"), "rides_on_id": _("Rides on"),
              "person_id": _("Whose"),
              "changed_at": _("New address at"), "tested_at": _("Confirmed"), "failed_at": _("No answer")}  # fmt: skip
    history = history_of(point.pk, me=visitor.organisation_id, fields=fields, names=names)
    judge = judge or JudgeForm(initial={"trust": point.trust, "because": point.trust_because})
    return _page(
        request, form or _form(request, visitor, point, empty=True), point, history, judge=judge, status=status
    )


@require_POST
@signed_in
@fresh
def contact_retire(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    point = contact_or_404(contact_id)
    try:
        contacts.retire(point)
    except NotAllowed as refused:
        return refuse(request, 403, str(refused))
    messages.success(request, _("Taken out of use. Nobody is told by it any more."))
    return redirect("contact-list")


def _put(form: ContactForm, visitor: Visitor, point: ContactPoint | None) -> None:
    said, owner = form.said(), visitor.organisation_id
    if said.kind in sealed_ways.SEALED:
        sealed_ways.put(said, form.sealable, organisation_id=owner, point=point)
    else:
        contacts.put(said, organisation_id=owner, point=point)


def _people_names() -> dict[str, str]:
    return {str(pk): name for pk, name in Person.objects.values_list("pk", "name")}


def _form(request: HttpRequest, visitor: Visitor, point: ContactPoint | None, *, empty: bool = False) -> ContactForm:
    """`empty`: what was sent was another form."""
    people = Person.objects.filter(is_active=True, break_glass=False).exclude(
        role__in=[Role.SERVICE_ACCOUNT, Role.GUEST]
    )
    if may_open(visitor):
        choices = [("", _("Duty desk")), *((str(each.pk), each.name) for each in people)]
    else:
        choices = [(str(visitor.person_id), visitor.name)]
    systems = {str(each.pk): each.name for each in SharedSystem.objects.all()}
    if point is not None and point.rides_on_id:
        systems.setdefault(str(point.rides_on_id), names_next_door()[point.rides_on_id])
    initial = None
    if point is not None:
        initial = {
            "person": str(point.person_id or ""),
            "kind": point.kind,
            "label": point.label,
            # One's own private number alone, and only on this page, behind the passkey.
            "address": _address_of(point),
            "rides_on": str(point.rides_on_id or ""),
            "is_private": point.is_private,
            "order": point.order,
        }
    data = request.POST if request.method == "POST" and not empty else None
    return ContactForm(data, initial=initial, people=choices, systems=list(systems.items()), point=point)


def _address_of(point: ContactPoint) -> str:
    """What the form may show: never an address that is a secret."""
    if point.host:
        return ""
    return spaced(contacts.my_number(point)) if point.is_private else point.address


def _page(
    request: HttpRequest,
    form: ContactForm,
    point: ContactPoint | None,
    history: list[Any],
    *,
    judge: JudgeForm | None = None,
    status: int = 0,
) -> HttpResponse:
    contact = None
    if point is not None:
        contact = {
            "id": point.pk,
            "label": point.label,
            "private": point.is_private,
            "address": point.address,
            "trust": str(point.get_trust_display()).lower(),
            "trust_since": point.trust_since,
            "trust_why": reason_in_words(point.trust_because),
            "sealed": bool(point.host),
            "browser": point.kind == ContactPoint.Kind.PUSH,
        }
    problem = judge if judge is not None and judge.errors else form
    context = {"form": form, "contact": contact, "history": history, "judge": judge, "problem": problem}
    return render(request, "partners/contact.html", context, status=status or (422 if problem.errors else 200))
