"""Decisions of a run: what the lead is asked, in words, and what it chooses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from django.db import DatabaseError, connections, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.cacao.parts import variables_in
from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import Decision, Incident, RunAnswer
from portal.ledger.record import Actor, record

LONGEST_WHY = 600


@transaction.atomic(using="default")
def choose(*, decision_id: UUID, actor: Actor, chosen: str, why: str) -> Decision:
    """The lead chooses, once, and says why. Choosing the same again changes nothing.

    Raises:
        Decision.DoesNotExist: unknown, or not the reader's to see. NotYours: somebody else leads, or a key asks.
        Invalid: none of the choices, or no reason. WrongMoment: decided otherwise or moot, or the incident is closed.
    """
    decision = Decision.objects.select_related("incident").get(pk=decision_id)
    incident = decision.incident
    if actor.kind == "key" or incident.lead_id != actor.organisation_id:
        raise NotYours("The lead decides how the plan goes on; never a key.")
    if decision.chosen == chosen:
        return decision
    if decision.chosen is not None or decision.withdrawn_at is not None:
        raise WrongMoment("This is decided already.")
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    if incident.suspended_at is not None:
        raise WrongMoment("The exercise is put aside: do nothing more in it.")
    faults = []
    if chosen not in decision.choices:
        faults.append(Fault("/chosen", f"One of: {', '.join(map(repr, decision.choices))}."))
    if not 0 < len(why.strip()) <= LONGEST_WHY or "\0" in why:
        faults.append(Fault("/why", f"Say why, in at most {LONGEST_WHY} characters: it goes into the record."))
    if faults:
        raise Invalid(faults)
    try:
        with transaction.atomic(using="default"), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.choose(%s, %s, %s)", [decision_id, chosen, why.strip()])
    except DatabaseError as refused:
        if isinstance(refused.__cause__, psycopg.errors.CheckViolation):  # somebody was quicker
            raise WrongMoment("This is decided already.") from None
        raise
    decision.refresh_from_db()
    record(
        "incident.decided",
        actor=actor,
        audience=incident.overseers,
        subject_id=decision.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        step=decision.name,
        chosen=chosen,
        words=str(words_of(decision, chosen)),
        why=why.strip(),
    )
    return decision


def question(decision: Decision) -> str:
    if decision.kind == Decision.Kind.FAILED:
        return _("“%(step)s” was not done, and the plan does not say what then. Go on?") % {"step": decision.name}
    if decision.kind == Decision.Kind.BOUND:
        return _("“%(step)s” has been repeated %(n)s times. Once more?") % {"step": decision.name, "n": decision.lap}
    if decision.kind == Decision.Kind.REPEAT:
        return _("“%(step)s”: does this hold, so that its steps are done once more?") % {"step": decision.name}
    if set(decision.choices) == {"true", "false"}:
        return _("“%(step)s”: does this hold?") % {"step": decision.name}
    return _("“%(step)s”: which case is it?") % {"step": decision.name}


def words_of(decision: Decision, choice: str) -> str:
    if decision.kind == Decision.Kind.FAILED:
        return {"go_on": _("Go on as if it were done"), "stop": _("Do not go on from here")}[choice]
    if decision.kind == Decision.Kind.BOUND:
        return {"again": _("Once more"), "leave": _("That is enough")}[choice]
    if set(decision.choices) == {"true", "false"}:
        return {"true": _("Yes"), "false": _("No")}[choice]
    return {"default": _("None of these"), "": _("None of these")}.get(choice, choice)


def decisions_of(incident: Incident, *, me: UUID) -> list[dict[str, Any]]:
    """What the lead is to decide now, the oldest first, as `_notices.html` wants it. One query."""
    if incident.status == Incident.Status.CLOSED or me != incident.lead_id:
        return []
    waiting = Decision.objects.filter(incident=incident, chosen=None, withdrawn_at=None)
    return [
        {
            "title": question(each),
            "words": each.condition,
            "link": _("Decide"),
            "href": reverse("decision", args=[each.pk]),
        }
        for each in waiting
    ]


def answers_about(decision: Decision) -> list[dict[str, Any]]:
    """What organisations answered to what the decision is about, for the lead: who, what and their words."""
    names = variables_in(decision.condition)
    found = RunAnswer.objects.filter(incident_id=decision.incident_id, name__in=names).select_related("organisation")
    return [
        {"organisation": each.organisation.name, "name": each.name, "value": each.value}
        for each in found.order_by("organisation__name", "name")
    ]
