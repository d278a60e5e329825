"""Pages of deliveries: what was sent to whom, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import Error
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.models import Incident
from incidents.views.finding import incident_or_404
from incidents.words import span
from notifications.budget import in_words
from notifications.call_reading import waiting_count
from notifications.models import Answer, Delivery
from notifications.next_words import QUIET
from notifications.outcome import way_in_words
from notifications.views_ladder import ladders_of
from partners.acting import may_answer, signed_in
from partners.models import Organisation, Person
from portal.health import planning_fails
from portal.ledger.models import Event

NEWEST = 200
ALARM = frozenset({Delivery.State.DEAD})
COLUMNS = (
    "organisation_id", "incident__status",
    "created_at", "incident_reference", "event_id", "organisation__name", "person_id", "way", "message", "state",
    "error", "pk", "accepted_at", "delivered_at", "answered_at",
)  # fmt: skip


@require_safe
@signed_in
def delivery_list(request: HttpRequest) -> HttpResponse:
    """The newest deliveries of one's own organisation, and of the incidents that it oversees."""
    context: dict[str, Any] = {
        "incident": None,
        "calls_waiting": waiting_count(),
        "ladders": [],
        "pass_on": "",
        "budget": "",
        "follow": "*",
        "refresh_url": reverse("delivery-list"),
        "empty_why": _("No incident has told anybody of your organisation yet."),
    }
    return render(request, "notifications/deliveries.html", context | _page(request, Delivery.objects.all()))


@require_safe
@signed_in
def incident_deliveries(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    names = dict(Person.objects.values_list("pk", "name"))
    ladders = ladders_of(incident, names)
    context: dict[str, Any] = {
        "ladders": ladders,
        "pass_on": reverse("incident-pass-on", args=[incident.reference])
        if may_answer(request.visitor)  # type: ignore[attr-defined]
        and any(each["until"] for each in ladders)
        else "",
        "incident": {
            "reference": incident.reference,
            "title": incident.title,
            "href": reverse("incident-board", args=[incident.reference]),
        },
        "calls_waiting": waiting_count(incident.pk),
        "budget": in_words(incident.pk),
        "follow": incident.reference,
        "refresh_url": reverse("incident-deliveries", args=[incident.reference]),
        "empty_why": _(
            "Nothing has been planned yet. A worker plans within seconds; if this stays, look at the worker."
        ),
    }
    about = Delivery.objects.filter(incident=incident)
    return render(request, "notifications/deliveries.html", context | _page(request, about))


def _page(request: HttpRequest, deliveries: QuerySet[Delivery]) -> dict[str, Any]:
    visitor = request.visitor  # type: ignore[attr-defined]
    mine = visitor.organisation_id if may_answer(visitor) else None
    newest = deliveries.order_by("-created_at", "id")
    found = list(newest.values(*COLUMNS)[:NEWEST])
    names = dict(Person.objects.values_list("pk", "name"))  # one's own people alone: row security sees to it
    about = _about([each["event_id"] for each in found if not each["incident_reference"]])
    answers = Answer.objects.filter(delivery__in=newest.values("pk")[:NEWEST]).order_by("at")
    said = {answer.delivery_id: answer for answer in answers}  # the last counts
    return {
        "deliveries": [
            {**_row(each, names, about), "said": _said(said.get(each["pk"])), "again": _again(each, mine)}
            for each in found
        ],
        "totals": _totals(found),
        "fails": _planning_in_words(),
        "page": {"next": None, "previous": None},
    }


def _planning_in_words() -> str:
    """That messages are missing here because they cannot even be written, or ''. `/healthz` says so to everybody."""
    try:
        if not planning_fails():
            return ""
    except Error:
        return _("Whether all messages could be planned is not known just now.")
    return _(
        "Some messages could not be planned in ten tries, of this or another incident. Nothing is given up: it is tried"
        " again about every five minutes. Tell the portal’s operator: the worker’s log has the reason."
    )


def _about(events: list[UUID]) -> dict[UUID, str]:
    """The organisation that each notice without an incident tells of: a liaison looks after several."""
    if not events:
        return {}
    slugs = dict(Event.objects.filter(pk__in=events).values_list("pk", "data__organisation"))
    names = dict(Organisation.objects.values_list("slug", "name"))
    return {event: names.get(slug, "") for event, slug in slugs.items()}


def _row(each: dict[str, Any], names: dict[Any, str], about: dict[UUID, str]) -> dict[str, Any]:
    reference = each["incident_reference"]
    page = "planned-detail" if each["message"] in QUIET else "incident-board"
    return {
        "at": each["created_at"],
        "incident": reference,
        "incident_href": reverse(page, args=[reference]) if reference else "",
        "organisation": each["organisation__name"],
        "person": names.get(each["person_id"], _("a person") if each["person_id"] else _("duty desk")),
        "way": way_in_words(each["way"]).lower(),
        "state": str(Delivery.State(each["state"]).label),
        "css": "alarm" if each["state"] in ALARM else "",
        "note": ". ".join(filter(None, [_told_of(each, about), each["error"]])),
        "timing": timing(each),
    }


def _told_of(each: Mapping[str, Any], about: Mapping[UUID, str]) -> str:
    """What the message is, and of which organisation it tells; '' for the opening, which goes without saying."""
    if each["message"] == Delivery.Message.OPENED:
        return ""
    whose = "" if each["incident_reference"] else about.get(each["event_id"], "")
    message = str(Delivery.Message(each["message"]).label)
    return _("%(message)s: %(organisation)s") % {"message": message, "organisation": whose} if whose else message


def _again(each: Mapping[str, Any], mine: UUID | None) -> str:
    """Where a dead message of one's own can be sent again, or ''."""
    over = each["incident__status"] == Incident.Status.CLOSED and each["message"] != Delivery.Message.STOOD_DOWN
    if each["way"] == "phone" or each["state"] != Delivery.State.DEAD or each["organisation_id"] != mine or over:
        return ""
    return reverse("delivery-again", args=[each["pk"]])


def timing(each: Mapping[str, Any]) -> str:
    """How long each thing took since the message was written: "accepted 2 s, delivered 5 s, answered 38 s"; or ''."""
    steps = (("accepted_at", _("accepted")), ("delivered_at", _("delivered")), ("answered_at", _("answered")))
    return ", ".join(
        _("%(what)s after %(time)s") % {"what": words, "time": _length(each[name] - each["created_at"])}
        for name, words in steps
        if each[name]
    )


def _length(length: timedelta) -> str:
    seconds = max(0, round(length.total_seconds()))
    return _("%(n)s s") % {"n": seconds} if seconds < 120 else span(length)


def _said(answer: Answer | None) -> str:
    """What came back, for its own organisation alone: row security sees to it."""
    if answer is None:
        return ""
    said = f"{answer.get_way_display()}: “{answer.get_said_display()}”"
    return f"{said} ({answer.words})" if answer.words else said


def _totals(found: Sequence[dict[str, Any]]) -> list[tuple[str, int]]:
    counted = Counter(each["state"] for each in found)
    return [(_("All"), len(found)), *((str(state.label), counted[state]) for state in Delivery.State if counted[state])]
