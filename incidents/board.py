"""The incident board as one document: every number on it comes from the same few queries at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.asking import ask_on_rows, asked_of, waiting_in
from incidents.board_has import board_has
from incidents.by_telephone.page import written_in_our_name
from incidents.composer import composer_of
from incidents.decisions.known import current_card
from incidents.decisions.waiting import to_review
from incidents.duties import own_clock
from incidents.feed import feed_of
from incidents.feed_filters import links
from incidents.from_above import why_opened
from incidents.handing_over import notices_of
from incidents.header import do_not_trust, header_of, others_of
from incidents.left_untold import still_untold
from incidents.matrix import Column, Own, cells_of, columns_of, first_due, tasks_in
from incidents.merging import merged_notice
from incidents.models import Incident, Participant, Standing, Task
from incidents.not_trusted import lines_of, mail_lines, short_of, suspicions_in
from incidents.openers import opener_notice
from incidents.own_actions.page import did_itself
from incidents.personal_data.notices import waiting_for
from incidents.planned import beside
from incidents.planned_cuts import contain_first
from incidents.planned_cuts.shown import waiting_for as cuts_to_answer
from incidents.planned_pages import lines_beside
from incidents.promised import reminder_of
from incidents.running.deciding import decisions_of
from incidents.services.saying import counted
from incidents.services.shown import short
from incidents.signed_at_opening import board_block
from incidents.statements.saying import waiting_statements
from incidents.tabs import Reader, tabs_of
from incidents.tiles import tiles_of
from incidents.unchecked import reminders_of
from incidents.words import (
    STATES,
    due_words,
    exposure,
    overdue_by,
    role,
    said_words,
    span,
    state,
    state_key,
    way,
    why_short,
)
from portal import clock
from portal.pages import local_time
from portal.postgres.prepared import Prepared

Row = Mapping[str, Any]
# Of one's own tasks, for what a partner's board opens with.
TASK_COLUMNS = ("id", "path", "step_id", "position", "title", "status", "ready", "acknowledge_by", "finish_by")
SIDE_COLUMNS = (
    "organisation_id", "slug", "name", "role", "is_provider", "exposure", "distance", "because", "told_at", "told_by",
    "delivered_at", "seen_at", "acknowledged_at", "people_told", "people_seen", "not_told_because", "duty_name",
    "duty_phone", "said", "said_by", "said_at", "tasks_total", "tasks_open", "tasks_settled", "tasks_blocked",
    "containing_open", "next_step", "next_step_at", "times_climbed",
)  # fmt: skip
_SIDES = Prepared(Participant, "incident_id = %s", order="name", columns=SIDE_COLUMNS)
_STANDINGS = Prepared(
    Standing, "incident_id = %s", order="name", columns=("organisation_id", "slug", "name", "role", "word")
)
MINUTE = timedelta(minutes=1)
# RULES 5: who needs the lead most stands first.
RANKS = ("unreachable", "overdue", "blocked", "silent", "acting", "contained", "not-needed")


def sides_of(incident: Incident) -> list[dict[str, Any]]:
    """The sides that the reader may see, as a board wants them. One query."""
    return _SIDES.values(incident.pk)


def board_of(
    incident: Incident,
    *,
    me: UUID,
    may_lead: bool,
    manages: bool = False,
    feed: str = "",
    sides: Sequence[Row] | None = None,
) -> dict[str, Any]:
    """Everything that `incidents/_board.html` wants, as the organisation `me` may see it. A fixed number of queries.

    `manages`: the reader may answer for its organisation when it is asked to lead. `feed`: which part of what happened
    (`feed_filters`). `sides`: of `sides_of`, where they have just been read.
    """
    now = clock.now()
    sides = sides_of(incident) if sides is None else sides
    standings = _STANDINGS.values(incident.pk)
    tasks = tasks_in(incident, now=now)
    silent, has = board_has(incident, me=me, now=now)
    oversees = me in incident.overseers
    own = tasks.get(me, {})
    columns = columns_of(tasks.values() if oversees else [own])
    words = {each["organisation_id"]: each["word"] for each in standings}
    shown = sides if oversees else [side for side in sides if side["organisation_id"] == me]
    page = reverse("incident-participant", args=[incident.reference, "-"])
    rows = [
        {**_row(incident, side, tasks, columns, words, me), "href": page.replace("/-/", f"/{side['slug']}/")}
        for side in shown
    ]
    rows.sort(key=lambda row: row.pop("order"))
    # The board of whoever oversees has no room for it (RULES 2): there the tab says so, and My tasks says it whole.
    to_read = waiting_for(incident, me=me) if "data notices" in has else []
    to_answer = waiting_statements(me, incident) if "statements" in has else []
    cuts = cuts_to_answer(incident, me=me) if "cuts to answer" in has else []
    reviews = to_review(incident, me=me) if "reviews" in has else []
    names = {each["slug"]: each["name"] for each in standings}
    by_id = {each["organisation_id"]: each["name"] for each in standings}
    duty = own_clock(incident, me=me) if "duties" in has else None
    found = suspicions_in(incident.pk) if "suspicions" in has else []
    ids = {each["slug"]: each["organisation_id"] for each in standings}
    itself = did_itself(incident) if "own actions" in has else {}
    asked = waiting_in(incident) if ("questions of others" if may_lead else "questions") in has else {}
    if may_lead:
        ask_on_rows(rows, incident, asked={slug: asked[key] for slug, key in ids.items() if key in asked})
        of, presses = {side["slug"]: side for side in shown}, _presses(incident)
        for row in rows:
            if row["ladder"]:
                row["ladder"]["presses"] = _presses_on(of[row["slug"]], presses)
    services = counted(incident)
    for row in rows:
        row["itself"] = itself.get(ids[row["slug"]], "") if row["slug"] in ids else ""
        row["not_trusted"] = short_of(found, ids[row["slug"]]) if row["slug"] in ids else ""
        row["services"] = short(services.get(ids.get(row["slug"])))
    lines = [*lines_of(found, by_id), *(mail_lines(by_id) if "mail marks" in has else ())]
    return {
        "refresh_url": reverse("incident-board-fragment", args=[incident.reference])
        + (f"?feed={feed}" if feed else ""),
        "view": "lead" if oversees else "partner",
        "incident": header_of(incident, standings, sides),
        "exercise": incident.exercise,
        "suspected": incident.status == "suspected",
        "planned": lines_beside(beside(incident, now=now), now=now) if "planned work" in has else [],
        "notices": opener_notice(incident, may_say=may_lead)
        + reminder_of(incident, leads=me == incident.lead_id, may_send=may_lead, now=now)
        + (notices_of(incident, me=me, names=by_id, may_answer=manages) if "handovers" in has else [])
        + asked_of(asked, me=me, names=by_id)
        + cuts
        + (decisions_of(incident, me=me) if "decisions" in has else [])
        + (written_in_our_name(incident, me=me) if "reported answers" in has else [])
        + merged_notice(incident)
        + why_opened(incident)
        + (reminders_of(incident, me=me, now=now) if "done long ago" in has else [])
        + ([] if oversees else to_read + to_answer + reviews),
        "signed": board_block(incident, by_id, me=me, oversees=oversees) if "signatures" in has else None,
        "cuts": contain_first.board_block(incident, me=me, may_plan=manages, any_planned="cuts" in has),
        "buttons": _buttons(incident, may_lead=may_lead),
        "tiles": tiles_of(incident, sides, standings, silent, duty, now, oversees=oversees),
        "tabs": tabs_of(
            incident,
            Reader(
                own_slug=None if oversees else next((each["slug"] for each in rows), None),
                manages=manages,
                to_read=len(to_read) if oversees else 0,
                to_answer=len(to_answer) if oversees else 0,
                cuts=len(cuts),
                reviews=len(reviews),
            ),
        ),
        "steps": [
            {
                "key": str(position),
                "short": step["short_title"] or step["title"],
                "title": step["title"],
                "href": _step_href(step),
            }
            for _place, position, step in columns
        ],
        "rows": rows,
        "partner": None if oversees else _partner(incident, sides, standings, silent, me, now, lines),
        "not_trusted": lines if oversees else [],
        "untold": _untold(incident, may_lead=may_lead, any_untold="untold" in has),
        "card": current_card(incident) if "card" in has else None,
        "known_href": reverse("incident-known", args=[incident.reference]),
        "feed": feed_of(incident.pk, names=names, by_id=by_id, found=found, part=feed, me=me),
        "composer": composer_of(incident, sides, standings, me=me, may_lead=may_lead),
        "feed_part": feed,
        "feed_links": links(feed, address=reverse("incident-board", args=[incident.reference])),
        "legend": [state(key) for key in STATES],
    }


def _untold(incident: Incident, *, may_lead: bool, any_untold: bool) -> dict[str, Any]:
    """Who is left untold and why, for those who oversee; `href`: where the lead tells one all the same."""
    rows = [
        {
            "name": row["name"],
            "exposure": exposure(row["exposure"]),
            "because": row["because"],
            "at": row["at"],
            "by": row["decided_by"],
        }
        for row in (still_untold(incident) if any_untold else ())
    ]
    may_tell = may_lead and incident.status != Incident.Status.CLOSED
    return {"rows": rows, "href": reverse("incident-let-in", args=[incident.reference]) if may_tell else ""}


def _step_href(step: Row) -> str:
    return reverse("playbook-detail", args=[step["playbook_id"]]) + f"#step-{step['position']}"


def _row(
    incident: Incident,
    side: Row,
    tasks: Mapping[UUID, Own],
    columns: Sequence[Column],
    words: Mapping[UUID, str],
    me: UUID,
) -> dict[str, Any]:
    own = tasks.get(side["organisation_id"], {})
    late = [timedelta(seconds=task.late) for task in own.values() if task.late is not None and task.late > 0]
    tag = _tag(side, own, words.get(side["organisation_id"], ""), late=bool(late), closed=incident.status == "closed")
    silent = side["acknowledged_at"] is None and incident.status != "closed"
    ladder = _ladder(incident, side, own, tag, late) if silent and side["organisation_id"] != me else None
    return {
        "slug": side["slug"],
        "name": side["name"],
        "own": side["organisation_id"] == me,
        "role": role(side["role"]),  # that a provider is the deputy lead too stands in the header
        "exposure": exposure(side["exposure"]),
        "because": why_short(side["because"], side["distance"], brief=True),
        "said": said_words(side),
        "tags": [tag, *(["silent"] if silent else [])],
        "ladder": ladder,
        "ask": None,
        "cells": "" if ladder else cells_of(own, side, columns),
        "order": (RANKS.index(tag), -(side["tasks_blocked"] or 0), side["distance"] or 0, side["name"]),
    }


def _tag(side: Row, own: Own, word: str, *, late: bool, closed: bool) -> str:
    if closed:
        return "contained" if word == "contained" else "acting"
    if side["acknowledged_at"] is None:
        return "unreachable" if side["not_told_because"] and not side["told_at"] else "overdue" if late else "silent"
    if late:
        return "overdue"
    if side["tasks_blocked"] or any(task.status == "declined" for task in own.values()):
        return "blocked"
    if own and all(task.status == "not_affected" for task in own.values()):
        return "not-needed"
    return "contained" if word == "contained" else "acting"


def _ladder(incident: Incident, side: Row, own: Own, tag: str, late: Sequence[timedelta]) -> dict[str, Any]:
    """RULES 4: until somebody answers, one line: told when and how, seen or not, what is next, whom to call."""
    parts: list[dict[str, Any]] = []

    def say(words: str, *, strong: bool = False) -> None:
        parts.append({"words": words, "strong": strong})

    if side["told_at"]:
        say(_("Told %(time)s by %(way)s") % {"time": local_time(side["told_at"]), "way": way(side["told_by"])})
    elif side["not_told_because"]:
        say(_("Not told: %(why)s") % {"why": side["not_told_because"]}, strong=True)
    else:
        say(_("Nobody told yet"), strong=True)
    if side["told_at"] and side["not_told_because"]:
        say(side["not_told_because"], strong=True)
    if side["seen_at"]:
        say(_("seen %(time)s, not accepted") % {"time": local_time(side["seen_at"])})
    elif side["told_at"]:
        silent = clock.now() - side["told_at"]
        words = _("not seen for %(time)s") % {"time": span(silent)} if silent >= MINUTE else _("not seen yet")
        say(words, strong=True)
    limit = first_due(own)
    if limit and not late:
        say(_("an answer is due by %(time)s") % {"time": local_time(limit)})
    if late:
        say(_("answer %(time)s overdue") % {"time": span(max(late))}, strong=True)
    if side["times_climbed"]:
        say(_("nobody on their ladder has answered"), strong=True)
    if side["next_step"] and side["next_step_at"]:
        say(_("next: %(what)s at %(time)s") % {"what": side["next_step"], "time": local_time(side["next_step_at"])})
    href = reverse("call-organisation", args=[incident.reference, side["slug"]])
    call = {"name": side["duty_name"] or side["name"], "href": href} if side["duty_phone"] else None
    css = "unreachable" if tag == "unreachable" else "overdue" if late else "waiting"
    return {"css": css, "parts": parts, "rank": "", "call": call, "presses": []}


def _presses(incident: Incident) -> list[tuple[str, str, str]]:
    """What the lead may do about somebody who has not answered, beside ringing: words, name, address of a row "-"."""
    if incident.status in {Incident.Status.SUSPECTED, Incident.Status.CLOSED}:
        return []
    named = ((_("Nudge"), "row-nudge"), (_("Next contact now"), "row-next-contact"))
    return [(words, name, reverse(name, args=[incident.reference, "-"])) for words, name in named]


def _presses_on(side: Row, presses: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    """Those for one row: whose ladder has no next step has nobody to be called next."""
    return [
        {"words": words, "href": address.replace("/-/", f"/{side['slug']}/")}
        for words, name, address in presses
        if side["next_step_at"] or name != "row-next-contact"
    ]


def _buttons(incident: Incident, *, may_lead: bool) -> list[dict[str, str]]:
    if not may_lead or incident.status == "closed":
        return []
    buttons = [
        {"words": _("Add a system"), "href": reverse("incident-widen", args=[incident.reference]), "kind": "secondary"},
        {
            "words": _("Hand over"),
            "href": reverse("incident-hand-over", args=[incident.reference]),
            "kind": "secondary",
        },
        {"words": _("Stand down"), "href": reverse("incident-close", args=[incident.reference]), "kind": "secondary"},
        {"words": _("Send update"), "href": reverse("incident-update", args=[incident.reference]), "kind": ""},
    ]
    if incident.status == "suspected":
        buttons[-1]["kind"] = "secondary"
        declare = {"words": _("Declare and notify"), "href": reverse("incident-declare", args=[incident.reference])}
        buttons.append({**declare, "kind": ""})
    return buttons


def _partner(
    incident: Incident,
    sides: Sequence[Row],
    standings: Sequence[Row],
    silent: int,
    me: UUID,
    now: datetime,
    not_trusted: list[str],
) -> dict[str, Any]:
    """RULES 9: what you must do now, what may not be trusted, then the others by name, role and one word."""
    side = next((each for each in sides if each["organisation_id"] == me), None)
    tasks = (
        Task.objects.filter(incident=incident, organisation_id=me).order_by("position", "turn").values(*TASK_COLUMNS)
    )
    own = {(task["path"], task["step_id"]): task for task in tasks}  # the last turn of a step that is repeated
    must = [task for task in own.values() if task["status"] not in Task.SETTLED]
    must.sort(key=lambda task: (overdue_by(task, now) is None, not task["ready"], task["position"]))
    return {
        "must_do": [
            {
                "title": task["title"],
                "href": reverse("task-detail", args=[task["id"]]),
                "due": due_words(task, now),
                "overdue": overdue_by(task, now) is not None,
                "state": state(state_key(task, side or {"seen_at": None, "told_at": None}, now)),
            }
            for task in must
        ],
        "do_not_trust": [*not_trusted, *do_not_trust()],
        "my_tasks_href": reverse("my-tasks"),
        **others_of(standings, silent, me, answered=bool(side and side["acknowledged_at"])),
    }
