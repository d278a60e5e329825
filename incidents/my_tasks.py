"""*My tasks*: one card, the most urgent; made for one tired person with a phone (RULES 10, 11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.api.task_shapes import tag_of
from incidents.asking import asked_of, waiting_in
from incidents.by_telephone.page import written_in_our_name
from incidents.decisions.waiting import to_review
from incidents.handing_over import notices_of
from incidents.header import do_not_trust, header_of, others_of, silence
from incidents.models import Incident, Participant, Standing, Step, Task
from incidents.not_trusted import lines_of, mail_lines, suspicions_in
from incidents.openers import opener_notice
from incidents.own_actions.page import own_line
from incidents.personal_data.notices import waiting_for
from incidents.planned import to_answer
from incidents.planned_cuts.shown import waiting_for as cuts_to_answer
from incidents.planned_pages import cards
from incidents.running.answering import gone_on_by
from incidents.running.deciding import decisions_of
from incidents.signed_at_opening import own_agreed_on
from incidents.statements.saying import waiting_statements
from incidents.stop_confirmation import unguarded_of
from incidents.transitions import UNDO_WITHIN
from incidents.unchecked import reminders_of
from incidents.words import due_at, due_words, overdue_by, span, state, state_key, why_short
from portal import clock
from portal.pages import local_time

Row = Mapping[str, Any]
COLUMNS = (
    "id", "incident_id", "step_id", "position", "title", "status", "ready", "acknowledge_by", "finish_by", "changed_at",
    "changed_by_id", "previous_status", "version",
)  # fmt: skip
MOST_INCIDENTS = 100
OPEN = ("waiting", "acknowledged", "in_progress", "blocked")
MAIN = {
    "waiting": ("acknowledge", "I have this"),
    "acknowledged": ("start", "Start"),
    "in_progress": ("complete", "Done"),
    "blocked": ("start", "Start again"),
}


def mine_of(
    *,
    me: UUID,
    person_id: UUID | None,
    incident: Incident | None,
    name: str,
    manages: bool = False,
    narrow: bool = False,
) -> dict[str, Any]:
    """Everything that `incidents/_my_tasks.html` wants: the tasks of one incident, the newest open one.

    Whoever is `narrow` sees its own tasks and the lead's number, the way out; nothing of the others, no meeting point.
    """
    now = clock.now()
    mine: dict[str, Any] = {
        "refresh_url": reverse("my-tasks-fragment"),
        "references": [incident.reference] if incident else [],
        "narrow": narrow,
        "notices": [],
        "incident": None,
        "card": None,
        "receipt": None,
        "next": [],
        "answered": [],
        "do_not_trust": [],
        "others": None,
        "itself": None,
        "planned": [] if narrow else cards(to_answer(me)),
        "empty": [_("There is no open incident. Bulkhead tells you when there is one.")],
    }
    if incident is None:
        return mine
    standings = list(
        Standing.objects.filter(incident=incident).values("organisation_id", "slug", "name", "role", "word")
    )
    side = Participant.objects.filter(incident=incident, organisation_id=me).values(
        "told_at",
        "seen_at",
        "acknowledged_at",
        "exposure",
        "because",
        "distance",
        "organisation_id",
        "duty_phone",
        "slug",
    )[0]
    tasks = list(Task.objects.filter(incident=incident, organisation_id=me).order_by("position").values(*COLUMNS))
    open_tasks = by_urgency((task for task in tasks if task["status"] in OPEN), now)
    others = others_of(standings, silence(incident.pk), me, answered=side["acknowledged_at"] is not None)
    lead = {"organisation_id": incident.lead_id, "name": incident.lead.name}
    header = header_of(incident, [*standings, lead], [side])
    names = {each["organisation_id"]: each["name"] for each in standings}
    line = _("This is an exercise.") + " " if incident.exercise else ""
    mine |= {
        "incident": {
            **header,
            **({"href": "", "meeting_point": ""} if narrow else {}),
            "line": f"{line}{incident.title}.",
            "own_line": _own_line(side, name),
            "services_href": "" if narrow else reverse("incident-services", args=[incident.reference]),
            "why_href": "" if narrow else reverse("incident-participant", args=[incident.reference, side["slug"]]),
        },
        "notices": opener_notice(incident)
        + notices_of(incident, me=me, names=names, may_answer=manages)
        + ([] if narrow else asked_of(waiting_in(incident), me=me, names=names) + cuts_to_answer(incident, me=me))
        + ([] if narrow else decisions_of(incident, me=me))
        + written_in_our_name(incident, me=me)
        + ([] if narrow else reminders_of(incident, me=me, now=now) + waiting_for(incident, me=me))
        + ([] if narrow else waiting_statements(me, incident) + to_review(incident, me=me)),
        "receipt": _receipt(tasks, person_id, now, seen_by=header["lead"]["name"]),
        "next": [_listed(task, side, now) for task in open_tasks[1:]],
        "answered": [_listed(task, side, now) for task in tasks if task["status"] not in OPEN],
        "do_not_trust": [] if narrow else [*_not_trusted(incident, standings), *do_not_trust()],
        "itself": None if narrow else own_line(incident, me=me),
        "others": None if narrow else {"summary": others["counts"], "rows": others["others"]},
        "empty": [
            _("Every step of yours is answered.")
            if narrow
            else _("Every step of yours is answered. Others: %(counts)s.") % {"counts": others["counts"]}
        ],
    }
    if open_tasks:
        step = Step.objects.get(pk=open_tasks[0]["step_id"])
        mine["card"] = _card(open_tasks[0], step, header, now)
        wants = step.typed_confirmation and MAIN[open_tasks[0]["status"]][0] == "complete"
        mine["card"]["typed"] = unguarded_of([open_tasks[0]["id"]] if wants else []).get(open_tasks[0]["id"], [])
        mine["card"]["agreed"] = own_agreed_on(incident.pk, step.pk, me=me)
        if not narrow and side["acknowledged_at"] is None:
            on = {"words": _("Pass on"), "href": reverse("incident-pass-on", args=[incident.reference])}
            mine["card"]["others"].append(on)
    return mine


def _not_trusted(incident: Incident, standings: Sequence[Row]) -> list[str]:
    names = {each["organisation_id"]: each["name"] for each in standings}
    return [*lines_of(suspicions_in(incident.pk), names), *mail_lines(names)]


def most_urgent(organisation_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """Open tasks of the open incidents that can be done now, for the home page. Two queries: from the open incidents to
    their tasks, so that those of a year ago are not gone through."""
    now = clock.now()
    named = Incident.objects.exclude(status=Incident.Status.CLOSED).filter(suspended_at__isnull=True)
    found = {each[0]: each[1:] for each in named.values_list("id", "reference", "exercise")[:MOST_INCIDENTS]}
    tasks = Task.objects.filter(
        incident_id__in=list(found), organisation_id=organisation_id, status__in=OPEN, ready=True
    ).values(*COLUMNS)
    real_first = sorted(by_urgency(tasks, now), key=lambda task: bool(found[task["incident_id"]][1]))
    return [
        {
            "title": task["title"],
            "href": reverse("task-detail", args=[task["id"]]),
            "due": due_words(task, now),
            "overdue": overdue_by(task, now) is not None,
            "reference": found[task["incident_id"]][0],
            "exercise": found[task["incident_id"]][1],
        }
        for task in real_first[:limit]
    ]


def by_urgency(tasks: Iterable[Row], now: datetime) -> list[Row]:
    """The most urgent first."""
    return sorted(tasks, key=lambda task: _urgency(task, now))


def newest_of(organisation_id: UUID) -> Incident | None:
    """The open incident whose tasks are shown: a real one before any exercise, the newest first."""
    side = (
        Participant.objects.filter(organisation_id=organisation_id)
        .exclude(incident__status=Incident.Status.CLOSED)
        .select_related("incident__lead")
        .order_by("incident__exercise", "-incident__opened_at")
        .first()
    )
    return side.incident if side else None


def _urgency(task: Row, now: datetime) -> tuple[bool, bool, bool, datetime, int]:
    """Overdue first, then what can be done now, then by what is due next."""
    limit = due_at(task) or datetime.max.replace(tzinfo=now.tzinfo)
    late = overdue_by(task, now) is not None
    return not late, not task["ready"], task["status"] == "blocked", limit, task["position"]


def _own_line(side: Row, name: str) -> str:
    if side["exposure"] == "confirmed":
        return _("The intruder was seen at %(name)s.") % {"name": name}
    why = why_short(side["because"], side["distance"]).rstrip(".")
    return _("Nothing has been reported at %(name)s. Why you: %(name)s %(why)s.") % {"name": name, "why": why}


def _listed(task: Row, side: Row, now: datetime) -> dict[str, Any]:
    return {
        "title": task["title"],
        "href": reverse("task-detail", args=[task["id"]]),
        "due": due_words(task, now),
        "overdue": overdue_by(task, now) is not None,
        "state": state(state_key(task, side, now)),
    }


def _card(task: Row, step: Step, header: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    action, words = MAIN[task["status"]]
    detail = reverse("task-detail", args=[task["id"]])
    waits = not task["ready"] and action != "acknowledge"
    asks = action == "complete" and bool(step.answers)  # the task's own page asks what the step wants to know
    return {
        "id": str(task["id"]),
        "title": task["title"],
        "due_at": due_at(task),
        "due": due_words(task, now),
        "due_verb": _("Accept") if task["status"] == "waiting" else _("Finish"),
        "due_clock": _due_clock(task, now),
        "overdue": overdue_by(task, now) is not None,
        "do": [step.do_this],
        "who_does": step.who,
        "stops": step.stops,
        "worked": step.worked,
        "undo_how": step.undo,
        "main": None
        if waits or asks
        else {
            "words": _(words),
            "act": action,
            "tag": tag_of(task["version"]),
            "url": reverse(f"task-{action}", args=[task["id"]]),
            "extra": {},
        },
        "others": [
            {"words": _("Done: answer what it asks") if asks else _("We already did it"), "href": f"{detail}#complete"},
            {"words": _("Blocked"), "href": f"{detail}#block"},
            {"words": _("Not us"), "href": f"{detail}#decline-not_affected"},
        ],
        "lead_call": header["lead"]["call"],
    }


def _due_clock(task: Row, now: datetime) -> str:
    """What stands where the ticking countdown is, until it ticks: after *Accept* or *Finish*."""
    late, limit = overdue_by(task, now), due_at(task)
    if late is not None:
        return _("%(time)s overdue") % {"time": span(late)}
    return _("by %(time)s") % {"time": local_time(limit)} if limit else ""


def _receipt(tasks: Sequence[Row], person_id: UUID | None, now: datetime, *, seen_by: str) -> dict[str, Any] | None:
    """The newest answer of this person within the last minute, with Undo where the thumb was."""
    fresh = [
        task
        for task in tasks
        if task["changed_by_id"] == person_id and person_id and now - task["changed_at"] < UNDO_WITHIN
    ]
    fresh = [task for task in fresh if task["previous_status"]]
    stands = gone_on_by(task["id"] for task in fresh if task["status"] == "done")
    fresh = [task for task in fresh if task["id"] not in stands]
    if not fresh:
        return None
    newest = max(fresh, key=lambda task: task["changed_at"])
    return {
        "words": newest["title"],
        "at": newest["changed_at"],
        "seen_by": seen_by,
        "undo_url": reverse("task-undo", args=[newest["id"]]),
        "undo_until": newest["changed_at"] + UNDO_WITHIN,
    }
