"""The parts of a CACAO document, each checked by itself and against what it refers to."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Any

from incidents import cacao_fields as cacao
from incidents.cacao_notes import Notes, Place

ID = re.compile(
    r"(?P<type>[a-z][a-z0-9-]+[a-z0-9])--[0-9a-f]{8}-[0-9a-f]{4}-(?P<version>[1-5])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(\.\d+)?Z")
VARIABLE = re.compile(r"__[a-zA-Z][a-zA-Z0-9_-]{0,245}__")
VARIABLE_VALUE = re.compile(r"(__[a-zA-Z][a-zA-Z0-9_-]*?__):value")
SUCCESSORS = ("on_completion", "on_success", "on_failure")


def check_playbook(document: dict[str, Any], notes: Notes) -> None:
    """Everything but the workflow's shape (`cacao_flow`). Notes errors and warnings, raises nothing."""
    notes.check_fields(document, cacao.PLAYBOOK, ())
    notes.check_required(document, cacao.PLAYBOOK_REQUIRED, ())
    if notes.errors:
        return
    if document["type"] != "playbook":
        notes.error(("type",), 'The type must be "playbook".')
    if document["spec_version"] != "cacao-2.0":
        notes.error(("spec_version",), 'Only "cacao-2.0" is read.')
    if not document["name"].strip():
        notes.error(("name",), "The playbook needs a name.")
    check_id(document["id"], ("id",), notes, "playbook")
    check_id(document["created_by"], ("created_by",), notes, "identity")
    _check_times(document, notes)
    for name in ("priority", "severity", "impact"):
        if not 0 <= document.get(name, 0) <= 100:
            notes.error((name,), "This must lie between 0 and 100.")
    if document.get("playbook_types") and not document.get("playbook_activities"):
        notes.warn(("playbook_activities",), "A playbook with types should name its activities.")
    for at, each in enumerate(document.get("playbook_types", [])):
        if each not in cacao.PLAYBOOK_TYPES:
            notes.warn(("playbook_types", at), "This playbook type is not in the standard's list.")
    if document.get("description") == "":
        notes.warn(("description",), "The description is empty.")
    if document.get("signatures"):
        notes.warn(("signatures",), "Signatures are kept but not checked yet.")
    for at, marking in enumerate(document.get("markings", [])):
        if marking not in document.get("data_marking_definitions", {}):
            notes.error(("markings", at), "This marking is not defined in data_marking_definitions.")
    check_references(document.get("external_references", []), ("external_references",), notes)
    check_variables(document.get("playbook_variables", {}), ("playbook_variables",), notes)
    check_extensions(document, document.get("playbook_extensions", {}), ("playbook_extensions",), notes)
    _check_definitions(document, notes)
    for key, step in document["workflow"].items():
        if not isinstance(step, dict):
            notes.error(("workflow", key), "A step must be an object.")
        else:
            check_step(document, key, step, notes)
    check_start(document, notes)


def check_id(value: Any, place: Place, notes: Notes, kind: str | None = None) -> None:
    """An identifier (section 10.10): the object's type, two hyphens, a UUID."""
    match = ID.fullmatch(value) if isinstance(value, str) else None
    if match is None or (kind and match["type"] != kind):
        notes.error(place, f"This must be an identifier such as {kind or 'type'}--, followed by a UUID.")


def check_instant(value: str, place: Place, notes: Notes) -> datetime | None:
    """A timestamp (section 10.17): RFC 3339 in UTC. Fewer or more than three decimals are accepted with a warning."""
    match = INSTANT.fullmatch(value)
    try:
        # RFC 3339 knows leap seconds, Python's datetime does not.
        moment = datetime.fromisoformat(f"{match[1]}{min(int(match[2]), 59):02}+00:00") if match else None
    except ValueError:
        moment = None
    if match is None or moment is None or int(match[2]) > 60:
        notes.error(place, "This must be a time in UTC such as 2026-09-14T09:00:00.000Z.")
        return None
    decimals = (match[3] or ".")[1:]
    if len(decimals) != 3:
        notes.warn(place, "Times should have exactly three decimals.")
    return moment.replace(microsecond=int(decimals[:6].ljust(6, "0")))


def _check_times(document: dict[str, Any], notes: Notes) -> None:
    names = ("created", "modified", "valid_from", "valid_until")
    times = {name: check_instant(document[name], (name,), notes) for name in names if name in document}
    created, modified = times.get("created"), times.get("modified")
    if created and modified and modified < created:
        notes.error(("modified",), "The playbook was modified before it was created.")
    start, end = times.get("valid_from"), times.get("valid_until")
    if start and end and end <= start:
        notes.error(("valid_until",), "The playbook stops being valid before it starts.")


