"""The shape of a workflow: what follows what, what waits for what, and whether it ends."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from incidents.cacao.notes import Notes
from incidents.cacao.steps import branches_of
from incidents.cacao.workflow import SUCCESSORS

INSTANT = frozenset(["start", "parallel", "end"])  # whatever else comes before a step takes time, or a decision
Node = tuple[str, str]  # a step's id, and "step" or "join": where its branches come together again
DONE: Node = ("", "join")


@dataclass(frozen=True, slots=True)
class Flow:
    """`order`: action steps in workflow order. `after`: those that must be done before.

    `certain`: those reached without a decision. `at_opening`: those of them that begin with the run itself: nothing
    comes before them and nothing delays them.
    """

    order: tuple[str, ...]
    after: dict[str, tuple[str, ...]]
    certain: frozenset[str]
    at_opening: frozenset[str]


def flow_of(workflow: dict[str, Any], start: str, notes: Notes, exception: str | None = None) -> Flow:
    """Follow a workflow whose steps passed their own checks.

    Notes an error for a cycle and for a step that belongs to a branch and to the way around it; warnings for steps
    that are never reached and for an end that branches share. An end step ends the innermost branch that it is in;
    when all branches of a step have ended, its own successor follows (CACAO 2.0, section 4.7). `exception`: the
    playbook's workflow_exception, which a failure may lead to from anywhere.
    """
    follow, decided, seen = _edges(workflow, start, exception, notes)
    for key in workflow:
        if key not in seen and key != start:
            notes.warn(("workflow", key), "This step is never reached.")
    waiting: defaultdict[Node, int] = defaultdict(int)
    for targets in follow.values():
        for target in targets:
            waiting[target] += 1
    before: dict[Node, dict[str, None]] = defaultdict(dict)  # a dict keeps the order in which the steps were met
    certain, order, ready, passed = {(start, "step")}, [], [(start, "step")], 0
    late: set[Node] = set()  # something may pass before they begin
    while ready:
        node = ready.pop()
        passed += 1
        key, part = node
        acts = part == "step" and node != DONE and workflow[key]["type"] == "action"
        if acts:
            order.append(key)
        carried = {key: None} if acts else before[node]
        if part == "step" and node != DONE and workflow[key].get("delay"):
            late.add(node)
        takes_time = node in late or (part == "step" and node != DONE and workflow[key]["type"] not in INSTANT)
        for target in reversed(follow.get(node, [])):
            if node in certain and (node, target) not in decided:
                certain.add(target)
                before[target] |= carried
                if takes_time:
                    late.add(target)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if passed < len({*follow, *(target for targets in follow.values() for target in targets)}):
        stuck = next(key for key in workflow if waiting.get((key, "step"), 0) > 0 and key in seen)
        notes.error(("workflow", stuck), "The workflow runs in a circle through this step and never ends.")
    return Flow(
        order=tuple(order),
        after={key: tuple(before[key, "step"]) if (key, "step") in certain else () for key in order},
        certain=frozenset(key for key in order if (key, "step") in certain),
        at_opening=frozenset(key for key in order if (key, "step") in certain and (key, "step") not in late),
    )


Branch = tuple[str, str] | None  # the step that opened it and its first step; None outside every branch


def _edges(
    workflow: dict[str, Any], start: str, exception: str | None, notes: Notes
) -> tuple[dict[Node, list[Node]], set[tuple[Node, Node]], dict[str, Branch]]:
    """Who follows whom, which of it depends on a decision, and the branch of every step that is reached."""
    follow: dict[Node, list[Node]] = {}
    decided: set[tuple[Node, Node]] = set()
    branch_of: dict[str, Branch] = {}
    stack: list[tuple[str, Branch]] = [(start, None)]

    def lead(source: Node, target: str, branch: Branch, *, decision: bool) -> None:
        is_end = workflow[target]["type"] == "end"
        node = ((branch[0], "join") if branch else DONE) if is_end else (target, "step")
        if node not in follow.setdefault(source, []):
            follow[source].append(node)
        if decision:
            decided.add((source, node))
        stack.append((target, branch))

    while stack or exception:
        if not stack and exception:  # last, so that its steps stand behind the others
            lead((start, "step"), exception, None, decision=True)
            exception = None
        key, branch = stack.pop()
        step = workflow[key]
        if key in branch_of:
            _check_shared(key, step["type"], branch_of[key], branch, notes)
            continue
        branch_of[key] = branch
        if step["type"] == "end":
            continue
        here = (key, "step")
        heads = branches_of(step)
        for _, head in heads:
            lead(here, head, (key, head), decision=step["type"] != "parallel")
        if heads:
            here = (key, "join")
            if step["type"] in ("while-condition", "if-condition", "switch-condition"):
                follow[key, "step"].append(here)  # the branch may be passed by
        for name in SUCCESSORS:
            if name in step:
                lead(here, step[name], branch, decision=name == "on_failure")
    return follow, decided, branch_of


def _check_shared(key: str, kind: str, first: Branch, second: Branch, notes: Notes) -> None:
    if first == second:
        return
    if kind == "end":
        notes.warn(("workflow", key), "Branches share this end step; each should have its own.")
    elif (first and first[0]) == (second and second[0]):
        notes.warn(("workflow", key), "Two branches lead into this step.")
    else:
        notes.error(("workflow", key), "This step belongs to a branch and to the way around it.")
