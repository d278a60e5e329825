"""What the page of one planned cut shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from incidents.models import Incident, PlannedCut, PlannedCutSide
from incidents.planned_cuts.planning import OPEN, Answer, Status
from incidents.planned_cuts.shown import (
    ANSWERS,
    ASKING,
    DAY,
    STATUS,
    STEPS,
    counts_of,
    decided_words,
    newest,
    reads_all,
    side_of,
    stops_words,
    when,
)
from portal.pages import local_time


def cut_page(cut: PlannedCut, incident: Incident, *, me: UUID, manages: bool, answers: bool) -> dict[str, Any]:
    """Everything that `incidents/cut.html` wants of it. Two queries."""
    every = list(cut.sides.all())
    sides = newest(cut, every)
    counts, open_now = counts_of(sides), cut.status in OPEN
    changes = list(cut.changes.select_related("organisation"))
    writer = next(each.organisation_id for each in changes if each.revision == cut.revision and each.what in ASKING)
    late = [each for each in sides if not each.asked and each.organisation_id in {*incident.participants} - {writer}]
    may_move = manages and me in (cut.planner_id, incident.lead_id) and incident.suspended_at is None
    return {
        "id": cut.pk,
        "title": cut.title,
        "status": STATUS[cut.status],
        "revision": cut.revision,
        "facts": [
            (_("Planned by"), cut.planner.name),
            (_("When"), when(cut)),
            (_("What is done"), cut.how),
            (_("Whom to ask"), cut.ask),
            *([(_("Decision"), decided_words(cut))] if cut.decided_at else []),
            *([(_("Because"), cut.decided_because)] if cut.decided_because else []),
        ],
        "all": reads_all(cut, incident, me),
        "counts": counts.words,
        "objected": counts.objected,
        "silent": counts.silent,
        "needs_why": bool(counts.objected or counts.silent),
        "newest_objection": max(
            (each.answered_at for each in sides if each.answer == Answer.OBJECTS and each.answered_at), default=None
        ),
        "late": [each.name for each in late],
        "sides": [side_of(side, writer=writer, late=side in late) for side in sides],
        "own": _own(cut, every, me=me, answers=answers and incident.suspended_at is None),
        "may_decide": may_move and cut.status == Status.PLANNED and incident.status != Incident.Status.CLOSED,
        "may_change": may_move and open_now and incident.status != Incident.Status.CLOSED,
        "may_finish": may_move and cut.status == Status.DECIDED,
        "may_call_off": may_move and open_now,
        "changes": [
            {
                "at": change.at,
                "what": STEPS[change.what],
                "who": f"{change.by_name}, {change.organisation.name}" if change.by_name else change.organisation.name,
                "when": local_time(change.starts_at, DAY),
                "revision": change.revision,
                "words": change.words,
            }
            for change in changes
        ],
    }


def _own(cut: PlannedCut, sides: list[PlannedCutSide], *, me: UUID, answers: bool) -> dict[str, Any] | None:
    """One's own side when one is asked, or was: what stops here, what one said, and whether one can say it now."""
    mine = [side for side in sides if side.organisation_id == me and side.asked]
    if not mine:
        return None
    last = max(mine, key=lambda side: side.revision)
    before = next((side for side in mine if side.revision == last.revision - 1 and side.answer), None)
    concerned = last.revision == cut.revision
    return {
        "stops": stops_words(last),
        "critical": last.critical,
        "fallback": last.fallback or (_("none recorded") if last.critical else ""),
        "answer": ANSWERS[last.answer],
        "key": last.answer,
        "reason": last.reason,
        "at": last.answered_at,
        "concerned": concerned,
        "again": concerned and not last.answer and before is not None,
        "may_answer": answers and concerned and cut.status in OPEN,
    }
