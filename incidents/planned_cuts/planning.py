"""Planning a cut, answering it, deciding it by name, and how it ends. Functions of the database judge and write all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from incidents.blast_radius import blast_radius
from incidents.cuts import Cut, what_if
from incidents.errors import Fault, Invalid
from incidents.models import Incident, IncidentSystem, PlannedCut, PlannedCutSide
from incidents.personal_data.saying import asked
from incidents.planned_cuts.choosing import Choice
from incidents.register import estate_of_incident
from portal import clock

LONGEST, LONGEST_ASK = 2000, 200
Status, Answer = PlannedCut.Status, PlannedCutSide.Answer
OPEN = (Status.PLANNED, Status.DECIDED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is said when a cut is planned or changed. `ends_at` None: until its planner says otherwise. `once` is made
    with the form: sent twice, it is one plan. `why`: of a change."""

    choice: Choice
    how: str
    ask: str
    starts_at: datetime
    ends_at: datetime | None = None
    why: str = ""
    once: UUID | None = None


@dataclass(frozen=True, slots=True)
class Affected:
    """One organisation that a cut stops something for. `takes_part` False: it knows nothing of the incident."""

    slug: str
    name: str
    systems: list[str]
    services: list[str]
    loses: list[str]
    runs_an_end: bool
    critical: bool
    fallback: str
    takes_part: bool


def affected_by(incident: Incident, choice: Choice) -> list[Affected]:
    """Whom the cut would stop something for, safety-critical services first. Writes the record of a wide read alone,
    which says of no incident.

    Raises:
        NotYours: it is neither on the way of the incident nor one's own, or no role to plan.
        WrongMoment: both ends have cut it, or the exercise is put aside.
    """
    found = asked(
        "SELECT sec.cut_preview(%s, %s::uuid[], %s::uuid[])::text",
        [incident.pk, list(choice.links), list(choice.systems)],
        "register.read",
    )
    return [Affected(**each) for each in orjson.loads(found)]


def protects(incident: Incident, choice: Choice) -> Cut | None:
    """What the cut would protect, for whoever oversees the incident; None for a system, which is taken off whole."""
    if not choice.links:
        return None
    estate = estate_of_incident(incident.pk, reason="what-if")
    starts = IncidentSystem.objects.filter(incident=incident, named=True).values_list("system_id", flat=True)
    radius = blast_radius(estate, on=clock.now().date(), starts=list(starts))
    known = {edge.id for edge in estate.edges}
    return what_if(estate, radius, [each for each in choice.links if each in known])


def plan_cut(incident: Incident, plan: Plan, *, former: PlannedCut | None = None) -> PlannedCut:
    """Plan a cut, or change `former`: then everybody is asked again, and a decision does not hold any more.

    Raises:
        Invalid: something is not said, or the times do not fit.
        NotYours, WrongMoment: as `affected_by`; of a change also somebody else's cut, or one that is over.
    """
    _check(plan, changes=former is not None)
    made = asked(
        "SELECT sec.plan_cut(%s, %s, %s, %s, %s::uuid[], %s::uuid[], %s, %s, %s, %s, %s)",
        [
            incident.pk, plan.once or uuid4(), former.pk if former else None, plan.choice.what, list(plan.choice.links),
            list(plan.choice.systems), plan.how, plan.ask, plan.starts_at, plan.ends_at, plan.why,
        ],
        "cut.asked",
    )  # fmt: skip
    return PlannedCut.objects.get(pk=made)


def answer_cut(cut: PlannedCut, *, say: str, why: str = "", seen: int | None = None) -> bool:
    """Say for one's own organisation that it agrees, or objects and why; whether anything changed.

    `seen`: the revision that was looked at; None: that of `cut` as it was read.

    Raises:
        NotYours: not asked, or no role to answer.
        WrongMoment: it is over or was changed since it was seen, or an objection has no reason.
    """
    revision = cut.revision if seen is None else seen
    return _say("SELECT sec.answer_cut(%s, %s, %s, %s)", [cut.pk, say, why, revision], "cut.answered")


def decide_cut(cut: PlannedCut, *, why: str, seen: int, objected: datetime | None) -> bool:
    """Say as a person with a name that it goes ahead; whether that is new.

    `seen` and `objected`: the revision, and when the newest objection was made, when this person looked; None: there
    was no objection.

    Raises:
        NotYours: neither a person of the planner nor of the lead, or no role to decide.
        WrongMoment: it has changed meanwhile or there is a newer objection, somebody joined who was never asked, or
            somebody objects or is silent and no reason is given.
    """
    return _say("SELECT sec.decide_cut(%s, %s, %s, %s)", [cut.pk, why, seen, objected], "cut.told")


def end_cut(cut: PlannedCut, *, how: str, words: str = "", seen: int | None = None) -> bool:
    """It is `done` (after it was decided) or `called_off` with a reason; whether that is new.

    Raises: as `decide_cut`.
    """
    revision = cut.revision if seen is None else seen
    return _say("SELECT sec.end_cut(%s, %s, %s, %s)", [cut.pk, how, words, revision], "cut.told")


def _say(sql: str, params: list[Any], kind: str) -> bool:
    changed: bool = asked(sql, params, kind)
    return changed


def _check(plan: Plan, *, changes: bool) -> None:
    why = [("why", plan.why, LONGEST)] if changes else []
    faults = [
        Fault(f"/{name}", f"Between 1 and {most} characters.")
        for name, words, most in (
            ("how", plan.how, LONGEST), ("ask", plan.ask, LONGEST_ASK), *why,
        )
        if not 1 <= len(words.strip()) <= most
    ]  # fmt: skip
    if plan.ends_at is not None and plan.ends_at <= plan.starts_at:
        faults.append(Fault("/ends_at", "The end comes after the start."))
    if faults:
        raise Invalid(faults)