def check_references(references: list[Any], place: Place, notes: Notes) -> None:
    """External references: a name, and at least one thing more."""
    for at, each in enumerate(references):
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            notes.error((*place, at), "An external reference needs a name.")
        elif not each.keys() & {"description", "source", "url", "external_id", "reference_id"}:
            notes.error((*place, at), "An external reference needs a description, source, url or id beside its name.")


def check_variables(variables: dict[str, Any], place: Place, notes: Notes) -> None:
    for name, each in variables.items():
        if not VARIABLE.fullmatch(name):
            notes.error((*place, name), "A variable's name looks like __name__.")
        if not isinstance(each, dict) or not isinstance(each.get("type"), str):
            notes.error((*place, name), "A variable needs a type.")


def check_extensions(document: dict[str, Any], used: dict[str, Any], place: Place, notes: Notes) -> None:
    for key, each in used.items():
        if key not in document.get("extension_definitions", {}):
            notes.error((*place, key), "This extension is not defined in extension_definitions.")
        if not isinstance(each, dict):
            notes.error((*place, key), "An extension must be an object.")


def _check_definitions(document: dict[str, Any], notes: Notes) -> None:
    for section in cacao.DEFINITIONS:
        for key, each in document.get(section, {}).items():
            place = (section, key)
            check_id(key, place, notes)
            if not isinstance(each, dict) or not isinstance(each.get("type"), str):
                notes.error(place, "A definition must be an object with a type.")
            elif section in ("agent_definitions", "target_definitions"):
                _check_agent(document, key, each, place, notes)
            elif section == "authentication_info_definitions":
                for name in cacao.SECRETS:
                    if each.get(name) and not VARIABLE_VALUE.fullmatch(str(each[name])):
                        notes.error(
                            (*place, name), "A secret may not stand in a playbook. Use a variable or a key store."
                        )
            elif section == "extension_definitions":
                notes.check_required(each, ("name", "created_by", "schema", "version"), place)


def _check_agent(document: dict[str, Any], key: str, agent: dict[str, Any], place: Place, notes: Notes) -> None:
    if agent["type"] not in cacao.AGENT_TYPES:
        notes.warn((*place, "type"), f"{agent['type']!r} is not a type of agent or target that the standard defines.")
    elif not key.startswith(f"{agent['type']}--"):
        notes.error(place, "The identifier and the type disagree.")
    if not isinstance(agent.get("name"), str):
        notes.error((*place, "name"), "An agent or target needs a name.")
    sign_in = agent.get("authentication_info")
    if sign_in is not None and sign_in not in document.get("authentication_info_definitions", {}):
        notes.error((*place, "authentication_info"), "This is not defined in authentication_info_definitions.")


def check_start(document: dict[str, Any], notes: Notes) -> None:
    workflow = document["workflow"]
    start = workflow.get(document["workflow_start"])
    if not isinstance(start, dict) or start.get("type") != "start":
        notes.error(("workflow_start",), "This must be the identifier of a start step in the workflow.")
    exception = document.get("workflow_exception")
    if exception is not None and exception not in workflow:
        notes.error(("workflow_exception",), "There is no such step in the workflow.")


def check_step(document: dict[str, Any], key: str, step: dict[str, Any], notes: Notes) -> None:
    """One step: its own properties, and that all it refers to exists."""
    place: Place = ("workflow", key)
    before = len(notes.errors)
    check_id(key, place, notes)
    kind = step.get("type")
    if not isinstance(kind, str) or kind not in cacao.STEP_OWN:
        notes.error((*place, "type"), "This is not a type of step that CACAO 2.0 defines.")
        return
    if not key.startswith(f"{kind}--"):
        notes.error(place, f"The identifier of this step must begin with {kind}--.")
    elif (match := ID.fullmatch(key)) and match["version"] != "4":
        notes.warn(place, "The UUID of a step should be random (version 4).")
    notes.check_fields(step, cacao.STEP | cacao.STEP_OWN[kind], place)
    notes.check_required(step, cacao.STEP_REQUIRED.get(kind, ()), place)
    if len(notes.errors) > before:
        return
    for name in ("delay", "timeout"):
        if step.get(name, 0) < 0:
            notes.error((*place, name), "This cannot be negative.")
    check_references(step.get("external_references", []), (*place, "external_references"), notes)
    check_variables(step.get("step_variables", {}), (*place, "step_variables"), notes)
    check_extensions(document, step.get("step_extensions", {}), (*place, "step_extensions"), notes)
    if step.get("description") == "":
        notes.warn((*place, "description"), "The description is empty.")
    _check_successors(document["workflow"], kind, step, place, notes)
    _check_arguments(document, step, place, notes)
    if kind == "action":
        _check_action(document, step, place, notes)


