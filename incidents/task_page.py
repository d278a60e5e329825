"""A task's page: what to do and why, the answers that are open to this reader, what has been said so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.by_telephone.forms import ReportForm
from incidents.by_telephone.page import reported_on
from incidents.evidence.keeping import TASK, count_of
from incidents.feed import WORDS, mark_on
from incidents.header import header_of
from incidents.models import Participant, Standing, Task
from incidents.not_trusted import suspicions_in
from incidents.running.answering import gone_on_by
from incidents.signed_at_opening import agreed_on
from incidents.stop_confirmation import unguarded_services
from incidents.tool_words import answered_by_tool, tool_words
from incidents.transitions import UNDO_WITHIN
from incidents.words import due_words, overdue_by, state, state_key, way
from partners.acting import may_answer, may_open
from partners.models import Person
from portal import clock
from portal.ledger.models import Event
from portal.pages import local_time
from portal.tenancy.door import Visitor

D3FEND = "https://d3fend.mitre.org/technique/d3f:"


def task_page(
    task: Task, *, visitor: Visitor, typed: str | None = None, reported: ReportForm | None = None
) -> dict[str, Any]:
    """`{"incident", "task"}` for `incidents/task.html`. A fixed number of queries.

    `typed`: what was typed instead of the name of a service that stops. `reported`: a form of `by_telephone` as sent.
    """
    now = clock.now()
    incident, step = task.incident, task.step
    standings = list(Standing.objects.filter(incident=incident).values("organisation_id", "slug", "name"))
    side = Participant.objects.filter(incident=incident, organisation_id=task.organisation_id).values(
        "organisation_id", "told_at", "told_by", "seen_at", "duty_phone"
    )[0]
    narrow = visitor.reach != "all"
    if narrow:  # the others' names are not there, and the lead is the way out
        standings.append({"organisation_id": incident.lead_id, "slug": "", "name": incident.lead.name})
    header = header_of(incident, standings, [side])
    if narrow:
        header |= {"href": "", "deputy": None, "meeting_point": ""}
    plain = {
        "status": task.status,
        "acknowledge_by": task.acknowledge_by,
        "finish_by": task.finish_by,
        "ready": task.ready,
    }
    own = task.organisation_id == visitor.organisation_id
    answers = _answers(task, visitor, own=own)
    stops = unguarded_services(task) if any(each["key"] == "complete" for each in answers) else []
    return {
        "incident": header,
        "task": {
            "id": str(task.pk),
            "title": task.title,
            "organisation": task.organisation.name,
            "state": state(state_key(plain, side, now)),
            "due": due_words(plain, now),
            "overdue": overdue_by(plain, now) is not None,
            "do": [step.do_this, *(f"{each['kind']}: {each['text']}" for each in step.instructions)],
            "agreed": agreed_on(
                task, {each["organisation_id"]: each["name"] for each in standings}, me=visitor.organisation_id
            ),
            "why": step.why,
            "cannot": step.cannot,
            "who_does": step.who,
            "stops": step.stops,
            "worked": step.worked,
            "undo_how": step.undo,
            "facts": _facts(task, side),
            "references": [
                {"id": each["id"], "name": each["name"], "href": D3FEND + each["name"].replace(" ", "")}
                for each in step.d3fend
            ],
            "lead_call": header["lead"]["call"] if narrow else None,
            "answers": answers,
            "confirm": {"names": stops, "typed": typed, "given": answered_by_tool(task, own=own)} if stops else None,
            "tool": tool_words(task, own=own, may=may_answer(visitor)),
            "evidence": step.evidence,
            "kept_evidence": _evidence(task, own=own and not narrow),
            "reported": reported_on(task, visitor, number=side["duty_phone"], form=reported),
            "receipt": _receipt(task, visitor, header, now),
            "history": _history(task, standings, narrow=narrow),
        },
    }


def _evidence(task: Task, *, own: bool) -> dict[str, str] | None:
    """The link to what the own organisation keeps as proof; None for whoever has none here."""
    if not own:
        return None
    count = count_of(TASK, task.pk)
    words = (
        ngettext("Evidence: one file", "Evidence: %(n)s files", count) % {"n": count} if count else _("Add evidence")
    )
    return {"words": words, "href": reverse("task-evidence", args=[task.pk])}


def _facts(task: Task, side: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = f"{local_time(side['told_at'])}, {way(side['told_by'])}" if side["told_at"] else _("not yet")
    facts = [
        (_("Told"), told),
        (_("Seen"), local_time(side["seen_at"]) or _("not yet")),
        (_("Accepted"), local_time(task.acknowledged_at) or _("not yet")),
    ]
    if task.done_at:
        facts.append((_("Done"), local_time(task.done_at)))
    if task.reason:
        facts.append((_("Reason"), task.reason))
    if task.exempt_because:
        facts.append((_("Exempt, says the lead"), task.exempt_because))
    return facts


def _answers(task: Task, visitor: Visitor, *, own: bool) -> list[dict[str, Any]]:
    if task.incident.status == "closed":
        return []
    answers: list[dict[str, Any]] = []

    def offer(
        key: str,
        words: str,
        *,
        primary: bool = False,
        reason: str = "",
        label: str = "",
        kind: str = "",
        asked: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        address = reverse(f"task-{key}", args=[task.pk])
        answers.append(
            {
                "key": f"{key}-{kind}" if kind else key,
                "words": words,
                "url": address,
                "primary": primary,
                "reason": reason,
                "reason_label": label,
                "extra": {"as": kind} if kind else {},
                "asked": list(asked),
            }
        )

    arrows = Task.MOVES[task.status]
    if own and may_answer(visitor):
        if "acknowledged" in arrows:
            offer("acknowledge", _("I have this"), primary=task.status == "waiting")
        if task.ready and "in_progress" in arrows:
            offer("start", _("Start"), primary=task.status in {"acknowledged", "blocked"})
        if task.ready and "done" in arrows and task.status != "verified":
            offer("complete", _("Done"), primary=task.status == "in_progress", asked=task.asks)
        if "blocked" in arrows:
            offer("block", _("Blocked"), reason="required", label=_("What blocks it?"))
        if "not_affected" in arrows:
            offer("decline", _("Not needed here"), reason="required", label=_("Why not?"), kind="not_affected")
            offer("decline", _("We refuse"), reason="required", label=_("Why?"), kind="declined")
    incident = task.incident
    checker = incident.deputy_lead_id if task.organisation_id == incident.lead_id else incident.lead_id
    if may_open(visitor) and not own and visitor.organisation_id == checker and task.status == "done":
        offer("verify", _("Checked: it is done"), primary=True)
    if may_open(visitor) and visitor.organisation_id == incident.lead_id and "cancelled" in arrows:
        offer("cancel", _("Call this step off"))
        if not own and task.status not in {"done", "verified"}:
            offer(
                "exempt", _("Exempt them"), reason="required", label=_("Why? They read it, and the step waits no more.")
            )
    return answers


def _receipt(task: Task, visitor: Visitor, header: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    fresh = task.changed_by_id == visitor.person_id and now - task.changed_at < UNDO_WITHIN and task.previous_status
    if not fresh or task.organisation_id != visitor.organisation_id:
        return None
    if task.status == "done" and gone_on_by([task.pk]):
        return None
    return {
        "words": task.title,
        "at": task.changed_at,
        "seen_by": header["lead"]["name"],
        "undo_url": reverse("task-undo", args=[task.pk]),
        "undo_until": task.changed_at + UNDO_WITHIN,
    }


def _history(task: Task, standings: Sequence[Mapping[str, Any]], *, narrow: bool) -> list[dict[str, Any]]:
    """What was said about this task; people are named to their own organisation alone (row security sees to it)."""
    events = list(Event.objects.filter(incident_id=task.incident_id, subject_id=task.pk).order_by("-pos")[:50])
    people = dict(Person.objects.filter(pk__in=[event.actor_person_id for event in events]).values_list("pk", "name"))
    by_id = {each["organisation_id"]: each["name"] for each in standings}
    found = [] if narrow else suspicions_in(task.incident_id)
    by_slug = {each["slug"]: each["name"] for each in standings}
    return [
        {
            "at": event.at,
            "who": (people.get(event.actor_person_id) if event.actor_person_id else None)
            or (by_id.get(event.actor_organisation_id) if event.actor_organisation_id else None)
            or _("Bulkhead"),
            "words": WORDS[event.kind](event.data, by_slug) if event.kind in WORDS else event.kind,
            "mark": mark_on(event, found, by_id),
        }
        for event in events
    ]
