"""A CACAO 2.0 document as an outline, or why it cannot be one.

What no field shows is kept beside it. Whether all of it came over is not argued but tried: the outline, written out
again, must be the document.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from incidents.cacao.extension import EXTENSION, FIELDS, TEXTS, details_of
from incidents.cacao.notes import Notes
from incidents.techniques.facts import technique
from incidents.writing.compose import composed, reference_of
from incidents.writing.outline import END, KINDS, Act, Block, Item, Kept, Lane, Outline, Variable
from portal.documents import pointer

OWN = frozenset(
    ["type", "spec_version", "id", "name", "description", "created", "modified", "workflow_start", "workflow",
     "playbook_types", "playbook_variables", "signatures"]
)  # fmt: skip
FOLLOWING = ("on_completion", "on_success", "on_failure")
BRANCHES = ("next_steps", "on_true", "on_false", "cases")


class NotWritable(Exception):
    """The document holds what an outline cannot: `where` is a JSON pointer, `why` is for its reader."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


def outline_of(document: dict[str, Any]) -> Outline:
    """An outline of a document that the reader of playbooks accepts. Its signatures do not come over.

    Raises:
        NotWritable: something of it would be lost or changed.
    """
    workflow = document["workflow"]
    start = workflow[document["workflow_start"]]
    walk = _Walk(workflow)
    main = walk.lane(start["on_completion"])
    for key in workflow:
        if key not in walk.seen and key != document["workflow_start"]:
            raise NotWritable(pointer("workflow", key), "This step is never reached, or a failure alone leads to it.")
    outline = Outline(
        id=document["id"],
        start=document["workflow_start"],
        main=main,
        name=document["name"],
        description=document.get("description", ""),
        types=list(document.get("playbook_types", [])),
        variables=[_variable(name, each) for name, each in document.get("playbook_variables", {}).items()],
        created=document["created"],
        modified=document["modified"],
        begin={name: value for name, value in start.items() if name not in ("type", "on_completion")},
        rest={name: value for name, value in document.items() if name not in OWN},
    )
    again = composed(outline, created_by=document["created_by"], modified=document["modified"])
    if (where := _difference(_bare(document), _bare(again))) is not None:
        raise NotWritable(where, "This cannot be shown in the editor without being changed.")
    return outline


def _variable(name: str, said: dict[str, Any]) -> Variable:
    value = said.get("value") or ""
    known = {"type", "description"} | ({"value"} if value else set())
    rest = {key: each for key, each in said.items() if key not in known}
    return Variable(name, said["type"], said.get("description", ""), value, rest)


class _Walk:
    def __init__(self, workflow: dict[str, Any]) -> None:
        self.workflow = workflow
        self.seen: set[str] = set()

    def lane(self, head: str, case: str = "") -> Lane:
        """The list that begins with a step, up to its end."""
        items: list[Item] = []
        key = head
        while (step := self.workflow[key])["type"] != "end":
            if key in self.seen:
                raise NotWritable(pointer("workflow", key), "Two ways lead to this step.")
            self.seen.add(key)
            items.append(self.item(key, step))
            key = step.get("on_completion") or step["on_success"]
        if key in self.seen:
            raise NotWritable(pointer("workflow", key), "Branches share this end step.")
        self.seen.add(key)
        own = {item.id for item in items}
        for at, item in enumerate(items):
            if item.failure == key:
                item.failure = END
            elif item.failure and item.failure not in own - {each.id for each in items[: at + 1]}:
                where = pointer("workflow", item.id, "on_failure")
                raise NotWritable(where, "If this step fails, it goes on outside its own list.")
        return Lane(key, case, items, {name: value for name, value in step.items() if name != "type"})

    def item(self, key: str, step: dict[str, Any]) -> Item:
        failure = step.get("on_failure", "")
        if step["type"] == "action":
            return _act(key, step, failure)
        kind = KINDS.get(step["type"])
        if kind is None:
            kept = {name: value for name, value in step.items() if name not in FOLLOWING}
            return Kept(key, step.get("name", ""), kept, failure)
        heads = [(head, "") for head in step.get("next_steps", [])]
        heads += [(step[name], "") for name in ("on_true", "on_false") if name in step]
        heads += [(head, case) for case, head in step.get("cases", {}).items()]
        shown = {"type", "name", "description", "condition", "switch", *FOLLOWING, *BRANCHES}
        return Block(
            id=key,
            kind=kind,
            title=step.get("name", ""),
            why=step.get("description", ""),
            condition=step.get("condition") or step.get("switch") or "",
            lanes=[self.lane(head, case) for head, case in heads],
            failure=failure,
            rest={name: value for name, value in step.items() if name not in shown},
        )