def _check_successors(workflow: dict[str, Any], kind: str, step: dict[str, Any], place: Place, notes: Notes) -> None:
    given = [name for name in SUCCESSORS if name in step]
    if kind == "end" and given:
        notes.error((*place, given[0]), "An end step has no step after it.")
    elif "on_completion" in given and len(given) > 1:
        notes.error((*place, "on_completion"), "Give either on_completion, or on_success with on_failure, not both.")
    elif kind == "start" and given != ["on_completion"]:
        notes.error((*place, "on_completion"), "A start step needs on_completion, and nothing else.")
    elif kind != "end" and "on_completion" not in given and "on_success" not in given:
        notes.error((*place, "on_completion"), "This step leads nowhere: name the step after it.")
    for where, target in branches_of(step):
        if not isinstance(target, str) or target not in workflow:
            notes.error((*place, *where), "There is no such step in the workflow.")
    for name in given:
        if step[name] not in workflow:
            notes.error((*place, name), "There is no such step in the workflow.")
    if kind == "parallel" and len(step["next_steps"]) < 2:
        notes.error((*place, "next_steps"), "A parallel step needs at least two branches.")


def branches_of(step: dict[str, Any]) -> list[tuple[Place, Any]]:
    """Where a step names the first step of a branch, and which."""
    found: list[tuple[Place, Any]] = [(("next_steps", at), each) for at, each in enumerate(step.get("next_steps", []))]
    found += [((name,), step[name]) for name in ("on_true", "on_false") if name in step]
    found += [(("cases", case), each) for case, each in step.get("cases", {}).items()]
    return found


def _check_arguments(document: dict[str, Any], step: dict[str, Any], place: Place, notes: Notes) -> None:
    known = {**document.get("playbook_variables", {}), **step.get("step_variables", {})}
    for name in ("in_args", "out_args"):
        for at, each in enumerate(step.get(name, [])):
            if each not in known:
                notes.error((*place, name, at), "There is no such variable.")
    for at, command in enumerate(step.get("commands", [])):
        text = command.get("command") if isinstance(command, dict) else None
        for name in VARIABLE_VALUE.findall(text) if isinstance(text, str) else ():
            if name not in known:
                notes.error((*place, "commands", at, "command"), f"There is no variable {name}.")


def _check_action(document: dict[str, Any], step: dict[str, Any], place: Place, notes: Notes) -> None:
    agents, targets = document.get("agent_definitions", {}), document.get("target_definitions", {})
    if step["agent"] not in agents:
        notes.error((*place, "agent"), "This agent is not defined in agent_definitions.")
    for at, each in enumerate(step.get("targets", [])):
        if each in agents and each not in targets:
            notes.warn((*place, "targets", at), "This target is defined among the agents only.")
        elif each not in targets:  # published playbooks do this; nothing is run against a target here
            notes.warn((*place, "targets", at), "This target is not defined in target_definitions.")
    if not step["commands"]:
        notes.error((*place, "commands"), "An action needs at least one command.")
    for at, command in enumerate(step["commands"]):
        check_command(command, (*place, "commands", at), notes)


def check_command(command: Any, place: Place, notes: Notes) -> None:
    """One command: its type's own properties, and a text in one of the two spellings."""
    if not isinstance(command, dict) or not isinstance(command.get("type"), str):
        notes.error(place, "A command must be an object with a type.")
        return
    kind = command["type"]
    own = cacao.COMMAND_OWN.get(kind)
    if own is None:
        notes.warn((*place, "type"), f"{kind!r} is not a command type that the standard defines; it is shown as text.")
        own = cacao.TEXT | cacao.CONTENT
    notes.check_fields(command, cacao.COMMAND | own, place)
    notes.check_required(command, cacao.COMMAND_REQUIRED.get(kind, ()), place)
    check_references(command.get("external_references", []), (*place, "external_references"), notes)
    if not command.get("command") and not command.get("command_b64"):
        notes.error(place, "A command needs its text, in command or command_b64.")
    elif command.get("command") and command.get("command_b64"):
        notes.error(place, "A command has its text in command or in command_b64, not in both.")
    for name in ("command_b64", "content_b64"):
        if isinstance(command.get(name), str):
            try:
                base64.b64decode(command[name], validate=True)
            except (binascii.Error, ValueError):
                notes.error((*place, name), "This is not base64 (RFC 4648, section 4).")
