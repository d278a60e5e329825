"""What begins, what ends and what must be decided in a run: the rules, without a database.

The engine gets the steps that have begun so far and what is known by now, and moves them as far as they go. It is
called again whenever something has changed; called twice with the same it does nothing the second time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from incidents.cacao.parts import variables_in
from incidents.running.conditions import Value, holds
from incidents.running.graph import Graph, Node

Id = tuple[str, int]  # a step's key, and which time it has begun in this run
State = Literal["delayed", "begun", "asked", "ended", "stopped"]
OPEN = frozenset(["delayed", "begun", "asked"])
Kind = Literal["choose", "repeat", "bound", "failed"]


@dataclass(slots=True)
class Row:
    """One step that has begun. `parent`: the step whose branch it is in, `lap` the parent's round then.

    `open`: branches under way; `rounds`: how often branches were begun. `due`: when a delay is over or the time is out.
    `asked`: its failure leads nowhere, and a person decides, unless it is done after all before that. `stopped`: the
    step around it ran out of time.
    """

    key: str
    turn: int
    parent: Id | None
    lap: int
    state: State
    outcome: str = ""
    due: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None
    open: int = 0
    rounds: int = 0

    @property
    def id(self) -> Id:
        return self.key, self.turn


@dataclass(frozen=True, slots=True)
class Tally:
    """Tasks of one step. Called off and exempt ones are in `passed` alone. `lead`: the lead's own, "" without one.

    `waits`: nobody has the task yet, and some may still come, because the incident is only suspected.
    """

    open: int = 0
    done: int = 0
    declined: int = 0
    passed: int = 0
    lead: Literal["", "open", "done", "declined", "passed"] = ""
    waits: bool = False

    def outcome(self, join: str) -> str:
        """`success`, `failure`, or "" while the join rule is not met."""
        if join == "lead" and self.lead:
            return {"open": "", "declined": "failure"}.get(self.lead, "success")
        if self.open or self.waits:
            return ""
        if join in ("all", "lead"):
            return "failure" if self.declined else "success"
        return "failure" if self.declined and not self.done else "success"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the lead about a step; `lap` tells the rounds of a loop apart. Answers: `choices_of`."""

    key: str
    turn: int
    kind: Kind
    lap: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody who has done a step said of a variable; `leads`: the lead said it."""

    step: Id
    path: str
    name: str
    value: Value
    leads: bool


@dataclass(slots=True)
class Facts:
    """What is known at `now`. A begun action whose tasks are not written yet has no tally.

    `suspected`: the others have not joined yet, so no time-out runs; it begins when the incident is declared.
    """

    now: datetime
    tallies: Mapping[Id, Tally] = field(default_factory=dict)
    chosen: Mapping[Ask, str] = field(default_factory=dict)
    answers: Sequence[Answer] = ()
    suspected: bool = False


def choices_of(node: Node, kind: Kind) -> tuple[str, ...]:
    if kind == "failed":
        return ("go_on", "stop")
    if kind == "bound":
        return ("again", "leave")
    if node.kind == "switch-condition":
        labels = tuple(label for label, _ in node.heads)
        return labels if "default" in labels else (*labels, "")
    return ("true", "false")


class Engine:
    """Moves a run. `rows` and `ended` are its state; `asks` are the questions that are open after `move`."""

    def __init__(self, graph: Graph, rows: Iterable[Row], *, ended: bool = False) -> None:
        self.graph = graph
        self.rows = {row.id: row for row in rows}
        self.ended = ended
        self.asks: set[Ask] = set()
        self.turns = Counter[str]()
        for key, turn in self.rows:
            self.turns[key] = max(self.turns[key], turn)

    def move(self, facts: Facts) -> bool:
        """Go as far as the facts lead; whether anything moved.

        Where several steps could move, the one whose key comes first does.
        """
        self.facts, moved = facts, False
        if not self.rows and not self.ended:
            self._arrive(self.graph.start, None)
            moved = True
        while not self.ended:
            self.asks = set()
            under_way = sorted(row.id for row in self.rows.values() if row.state in OPEN)
            if not any(self._progress(self.rows[each]) for each in under_way):
                break
            moved = True
        if self.ended:
            self.asks = set()
        return moved

    def due(self) -> datetime | None:
        """When time alone moves the run next."""
        waits = ("delayed",) if self.facts.suspected else OPEN
        return min((row.due for row in self.rows.values() if row.state in waits and row.due), default=None)

    def _progress(self, row: Row) -> bool:
        node, now = self.graph.nodes[row.key], self.facts.now
        if row.state == "delayed":
            if row.due and now < row.due:
                return False
            self._begin(row)
            return True
        if row.state == "asked":
            return self._after_failing(row, node)
        if self._work(row, node):
            return True
        if self.facts.suspected:
            return False
        if row.due is None:
            self._begin_time_out(row, node)
        if row.due and now >= row.due:
            self._stop_inside(row)
            self._fail(row, node, "timeout")
            return True
        return False

    def _work(self, row: Row, node: Node) -> bool:
        if node.kind == "action":
            tally = self.facts.tallies.get(row.id)
            outcome = tally.outcome(node.join) if tally else ""
            if outcome == "success":
                self._succeed(row, node)
            elif outcome:
                self._fail(row, node, outcome)
            return bool(outcome)
        if node.kind == "start":
            self._succeed(row, node)
            return True
        if row.rounds == 0 and node.kind in ("parallel", "playbook-action"):
            self._branch(row, [head for _, head in node.heads])
            return True
        if row.rounds == 0 and node.kind in ("if-condition", "switch-condition"):
            return self._choose(row, node)
        if row.open == 0 and node.kind == "while-condition":
            return self._repeat(row, node)
        return False

    def _choose(self, row: Row, node: Node) -> bool:
        picked = self._chosen(row, "choose")
        if picked is None:
            picked = self._exactly(node)
        if picked is None:
            self.asks.add(Ask(row.key, row.turn, "choose"))
            return False
        heads = dict(node.heads)
        head = heads.get(picked) or (heads.get("default") if node.kind == "switch-condition" else None)
        if head:
            self._branch(row, [head])
        else:
            self._succeed(row, node)
        return True

    def _repeat(self, row: Row, node: Node) -> bool:
        picked = self._chosen(row, "repeat", row.rounds)
        if picked is None:
            picked = self._exactly(node)
        if picked is None:
            self.asks.add(Ask(row.key, row.turn, "repeat", row.rounds))
            return False
        if picked == "true" and row.rounds >= node.at_most:
            further = self._chosen(row, "bound", row.rounds)
            if further is None:
                self.asks.add(Ask(row.key, row.turn, "bound", row.rounds))
                return False
            picked = "true" if further == "again" else "false"
        if picked == "true":
            self._branch(row, [head for _, head in node.heads])
        else:
            self._succeed(row, node)
        return True

    def _exactly(self, node: Node) -> str | None:
        """The branch that the known values lead to: a label, or None when the portal cannot tell.

        A value that no case of a switch names, where there is no `default`, tells nothing: nobody has said what then.
        """
        if node.kind == "switch-condition":
            names = variables_in(node.condition)
            value = self._value(node, names.pop()) if len(names) == 1 else None
            cases = dict(node.heads)
            return value.text if value and (value.text in cases or "default" in cases) else None
        found = holds(node.condition, lambda name: self._value(node, name))
        return None if found is None else str(found).lower()

    def _value(self, node: Node, name: str) -> Value | None:
        if name in node.variables:
            return node.variables[name]
        which = self.graph.variable(node.path, name)
        return self._answered(which) or self.graph.values.get(which)

    def _answered(self, which: tuple[str, str]) -> Value | None:
        """What answers make known of a variable: those to the step that asks for it and began last.

        With the join rule *lead* the lead's answer counts, otherwise all that were given must be the same: so they
        count when the step has ended, and not the first of ten by itself.
        """
        found: defaultdict[tuple[datetime, Id], list[Answer]] = defaultdict(list)
        for answer in self.facts.answers:
            row = self.rows.get(answer.step)
            if row and row.began and row.ended and self.graph.variable(answer.path, answer.name) == which:
                found[row.began, row.id].append(answer)
        if not found:
            return None
        newest = max(found)
        by_lead = self.graph.nodes[newest[1][0]].join == "lead"
        said = {answer.value for answer in found[newest] if answer.leads or not by_lead}
        return said.pop() if len(said) == 1 else None

    def _chosen(self, row: Row, kind: Kind, lap: int = 0) -> str | None:
        return self.facts.chosen.get(Ask(row.key, row.turn, kind, lap))

    def _arrive(self, key: str, parent: Row | None) -> None:
        """A step is come to in a branch of `parent`. One that has begun there already is not begun again."""
        node = self.graph.nodes[key]
        lap = parent.rounds if parent else 0
        inside = parent.id if parent else None
        again = any(row.key == key and row.parent == inside and row.lap == lap for row in self.rows.values())
        if node.kind == "end" or again:
            self._branch_ended(parent)
            return
        self.turns[key] += 1
        row = Row(key, self.turns[key], inside, lap, "delayed")
        self.rows[row.id] = row
        if node.delay:
            row.due = self.facts.now + timedelta(milliseconds=node.delay)
        else:
            self._begin(row)

    def _begin(self, row: Row) -> None:
        node = self.graph.nodes[row.key]
        row.state, row.began, row.due = "begun", self.facts.now, None
        if not self.facts.suspected:
            self._begin_time_out(row, node)

    def _begin_time_out(self, row: Row, node: Node) -> None:
        if node.runs_out:
            row.due = self.facts.now + timedelta(milliseconds=node.timeout)

    def _branch(self, row: Row, heads: list[str]) -> None:
        row.rounds += 1
        row.open = len(heads)
        for head in heads:
            self._arrive(head, row)

    def _branch_ended(self, parent: Row | None) -> None:
        if parent is None:
            self.ended = True
            return
        parent.open -= 1
        node = self.graph.nodes[parent.key]
        if parent.open == 0 and node.kind != "while-condition" and parent.state in OPEN:
            self._succeed(parent, node)

    def _end(self, row: Row, outcome: str) -> None:
        row.state, row.outcome, row.ended, row.due = "ended", outcome, self.facts.now, None

    def _follow(self, row: Row, key: str | None) -> None:
        parent = self.rows[row.parent] if row.parent else None
        if key is None:
            self._branch_ended(parent)
        else:
            self._arrive(key, parent)

    def _succeed(self, row: Row, node: Node) -> None:
        self._end(row, "success")
        self._follow(row, node.on_success)

    def _fail(self, row: Row, node: Node, outcome: str) -> None:
        leads = node.failure if outcome == "timeout" else node.then or node.failure
        if leads:
            self._end(row, outcome)
            self._follow(row, leads)
        elif node.exception:
            begun = self.turns[node.exception] > 0  # the exception is run once, whoever else fails
            self._end(row, outcome)
            self._follow(row, None if begun else node.exception)
        else:
            row.state, row.outcome, row.due = "asked", outcome, None

    def _after_failing(self, row: Row, node: Node) -> bool:
        """What the lead has said of a failed step stands. Until then it may be done late, or a refusal taken back."""
        choice = self._chosen(row, "failed")
        if choice is None:
            tally = self.facts.tallies.get(row.id)
            now = tally.outcome(node.join) if tally and node.kind == "action" else row.outcome
            if now == "success":
                self._succeed(row, node)
                return True
            if now or row.outcome == "timeout":
                self.asks.add(Ask(row.key, row.turn, "failed"))
            return False
        self._end(row, row.outcome)
        self._follow(row, node.on_success if choice == "go_on" else None)
        return True

    def _stop_inside(self, row: Row) -> None:
        inner = [each for each in self.rows.values() if each.parent == row.id and each.state in OPEN]
        for each in inner:
            self._stop_inside(each)
            each.state, each.ended, each.due = "stopped", self.facts.now, None
