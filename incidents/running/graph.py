"""A playbook with every playbook that it calls, as one graph of steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from incidents.cacao.extension import EXTENSION, LONGEST_WAIT
from incidents.cacao.parts import variables_in
from incidents.cacao.steps import branches_of
from incidents.running.conditions import Value

MOST_CALLS = 50
AT_MOST = 10  # rounds of a loop, unless the step says otherwise
Document = Mapping[str, Any]
# By path, CACAO id and version (None: the newest): our own id and the document, or None when it is not kept.
Find = Callable[[str, str, str | None], "tuple[str, Document] | None"]


class CannotLink(Exception):
    """A called playbook is not kept here, calls itself, or there are too many; `str()` says which."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step. `key` is its id, with those of the playbook actions before it that lead to its playbook.

    `then`, `success`, `failure`: on_completion, on_success, on_failure; `exception`: where a failure without one leads.
    `heads`: first steps of its branches, by what chooses them. `delay`, `timeout` in milliseconds, 0 for none.
    """

    key: str
    path: str
    step: str
    kind: str
    name: str
    then: str | None
    success: str | None
    failure: str | None
    exception: str | None
    heads: tuple[tuple[str, str], ...]
    delay: int = 0
    timeout: int = 0
    condition: str = ""
    join: str = "own"
    at_most: int = AT_MOST
    variables: Mapping[str, Value | None] = field(default_factory=dict)  # its own, which shadow the playbook's

    @property
    def runs_out(self) -> bool:
        """Whether its time passing makes it fail: one that leads on whatever comes of it waits on instead."""
        return bool(self.timeout) and bool(self.failure or self.exception or self.success)

    @property
    def on_success(self) -> str | None:
        return self.then or self.success


@dataclass(frozen=True, slots=True)
class Graph:
    """`playbooks`: by path ("" is the plan itself), our own id. `shared`: by path, the names that are the caller's.

    `deciding`: the variables, by path and name, that a condition of the run asks about.
    """

    start: str
    nodes: Mapping[str, Node]
    playbooks: Mapping[str, str]
    values: Mapping[tuple[str, str], Value | None]
    shared: Mapping[str, frozenset[str]]
    deciding: frozenset[tuple[str, str]]

    @property
    def offsets(self) -> dict[str, int]:
        """What is added to a step's place in its playbook to have its place in the run."""
        actions = Counter(node.path for node in self.nodes.values() if node.kind == "action")
        paths = sorted(self.playbooks)
        return dict(zip(paths, accumulate((actions[path] for path in paths), initial=0), strict=False))

    def asked(self, node: Node) -> list[str]:
        """The names that, answered in this step, are those of a variable that some condition of the run asks about."""
        return sorted(
            name
            for name in {name for _, name in self.deciding}
            if name not in node.variables and self.variable(node.path, name) in self.deciding
        )

    def variable(self, path: str, name: str) -> tuple[str, str]:
        """The variable that a name means in the playbook at a path."""
        while path and name in self.shared[path]:
            path = path[:-1].rpartition("/")[0]
            path = f"{path}/" if path else ""
        return path, name


def linked(playbook_id: str, document: Document, find: Find) -> Graph:
    """The whole graph of a playbook whose document has passed its checks.

    Raises:
        CannotLink: see there.
    """
    nodes: dict[str, Node] = {}
    playbooks: dict[str, str] = {}
    values: dict[tuple[str, str], Value | None] = {}
    shared: dict[str, frozenset[str]] = {}

    def add(path: str, own_id: str, document: Document, outer: str | None, chain: tuple[str, ...]) -> str:
        if len(playbooks) > MOST_CALLS:
            raise CannotLink(f"More than {MOST_CALLS} playbooks are run within this one.")
        playbooks[path] = own_id
        for name, variable in document.get("playbook_variables", {}).items():
            values[path, name] = value_of(variable)
        own = document.get("workflow_exception")
        exception = path + own if own else outer
        for step_id, step in sorted(document["workflow"].items()):
            heads = tuple((_label(place), path + target) for place, target in branches_of(step))
            if step["type"] == "playbook-action":
                heads = (("", call(path, step_id, step, exception, chain)),)
            nodes[path + step_id] = node_of(path, step_id, step, heads, exception)
        return path + str(document["workflow_start"])

    def call(path: str, step_id: str, step: Mapping[str, Any], exception: str | None, chain: tuple[str, ...]) -> str:
        wanted, version = step["playbook_id"], step.get("playbook_version")
        name = step.get("name") or step_id
        if wanted in chain:
            raise CannotLink(f"Step {name!r} runs a playbook that it is part of.")
        inner = f"{path}{step_id}/"
        found = find(inner, wanted, version)
        if found is None:
            which = f", version {version}," if version else ""
            raise CannotLink(
                f"Step {name!r} runs the playbook {wanted}{which} which is not kept here: import it first."
            )
        shared[inner] = frozenset([*step.get("in_args", []), *step.get("out_args", [])])
        return add(inner, found[0], found[1], exception, (*chain, wanted))

    start = add("", playbook_id, document, None, (document["id"],))
    graph = Graph(start, nodes, playbooks, values, shared, frozenset())
    asked = {
        graph.variable(node.path, name)
        for node in nodes.values()
        for name in variables_in(node.condition)
        if name not in node.variables
    }
    return Graph(start, nodes, playbooks, values, shared, frozenset(asked))


def node_of(
    path: str, step_id: str, step: Mapping[str, Any], heads: tuple[tuple[str, str], ...], exception: str | None
) -> Node:
    given = step.get("step_extensions", {}).get(EXTENSION, {})
    given = given if isinstance(given, dict) else {}
    leads = {name: path + step[name] for name in ("on_completion", "on_success", "on_failure") if name in step}
    return Node(
        key=path + step_id,
        path=path,
        step=step_id,
        kind=step["type"],
        name=step.get("name") or step["type"],
        then=leads.get("on_completion"),
        success=leads.get("on_success"),
        failure=leads.get("on_failure"),
        exception=exception,
        heads=heads,
        delay=_wait(step, "delay"),
        timeout=_wait(step, "timeout"),
        condition=step.get("condition") or step.get("switch") or "",
        join=given.get("join", "own"),
        at_most=given.get("at_most", AT_MOST),
        variables={name: value_of(each) for name, each in step.get("step_variables", {}).items()},
    )


def value_of(variable: Mapping[str, Any]) -> Value | None:
    """A variable's value as the document gives it; null and absent mean unknown."""
    given = variable.get("value")
    if isinstance(given, bool):
        given = str(given).lower()
    return Value(variable["type"], str(given)) if isinstance(given, (str, int, float)) else None


def _wait(step: Mapping[str, Any], name: str) -> int:
    """A time of a step in milliseconds. Versions that were kept before the bound may name one beyond it."""
    return min(max(int(step.get(name, 0)), 0), LONGEST_WAIT)


def _label(place: tuple[Any, ...]) -> str:
    """What chooses a branch: `true`, `false`, the value of a case, nothing for a parallel one."""
    return {"on_true": "true", "on_false": "false"}.get(place[0], str(place[1]) if place[0] == "cases" else "")
