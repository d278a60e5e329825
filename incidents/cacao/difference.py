"""What is different between two versions of a playbook, for a reader who never saw JSON.

Pure: two documents in, what was added, removed, moved and changed out, texts line by line. What has no words of its own
here is named by its field, so that no difference is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.cacao.differing import MOST_LINES, Change, change, said
from incidents.cacao.extension import EXTENSION, one_named
from incidents.cacao.plan import Plan, PlanStep
from incidents.cacao.reading import read_playbook

Document = Mapping[str, Any]
AUDIENCES = {
    "all": lazy("everybody who takes part"),
    "councils": lazy("each council"),
    "provider": lazy("the provider"),
    "lead": lazy("the lead"),
    "deputy_lead": lazy("the deputy lead"),
}
JOINS = {
    "own": lazy("when one’s own organisation has done it"),
    "all": lazy("when everybody has done it"),
    "all_not_exempt": lazy("when everybody has done it who is not exempt"),
    "lead": lazy("when the lead has done it"),
}
KINDS = {
    "action": lazy("action"),
    "end": lazy("end"),
    "if-condition": lazy("if"),
    "parallel": lazy("all at once"),
    "playbook-action": lazy("another playbook"),
    "start": lazy("start"),
    "switch-condition": lazy("choice"),
    "while-condition": lazy("again while"),
}
OF_WHOLE = {
    "name": lazy("Name"),
    "description": lazy("Description"),
    "valid_from": lazy("Valid from"),
    "valid_until": lazy("Valid until"),
    "revoked": lazy("Revoked"),
    "priority": lazy("Priority"),
    "severity": lazy("Severity"),
    "impact": lazy("Impact"),
    "labels": lazy("Labels"),
    "markings": lazy("Who may read it"),
    "agent_definitions": lazy("Who carries it out"),
    "target_definitions": lazy("What it is carried out on"),
    "external_references": lazy("References"),
    "workflow_exception": lazy("What is done when something fails"),
    "playbook_types": lazy("What it is for"),
    "playbook_activities": lazy("What is done in it"),
}
LEFT_OUT = {"workflow", "playbook_variables", "modified", "signatures"}
# What a step says in its own words already, by the words it is said in; in full only where those do not differ, else
# without what they say (`_unsaid`).
IN_WORDS = {
    "commands": (lazy("Do this"), lazy("For your own tools")),
    "external_references": (lazy("Techniques"),),
    "name": (lazy("Title"),),
    "description": (lazy("Why"), lazy("Do this")),
    "timeout": (lazy("Finish within"),),
}
# The parts of a command that are read out as what to do or for one's own tools, and those of a technique.
SAID_OF_COMMAND = {"type", "command", "command_b64", "headers", "content", "content_b64"}
SAID_OF_TECHNIQUE = {"name", "description", "external_id", "url"}
FIELDS = {
    "commands": lazy("Commands"),
    "external_references": lazy("References"),
    "description": lazy("Description"),
    "on_completion": lazy("Then"),
    "on_success": lazy("Then, when it worked"),
    "on_failure": lazy("Then, when it failed"),
    "agent": lazy("Carried out by"),
    "targets": lazy("On"),
    "delay": lazy("Begins after (milliseconds)"),
    "timeout": lazy("Time limit (milliseconds)"),
    "step_variables": lazy("Variables"),
    "markings": lazy("Who may read it"),
}
KNOWN = {
    "audience", "join", "position", "acknowledge_minutes", "finish_minutes", "contains", "short_title",
    "confirmed_by_council", "texts",
}  # fmt: skip
TEXTS = {
    "title": lazy("Title"),
    "short_title": lazy("Short title"),
    "do": lazy("Do this"),
    "why": lazy("Why"),
    "who": lazy("Who usually does it"),
    "stops": lazy("What stops for you"),
    "worked": lazy("How you know it worked"),
    "undo": lazy("How to undo it"),
    "cannot": lazy("If you cannot"),
}


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One step. `position` is its number in the newer version, or in the older one of a step that is gone."""

    what: Literal["added", "removed", "moved", "changed"]
    id: str
    title: str
    position: int
    was_position: int
    changes: tuple[Change, ...] = ()

    @property
    def moved(self) -> bool:
        return self.what == "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """`whole`: of the playbook itself. `steps` by their number. `between`: what joins the steps. `variables`."""

    whole: tuple[Change, ...]
    steps: tuple[StepDifference, ...]
    between: tuple[Change, ...]
    variables: tuple[Change, ...]

    @property
    def too_long(self) -> bool:
        """More than anybody reads line by line: a page then names the steps alone."""
        changes = [*self.whole, *self.between, *self.variables, *(each for step in self.steps for each in step.changes)]
        return sum(len(each.lines) for each in changes) > MOST_LINES

    @property
    def same(self) -> bool:
        return not (self.whole or self.steps or self.between or self.variables)


def difference(before: Document, after: Document) -> Difference:
    """What the reader of `before` finds otherwise in `after`. Both are documents that were kept.

    Raises:
        incidents.cacao.reading.PlaybookRefused: one of them is no playbook.
    """
    was, now = read_playbook(dict(before)), read_playbook(dict(after))
    return Difference(
        whole=tuple(_whole(before, after)),
        steps=tuple(_steps(was, now)),
        between=tuple(_between(was, now)),
        variables=tuple(_variables(before.get("playbook_variables", {}), after.get("playbook_variables", {}))),
    )


def _whole(before: Document, after: Document) -> list[Change]:
    names = [*OF_WHOLE, *sorted((before.keys() | after.keys()) - OF_WHOLE.keys() - LEFT_OUT)]
    return [
        change(str(OF_WHOLE.get(name, name)), said(before.get(name)), said(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _variables(before: Document, after: Document) -> list[Change]:
    names = sorted(before.keys() | after.keys())
    return [
        change(name, said(before.get(name)), said(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _steps(was: Plan, now: Plan) -> list[StepDifference]:
    old, new = {each.id: each for each in was.steps}, {each.id: each for each in now.steps}
    moved = _moved([each.id for each in was.steps if each.id in new], [each.id for each in now.steps if each.id in old])
    found = [StepDifference("removed", key, each.title, each.position, each.position)
             for key, each in old.items() if key not in new]  # fmt: skip
    for key, step in new.items():
        if key not in old:
            changes = tuple(_step(None, step, was, now))
            found.append(StepDifference("added", key, step.title, step.position, step.position, changes))
            continue
        changes = tuple(_step(old[key], step, was, now))
        if changes or key in moved:
            what: Literal["moved", "changed"] = "moved" if key in moved else "changed"
            found.append(StepDifference(what, key, step.title, step.position, old[key].position, changes))
    return sorted(found, key=lambda each: (each.position, each.what != "removed"))


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Those whose place among the others is another one; that a step was put in before them moves nobody."""
    stay = {
        key
        for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        for key in after[block.b : block.b + block.size]
    }
    return set(after) - stay


