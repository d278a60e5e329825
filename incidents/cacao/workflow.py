"""Commands, steps and the playbook itself, as the standard defines them (section numbers in comments)."""

from __future__ import annotations

from typing import Any

from incidents.cacao.notes import Notes, Place
from incidents.cacao.objects import (
    AGENTS,
    EXTENSION_DEFINITIONS,
    EXTENSIONS,
    FLAG,
    ID,
    IDS,
    MARKINGS,
    MOMENT,
    REFERENCE,
    REFERENCES,
    SIGN_INS,
    SIGNATURE,
    SUMMARY,
    TEXT,
    TEXTS,
    VARIABLES,
)
from incidents.cacao.shapes import ByType, Keyed, Many, Record, Shape, Text, Whole

HEADERS = Keyed(r"(?s).*", Many(TEXT))
_SPELLINGS: dict[str, Shape] = {"command": TEXT, "command_b64": TEXT}
_CONTENT: dict[str, Shape] = {"headers": HEADERS, "content": TEXT, "content_b64": TEXT}
_PLAIN = ("manual", "bash", "ssh", "powershell", "caldera-cmd")
_ENCODED = ("elastic", "jupyter", "kestrel", "sigma", "yara")


def _command(required: tuple[str, ...], **own: Shape) -> Record:
    common: dict[str, Shape] = dict.fromkeys(("type", "description", "version", "playbook_activity"), TEXT)
    return Record(common | {"external_references": Many(REFERENCE)} | own, ("type", *required))


COMMANDS: dict[str, Record] = {  # 5
    **{kind: _command((), **_SPELLINGS) for kind in _PLAIN},
    **{kind: _command(("command_b64",), **_SPELLINGS) for kind in _ENCODED},
    "http-api": _command(("command",), **_SPELLINGS, **_CONTENT),
    "openc2-http": _command(("command", "content_b64"), **_SPELLINGS, **_CONTENT),
}
OTHER_COMMAND = _command((), **_SPELLINGS, **_CONTENT)


class _Command:
    """A command of its own type; one that the standard does not define is shown as text, with a warning."""

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            notes.error(place, "A command must be an object with a type.")
            return
        kind = value["type"]
        if kind not in COMMANDS:
            words = f"{kind!r} is not a command type that the standard defines; it is shown as text."
            notes.warn((*place, "type"), words)
        COMMANDS.get(kind, OTHER_COMMAND).check(value, place, notes)


def _step(kind: str, required: tuple[str, ...] = (), **own: Shape) -> Record:
    common: dict[str, Shape] = {
        "type": Text(frozenset({kind})),
        "name": TEXT,
        "description": TEXT,
        "external_references": REFERENCES,
        "delay": Whole(1),
        "timeout": Whole(),
        "step_variables": VARIABLES,
        **dict.fromkeys(("owner", "on_completion", "on_success", "on_failure"), ID),
        "step_extensions": EXTENSIONS,
    }
    return Record(common | own, ("type", *required), (_what_follows,))


def _what_follows(step: dict[str, Any], place: Place, notes: Notes) -> None:
    """Which successors a step of this type may and must name; that they exist is looked at by `steps`."""
    given = [name for name in SUCCESSORS if name in step]
    kind = step.get("type")
    if kind == "end" and given:
        notes.error((*place, given[0]), "An end step has no step after it.")
    elif "on_completion" in given and len(given) > 1:
        notes.error((*place, "on_completion"), "Give either on_completion, or on_success with on_failure, not both.")
    elif kind == "start" and given != ["on_completion"]:
        notes.error((*place, "on_completion"), "A start step needs on_completion, and nothing else.")
    elif kind != "end" and "on_completion" not in given and "on_success" not in given:
        notes.error((*place, "on_completion"), "This step leads nowhere: name the step after it.")


SUCCESSORS = ("on_completion", "on_success", "on_failure")
_ARGUMENTS: dict[str, Shape] = {"in_args": TEXTS, "out_args": TEXTS}
STEPS: dict[str, Record] = {  # 4
    "start": _step("start"),
    "end": _step("end"),
    "action": _step("action", ("commands", "agent"), commands=Many(_Command(), 1), agent=ID, targets=IDS, **_ARGUMENTS),
    "playbook-action": _step(
        "playbook-action", ("playbook_id",), playbook_id=ID, playbook_version=MOMENT, **_ARGUMENTS
    ),
    "parallel": _step("parallel", ("next_steps",), next_steps=Many(ID, 2)),
    "if-condition": _step("if-condition", ("condition", "on_true"), condition=TEXT, on_true=ID, on_false=ID),
    "while-condition": _step("while-condition", ("condition", "on_true"), condition=TEXT, on_true=ID),
    "switch-condition": _step("switch-condition", ("switch", "cases"), switch=TEXT, cases=Keyed(r"(?s).*", ID)),
}
PLAYBOOK = Record(  # 3.1
    {
        "type": Text(frozenset({"playbook"})),
        "spec_version": Text(frozenset({"cacao-2.0"})),
        **dict.fromkeys(("name", "description"), TEXT),
        **dict.fromkeys(("id", "created_by", "workflow_start", "workflow_exception"), ID),
        **dict.fromkeys(("created", "modified", "valid_from", "valid_until"), MOMENT),
        "playbook_types": Many(TEXT),
        **dict.fromkeys(("playbook_activities", "industry_sectors", "labels"), TEXTS),
        **dict.fromkeys(("derived_from", "related_to", "markings"), IDS),
        **dict.fromkeys(("priority", "severity", "impact"), Whole(0, 100)),
        "revoked": FLAG,
        "playbook_processing_summary": SUMMARY,
        "external_references": REFERENCES,
        "playbook_variables": VARIABLES,
        "workflow": ByType(STEPS),
        "playbook_extensions": EXTENSIONS,
        "authentication_info_definitions": SIGN_INS,
        **dict.fromkeys(("agent_definitions", "target_definitions"), AGENTS),
        "extension_definitions": EXTENSION_DEFINITIONS,
        "data_marking_definitions": MARKINGS,
        "signatures": Many(SIGNATURE, 1),
    },
    ("type", "spec_version", "id", "name", "created_by", "created", "modified", "workflow_start", "workflow"),
)
