"""What lies ahead of a run: steps that come in any case, and which organisation may go on before the others.

A step with the join rule *own* that leads on whatever comes of it lets each organisation go on when its own task is
settled. Whoever has no task of it waits until the step has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from incidents.running.engine import Engine, Id, Row
from incidents.running.graph import Graph, Node

Before = frozenset[Id] | None  # own tasks of these must be settled; None: the whole step must have begun


@dataclass(slots=True)
class Ahead:
    """`steps`: actions that come in any case and have not begun; `own`: those that may begin by organisation."""

    steps: list[Id] = field(default_factory=list)
    own: dict[Id, frozenset[Id]] = field(default_factory=dict)


def ahead_of(engine: Engine) -> Ahead:
    return _Walk(engine).ahead


class _Walk:
    def __init__(self, engine: Engine) -> None:
        self.graph: Graph = engine.graph
        self.turns = dict(engine.turns)
        self.ahead = Ahead()
        self.inside: dict[Id | None, list[Row]] = {}
        for row in engine.rows.values():
            if row.state in ("delayed", "begun", "asked"):
                self.inside.setdefault(row.parent, []).append(row)
        self.begun = {(row.key, row.parent, row.lap) for row in engine.rows.values()}
        self.seen: set[str] = set()
        if not engine.ended:
            for row in self._in(None):
                self._from(row, None, 0)

    def _in(self, parent: Id | None) -> Sequence[Row]:
        return sorted(self.inside.get(parent, ()), key=lambda row: row.id)

    def _from(self, row: Row, parent: Id | None, lap: int) -> Before:
        """Follow what comes after a step that is under way; what its branch's end waits for."""
        node = self.graph.nodes[row.key]
        before: Before = None
        if row.state == "begun":
            if node.kind == "action":
                before = frozenset([row.id]) if _lets_go_on(node) else None
            elif row.rounds:
                ends = [self._from(each, row.id, each.lap) for each in self._in(row.id)]
                if node.kind in ("parallel", "playbook-action") and node.then and None not in ends:
                    before = frozenset[Id]().union(*(end for end in ends if end is not None))
        elif row.state == "delayed":
            self._inner(node, None)
        return self._follow(node, before, parent, lap)

    def _follow(self, node: Node, before: Before, parent: Id | None, lap: int) -> Before:
        return self._ahead(node.on_success, before, parent, lap) if node.on_success else before

    def _ahead(self, key: str, before: Before, parent: Id | None, lap: int) -> Before:
        """A step that has not begun. Once met on one way, it is not looked at again on another."""
        node = self.graph.nodes[key]
        if node.kind == "end":
            return before
        if key in self.seen or (key, parent, lap) in self.begun:
            return None
        self.seen.add(key)
        if node.delay:
            before = None
        if node.kind == "action":
            this = (key, self.turns.get(key, 0) + 1)
            self.ahead.steps.append(this)
            if before is not None:
                self.ahead.own[this] = before
            before = before | {this} if before is not None and _lets_go_on(node) else None
        else:
            before = self._inner(node, before)
        return self._follow(node, before, parent, lap)

    def _inner(self, node: Node, before: Before) -> Before:
        """The branches of a step that has not begun."""
        if node.kind not in ("parallel", "playbook-action"):
            return before if node.kind == "start" else None
        this: Id = (node.key, self.turns.get(node.key, 0) + 1)
        ends = [self._ahead(head, before, this, 1) for _, head in node.heads]
        if not node.then or None in ends:
            return None
        return frozenset[Id]().union(*(end for end in ends if end is not None))


def _lets_go_on(node: Node) -> bool:
    return node.join == "own" and node.then is not None