def _step(old: PlanStep | None, new: PlanStep, was: Plan, now: Plan) -> list[Change]:
    """A step that is new says everything but its title, which heads it, and what only a tool reads."""
    before, after = _facts(old, was) if old else {}, _facts(new, now)
    differ = [words for words in {**before, **after} if before.get(words, "") != after.get(words, "")]
    found = [change(words, before.get(words, ""), after.get(words, ""))
             for words in differ if old or words != str(TEXTS["title"])]  # fmt: skip
    if old is None:
        return found
    first, then = _fields(old, was), _fields(new, now)
    for name in sorted(first.keys() | then.keys()):
        told = {str(words) for words in IN_WORDS.get(name, ())} & set(differ)
        one, other = first.get(name), then.get(name)
        if told:
            one, other = _unsaid(name, one, old), _unsaid(name, other, new)
        if one != other:
            found.append(change(str(FIELDS.get(name, name)), said(one), said(other)))
    return found


def _unsaid(name: str, value: Any, step: PlanStep) -> Any:
    """What the words about a field do not tell: other parts of commands, other references, a time limit of its own."""
    if name == "commands":
        return _without(value or [], SAID_OF_COMMAND)
    if name == "external_references":
        told = {each.id for each in step.d3fend}
        own = [each for each in value or [] if each.get("external_id") not in told]
        return own + _without([each for each in value or [] if each.get("external_id") in told], SAID_OF_TECHNIQUE)
    if name == "timeout":
        return None if value == step.finish_minutes * 60_000 else value
    return None