def _act(key: str, step: dict[str, Any], failure: str) -> Act:
    details = details_of(step, ("workflow", key), Notes())
    extensions = dict(step.get("step_extensions", {}))
    own = extensions.pop(EXTENSION, {})
    shown = {"type", "name", "description", "external_references", "timeout", "commands", "out_args", "step_extensions"}
    rest = {name: value for name, value in step.items() if name not in {*shown, *FOLLOWING}}
    if extensions:
        rest["extensions"] = extensions
    if more := {name: value for name, value in own.items() if name not in FIELDS}:
        rest["extension"] = more
    if step.get("timeout") != details.finish_minutes * 60_000:
        rest["timeout"] = step.get("timeout")
    commands, do = step["commands"], ""
    if len(commands) == 1 and commands[0]["type"] == "manual" and commands[0].get("command"):
        do = commands[0]["command"]
        if more := {name: value for name, value in commands[0].items() if name not in ("type", "command")}:
            rest["command"] = more
    else:
        rest["commands"] = commands
    references = step.get("external_references", [])
    known = [each["external_id"] for each in references if _is_ours(each)]
    if others := [each for each in references if not _is_ours(each)]:
        rest["references"] = others
    told = {name: getattr(details, name) for name in (*TEXTS, "short_title", "audience", "join", "evidence")}
    flags = {name: getattr(details, name) for name in ("contains", "confirmed_by_council", "typed_confirmation")}
    return Act(
        id=key,
        title=step.get("name", ""),
        do=do,
        why=step.get("description", ""),
        acknowledge_minutes=details.acknowledge_minutes,
        finish_minutes=details.finish_minutes,
        techniques=known,
        answers=list(step.get("out_args", [])),
        failure=failure,
        rest=rest,
        **told,
        **flags,
    )


def _is_ours(reference: dict[str, Any]) -> bool:
    key = reference.get("external_id", "")
    return technique(key) is not None and reference == reference_of(key)


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what a new version makes anew: positions, signatures, the summary, our own definitions.

    Activities that the standard wants beside types are added where there are none.
    """
    left = {
        "signatures",
        "playbook_processing_summary",
        "playbook_activities",
        "agent_definitions",
        "extension_definitions",
    }
    bare = {name: value for name, value in document.items() if name not in left}
    bare["workflow"] = {key: _bare_step(key, step) for key, step in document["workflow"].items()}
    return bare


def _bare_step(key: str, step: dict[str, Any]) -> dict[str, Any]:
    if "on_success" in step and "on_failure" not in step:
        step = {**step, "on_completion": step["on_success"]}
        del step["on_success"]
    if step["type"] != "action":
        return step
    extensions = dict(step.get("step_extensions", {}))
    own = extensions.pop(EXTENSION, {})
    more = {name: value for name, value in own.items() if name not in FIELDS}
    details = {name: value for name, value in asdict(details_of(step, (), Notes())).items() if name != "position"}
    return {**step, "step_extensions": extensions, "details": details | more}


def _difference(one: Any, other: Any, *place: str) -> str | None:
    """Where two documents differ first, as a JSON pointer; None when they do not."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if key not in one or key not in other:
                return pointer(*place, key)
            if (where := _difference(one[key], other[key], *place, key)) is not None:
                return where
        return None
    return None if one == other else pointer(*place)
