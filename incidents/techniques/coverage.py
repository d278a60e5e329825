"""What a plan answers of the techniques on an incident, and what it does not. Pure: facts, techniques and steps in.

A step answers a technique when it names it or the technique that it is a part of, or a D3FEND technique that ATT&CK and
D3FEND together assert to answer it. A derived mapping is a hint and no answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from incidents.techniques.facts import countermeasures, facts, technique

How = Literal["nothing", "hint", "may_come", "answered"]
# `counts`: somebody has it and does not refuse it, or it comes in any case. `may_come`: only if the plan comes to it,
# as far as the reader can tell. `off`: called off, refused or not needed at everybody who had it, or the plan has ended
# without it.
Stands = Literal["counts", "may_come", "off"]


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a plan and the ids of either list that it carries. `state`: how far it is, as the reader may know."""

    title: str
    position: int
    playbook: str  # the name of the playbook that it stands in
    ids: frozenset[str]
    state: Any = None
    stands: Stands = "counts"


@dataclass(frozen=True, slots=True)
class Answer:
    """A step, and by which of its ids it answers."""

    step: PlanStep
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """One technique: which D3FEND techniques are asserted to answer it, how many are derived, and which steps do it.

    `may_come`: steps that answer it if the plan comes to them. `hints`: steps that carry a derived one alone. `off`:
    steps that would answer it and are called off or refused.
    """

    technique: str
    asserted: tuple[str, ...]
    derived: int
    answers: tuple[Answer, ...]
    may_come: tuple[Answer, ...]
    hints: tuple[Answer, ...]
    off: tuple[Answer, ...]

    @property
    def how(self) -> How:
        if self.answers:
            return "answered"
        return "may_come" if self.may_come else "hint" if self.hints else "nothing"


ORDER: tuple[How, ...] = ("nothing", "hint", "may_come", "answered")


def answered_by(key: str) -> frozenset[str]:
    """The ids by which a step or a playbook answers a technique: itself, its parent, what is asserted against it."""
    return frozenset({key, key[:5], *countermeasures(key).asserted})


def coverage(techniques: Iterable[str], steps: Sequence[PlanStep]) -> list[Covered]:
    """Each technique as the plan answers it: first those that nothing answers, last those that are answered."""
    found = [_covered(key, steps) for key in techniques]
    return sorted(found, key=lambda each: (ORDER.index(each.how), each.technique))


def _covered(key: str, steps: Sequence[PlanStep]) -> Covered:
    against = countermeasures(key)
    good = answered_by(key)
    every = [Answer(step, tuple(sorted(step.ids & good))) for step in steps if step.ids & good]
    hints = [
        Answer(step, tuple(sorted(step.ids & against.derived.keys())))
        for step in steps
        if step.stands != "off" and not step.ids & good and step.ids & against.derived.keys()
    ]
    return Covered(
        technique=key,
        asserted=tuple(against.asserted),
        derived=len(against.derived),
        answers=tuple(each for each in every if each.step.stands == "counts"),
        may_come=tuple(each for each in every if each.step.stands == "may_come"),
        hints=tuple(hints),
        off=tuple(each for each in every if each.step.stands == "off"),
    )


@dataclass(frozen=True, slots=True)
class Tactics:
    """Tactics by the most that anybody said of one of their techniques: every tactic stands in one of these."""

    seen: tuple[str, ...]
    supposed: tuple[str, ...]
    ruled_out: tuple[str, ...]
    quiet: tuple[str, ...]


def tactics_of(states: Mapping[str, str]) -> Tactics:
    """`states` by technique. A quiet tactic is one of which nobody has said anything: no sign that nothing happened."""
    best: dict[str, set[str]] = {}
    for key, state in states.items():
        known = technique(key)
        for tactic in known.tactics if known else ():
            best.setdefault(tactic, set()).add(state)

    def having(state: str, but: Collection[str]) -> tuple[str, ...]:
        return tuple(
            each for each in facts().tactics if state in best.get(each, ()) and not best[each].intersection(but)
        )

    return Tactics(
        seen=having("observed", ()),
        supposed=having("hypothesised", ("observed",)),
        ruled_out=having("ruled_out", ("observed", "hypothesised")),
        quiet=tuple(each for each in facts().tactics if each not in best),
    )