def _without(objects: list[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    rest = [{name: value for name, value in each.items() if name not in names} for each in objects]
    return [each for each in rest if each]


def _fields(step: PlanStep, plan: Plan) -> dict[str, Any]:
    """What the document says of a step, steps by their names; of our own extension what is in no words yet."""
    workflow = plan.document["workflow"]
    names = {key: _name(each) for key, each in workflow.items()}
    raw = {name: value for name, value in workflow[step.id].items() if name not in {"type", "step_extensions"}}
    extensions = workflow[step.id].get("step_extensions", {})
    ours = {name: value for name, value in extensions.get(EXTENSION, {}).items() if name not in KNOWN}
    others = {key: value for key, value in extensions.items() if key != EXTENSION}
    return _named(raw, names) | ours | ({"step_extensions": others} if others else {})


def _facts(step: PlanStep, plan: Plan) -> dict[str, str]:
    """Everything that a step says, by what it is called, in words."""
    titles = {each.id: each.title for each in plan.steps}
    return {str(words): getattr(step, name) for name, words in TEXTS.items()} | {
        _("For whom"): one_named(step.audience) or str(AUDIENCES[step.audience]),
        _("Accept within"): _("%(n)s minutes") % {"n": step.acknowledge_minutes},
        _("Finish within"): _("%(n)s minutes") % {"n": step.finish_minutes},
        _("Shuts the intruder in"): _("yes") if step.containing else _("no"),
        _("Confirmed by the councils"): _("yes") if step.confirmed_by_council else _("no"),
        _("After"): "\n".join(titles.get(key, key) for key in step.after) or _("nothing"),
        _("The next may begin"): str(JOINS[step.join]),
        _("For your own tools"): "\n".join(f"{each.kind}: {each.text}" for each in step.instructions),
        _("Techniques"): "\n".join(f"{each.id} {each.name}".strip() for each in step.d3fend),
    }


def _between(was: Plan, now: Plan) -> list[Change]:
    """Steps that are no actions, or actions that are reached by a decision alone: what they are and lead to."""
    old, new = _others(was), _others(now)
    return [
        change((new.get(key) or old[key])[0], _lines(old.get(key)), _lines(new.get(key)))
        for key in [*old, *(each for each in new if each not in old)]
        if old.get(key) != new.get(key)
    ]


def _others(plan: Plan) -> dict[str, tuple[str, list[str]]]:
    """By id: a heading, and what it says in lines."""
    workflow, ours = plan.document["workflow"], {each.id for each in plan.steps}
    names = {key: _name(step) for key, step in workflow.items()}
    found = {}
    for key, step in workflow.items():
        if key in ours or step["type"] == "end":
            continue
        kind = str(KINDS.get(step["type"], step["type"]))
        said_of = {name: value for name, value in step.items() if name not in {"type", "name"}}
        lines = said(_named(said_of, names)).splitlines()
        found[key] = (f"{kind}: {names[key]}" if step.get("name") else kind.capitalize(), lines)
    return found


def _name(step: Mapping[str, Any]) -> str:
    return step.get("name") or str(KINDS.get(step["type"], step["type"]))


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """The same with the names of steps where their ids stood."""
    if isinstance(value, Mapping):
        return {names.get(key, key): _named(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _lines(other: tuple[str, list[str]] | None) -> str:
    return "\n".join(other[1]) if other else ""
