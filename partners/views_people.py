"""Pages of an organisation's own people. Changes are an administrator's, with a passkey used just now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners import administering
from partners.acting import actor_of, may_administer, signed_in
from partners.administering import NotThis, why_no_link
from partners.approvals import NotAllowed
from partners.forms_people import PersonForm
from partners.models import Authenticator, Person, PersonSession
from partners.stepping_up import fresh
from partners.ways_in import WaysIn, ways_in
from portal import clock
from portal.pages import ago, local_time

GET_OR_POST = ["GET", "HEAD", "POST"]
Role = Person.Role


@require_safe
@signed_in
def people(request: HttpRequest) -> HttpResponse:
    """Everybody of one's own organisation, and how they get in."""
    visitor = request.visitor  # type: ignore[attr-defined]
    administers = may_administer(visitor)
    ways = ways_in()
    rows = [
        row_of(person, ways.get(person.pk, WaysIn(person.pk)), administers=administers)
        for person in Person.objects.order_by("-is_active", "break_glass", "name")
    ]
    return render(request, "partners/people.html", {"people": rows, "administers": administers})


def row_of(person: Person, ways: WaysIn, *, administers: bool) -> dict[str, Any]:
    """What the list says of one person; when they were last here only to administrators."""
    return {
        "name": person.name,
        "href": reverse("person-detail", args=[person.pk]) if administers else "",
        "role": _("break-glass account") if person.break_glass else str(person.get_role_display()),
        "duty": "" if person.duty.casefold() == str(person.get_role_display()).casefold() else person.duty,
        "ways": "" if person.role == Role.SERVICE_ACCOUNT else ", ".join(ways.words()),
        "alone": ways.passkeys_alone > 0,
        "machine": person.role == Role.SERVICE_ACCOUNT,
        "seen": _("%(time)s ago") % {"time": ago(ways.last_seen)} if ways.last_seen else _("never"),
        "standing": _standing(person),
    }


def _standing(person: Person) -> str:
    if not person.is_active:
        return _("switched off")
    if person.access_ends_at is None:
        return ""
    over = person.access_ends_at <= clock.now()
    words = _("access ended %(time)s") if over else _("until %(time)s")
    return words % {"time": local_time(person.access_ends_at, "%-d %B, %H:%M")}


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def add(request: HttpRequest) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    form = PersonForm(request.POST if request.method == "POST" else None, initial={"role": Role.RESPONDER})
    if request.method == "POST" and form.is_valid():
        try:
            person = administering.add_person(form.who(), actor=actor_of(visitor), slug=visitor.organisation_slug)
        except NotThis as refused:
            form.add_error("email", str(refused))
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Added. %(name)s cannot sign in yet.") % {"name": person.name})
            return redirect("person-detail", person_id=person.pk)
    return render(request, "partners/people_add.html", {"form": form}, status=422 if form.errors else 200)


def person_or_404(person_id: UUID) -> Person:
    """Somebody of one's own organisation: row security shows no other."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise Http404
    return person


@require_safe
@signed_in(may=may_administer)
def detail(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = person_or_404(person_id)
    return render(request, "partners/people_person.html", page_of(request, person))


def page_of(request: HttpRequest, person: Person, *, link: str = "") -> dict[str, Any]:
    """What the page of one person wants; `link` is a new enrolment link, shown this once."""
    visitor = request.visitor  # type: ignore[attr-defined]
    ways = ways_in().get(person.pk, WaysIn(person.pk))
    devices = Authenticator.objects.filter(person=person).select_related("rides_on").order_by("created_at")
    sessions = PersonSession.objects.filter(person=person, ended_at=None).order_by("-last_seen_at")
    return {
        "person": row_of(person, ways, administers=True)
        | {
            "id": str(person.pk),
            "email": "" if person.email.endswith(administering.NOBODY_S) else person.email,
            "active": person.is_active,
            "break_glass": person.break_glass,
            "self": person.pk == visitor.person_id,
            "has_ways": ways.has_authenticator or ways.federated or ways.has_password,
        },
        "devices": [
            {
                "label": each.label,
                "kind": str(each.get_kind_display()),
                "rides_on": each.rides_on.name if each.rides_on else each.rides_on_words,
                "said": each.is_described,
                "used": _("%(time)s ago") % {"time": ago(each.last_used_at)} if each.last_used_at else _("never"),
            }
            for each in devices.only(
                "label", "kind", "rides_on__name", "rides_on_words", "described_at", "last_used_at"
            )
        ],
        "sessions": [
            {
                "how": str(each.get_born_display()),
                "since": each.started_at,
                "seen": ago(each.last_seen_at),
                "address": each.address or "",
                "browser": each.browser[:60],
                "own": each.pk == visitor.session_id,
                "end_url": reverse("person-session-end", args=[person.pk, each.pk]),
            }
            for each in sessions
        ],
        "why_no_link": why_no_link(person),
        "link": link,
    }


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def change(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = person_or_404(person_id)
    initial = {"name": person.name, "role": person.role, "duty": person.duty}
    form = PersonForm(request.POST if request.method == "POST" else None, initial=initial, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            administering.change_person(person, form.who(), actor=actor_of(request.visitor))  # type: ignore[attr-defined]
        except NotAllowed as refused:
            form.add_error("role" if "role" in form.fields else None, str(refused))
        else:
            messages.success(request, _("Changed. It counts from the next page that they open."))
            return redirect("person-detail", person_id=person.pk)
    context = {"form": form, "person": {"id": str(person.pk), "name": person.name}}
    return render(request, "partners/people_change.html", context, status=422 if form.errors else 200)
