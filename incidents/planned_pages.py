"""Planned work as its pages show it: in words, with the word *Planned work* where an incident has its severity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from incidents.models import PlannedChange, PlannedSide, PlannedWork
from incidents.planned import OPEN, answer_key, told
from incidents.stopping import Stopped, because_in_words
from incidents.words import organisations
from portal.pages import local_time

Status, Answer = PlannedWork.Status, PlannedSide.Answer
LISTED = 100
# Word, shape, class of the style sheet. Never red: nothing here is an alarm, and silence is no answer either.
ANSWERS = {
    "known": (lazy("Knows of it"), "●", "state--accepted"),
    "objects": (lazy("Objects"), "⊘", "state--refused"),
    "old": (lazy("Answered for the old times"), "◐", "state--doing"),
    "waiting": (lazy("No answer yet"), "◇", "state--told"),
    "silent": (lazy("Not confirmed"), "?", "state--nobody-told"),
}
TOLD = {
    "told": lazy("Sent"),
    "waiting": lazy("Goes out by day, when somebody is on duty"),
    "failed": lazy("None could be sent: ring them"),
    "unneeded": lazy("None: it was over before one went out"),
}
CHANGES = {each.value: str(each.label) for each in PlannedChange.What}


def when(work: PlannedWork) -> str:
    """From when to when, in local time, the day once when it is one day."""
    same_day = local_time(work.starts_at, "%Y%j") == local_time(work.ends_at, "%Y%j")
    begins = local_time(work.starts_at, "%-d %B %Y, %H:%M")
    return _("%(begins)s to %(ends)s") % {
        "begins": begins,
        "ends": local_time(work.ends_at, "%H:%M" if same_day else "%-d %B %Y, %H:%M"),
    }


def standing(work: PlannedWork, now: datetime) -> str:
    """How far it is, in words: late, under way, taking longer, finished, called off."""
    if work.status == Status.ANNOUNCED and now >= work.starts_at:
        return _("Late: announced for %(at)s, not begun yet") % {"at": local_time(work.starts_at)}
    if work.status == Status.RUNNING:
        over = now >= work.ends_at
        return _("Under way, longer than announced") if over else _("Under way")
    return str(Status(work.status).label)


def chip(key: str) -> dict[str, str]:
    word, shape, css = ANSWERS[key]
    return {"word": str(word), "shape": shape, "css": css}


def counts(keys: Sequence[str]) -> str:
    """`3 know of it, 1 objects, 2 not confirmed`: silence is named beside the answers, and adds up with them."""
    counted = Counter(keys)
    parts = [
        (counted["known"], ngettext("%(n)s knows of it", "%(n)s know of it", counted["known"])),
        (counted["objects"], ngettext("%(n)s objects", "%(n)s object", counted["objects"])),
        (
            counted["old"],
            ngettext("%(n)s answered for the old times", "%(n)s answered for the old times", counted["old"]),
        ),
        (counted["waiting"], ngettext("%(n)s has not answered yet", "%(n)s have not answered yet", counted["waiting"])),
        (counted["silent"], ngettext("%(n)s not confirmed", "%(n)s not confirmed", counted["silent"])),
    ]
    return ", ".join(words % {"n": n} for n, words in parts if n)


def list_rows(*, me: UUID, now: datetime, over: bool = False) -> list[dict[str, Any]]:
    """Planned work that one announced or is reached by, the latest first; three queries."""
    works = PlannedWork.objects.select_related("announced_by").prefetch_related("systems", "sides")
    works = works.exclude(status__in=OPEN) if over else works.filter(status__in=OPEN)
    return [_listed(work, me, now) for work in works[:LISTED]]


def _listed(work: PlannedWork, me: UUID, now: datetime) -> dict[str, Any]:
    sides = list(work.sides.all())
    mine = work.announced_by_id == me
    own = next((side for side in sides if side.organisation_id == me), None)
    if mine:
        word = counts([answer_key(side, work, now) for side in sides]) or _("nobody else is reached")
    else:
        word = chip(answer_key(own, work, now))["word"] if own else ""
    return {
        "reference": work.reference,
        "title": work.title,
        "href": reverse("planned-detail", args=[work.reference]),
        "standing": standing(work, now),
        "when": when(work),
        "systems": ", ".join(system.name for system in work.systems.all()),
        "by": work.announced_by.name,
        "word": word,
        "needs_you": own is not None and work.status in OPEN and own.answered_window != work.window,
    }


def page_of(work: PlannedWork, *, me: UUID, now: datetime, manages: bool, answers: bool) -> dict[str, Any]:
    """Everything that `incidents/planned_detail.html` wants. A fixed number of queries."""
    sides = list(PlannedSide.objects.filter(work=work).order_by("name"))
    mine = work.announced_by_id == me
    own = None if mine else next((side for side in sides if side.organisation_id == me), None)
    said = told(work) if mine else {}
    return {
        "reference": work.reference,
        "title": work.title,
        "standing": standing(work, now),
        "over": work.status not in OPEN,
        "facts": [
            (_("System"), ", ".join(work.systems.values_list("name", flat=True))),
            (_("When"), when(work)),
            (_("What stops"), work.stops),
            (_("Meanwhile"), work.fallback or _("nothing was said")),
            (_("Ask"), work.ask),
            (_("Announced by"), work.announced_by.name),
        ],
        "mine": mine,
        "summary": counts([answer_key(side, work, now) for side in sides]),
        "confirm_by": work.confirm_by,
        "sides": [_side(side, work, said, now) for side in sides] if mine else [],
        "own": _own(own, work, now, may_answer=answers) if own else None,
        "acts": _acts(work, now) if mine and manages else [],
        "changes": [
            {
                "at": change.at,
                "what": CHANGES[change.what],
                "words": change.words,
                "when": when_of(change) if change.what in {"moved", "extended"} else "",
            }
            for change in work.changes.order_by("-at")
        ],
    }


def when_of(change: PlannedChange) -> str:
    return when(PlannedWork(starts_at=change.starts_at, ends_at=change.ends_at))


def _side(side: PlannedSide, work: PlannedWork, said: dict[UUID, str], now: datetime) -> dict[str, Any]:
    return {
        "name": side.name,
        "because": because_in_words(side.because),
        "told": str(TOLD[said.get(side.organisation_id, "waiting")]),
        "answer": chip(answer_key(side, work, now)),
        "reason": side.reason,
        "at": side.answered_at,
    }


def _own(side: PlannedSide, work: PlannedWork, now: datetime, *, may_answer: bool) -> dict[str, Any]:
    return {
        "name": side.name,
        "because": because_in_words(side.because),
        "answer": chip(answer_key(side, work, now)),
        "reason": side.reason,
        "at": side.answered_at,
        "window": work.window,
        "again": side.answered_window not in {0, work.window},
        "may_answer": may_answer and work.status in OPEN,
        "known": side.answer == Answer.KNOWN and side.answered_window == work.window,
    }


def _acts(work: PlannedWork, now: datetime) -> list[str]:
    """What can be said on now. The database decides; this only spares useless buttons."""
    if work.status == Status.ANNOUNCED:
        return [*(["started"] if now >= work.starts_at else []), "moved", "cancelled"]
    return ["finished", "extended", "cancelled"] if work.status == Status.RUNNING else []


def preview_of(reached: Sequence[Stopped], *, ask_again: bool = False) -> dict[str, Any]:
    """What `incidents/_planned_preview.html` wants: who is reached and why, and the message word for word."""
    return {
        "reached": [
            {
                "name": each.name,
                "because": because_in_words(each.because),
                "stops": ", ".join(each.services) or _("nothing recorded"),
                "critical": each.critical,
            }
            for each in reached
        ],
        "effects": [
            _("Puts one card before each of %(n)s: know of it, or object.") % {"n": organisations(len(reached))}
            if reached
            else _("Nobody else hangs on it: it stands in your list, and no message goes out."),
            _("Sends each of them one message, by day, when somebody there is on duty. Nobody is woken."),
            _("Starts no clock, changes no trust, and is no incident. An alarm on the system still counts."),
            _("Whoever stays silent is shown to you as not confirmed."),
        ][: 4 if reached else 1],
        "message": _(
            "Planned work. No incident. You have a notice in Bulkhead, PLN-…, code …. "
            "Open the app or type the address on your card. Never sign in from a link."
        ),
    }


def cards(sides: Sequence[PlannedSide]) -> list[dict[str, Any]]:
    """What waits for an answer, for *My tasks*."""
    return [
        {
            "title": side.work.title,
            "when": when(side.work),
            "by": side.work.announced_by.name,
            "href": reverse("planned-detail", args=[side.work.reference]),
            "moved": side.answered_window > 0,
        }
        for side in sides
    ]


def lines_beside(works: Sequence[PlannedWork], *, now: datetime) -> list[dict[str, str]]:
    """What a board says of work on the incident's systems."""
    return [
        {
            "words": _(
                "Planned work on an attacked system: %(title)s, %(when)s, %(standing)s. Do not take what you see for"
                " the work: ask %(by)s, %(ask)s."
            )
            % {
                "title": work.title,
                "when": when(work),
                "standing": standing(work, now).lower(),
                "by": work.announced_by.name,
                "ask": work.ask,
            },
            "href": reverse("planned-detail", args=[work.reference]),
            "link": work.reference,
        }
        for work in works
    ]
