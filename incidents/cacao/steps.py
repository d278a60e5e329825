"""The steps of a CACAO document, each by itself and against what it refers to."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from incidents.cacao import fields as cacao
from incidents.cacao.notes import Notes, Place, Texts
from incidents.cacao.parts import (
    ID,
    VARIABLE_VALUE,
    check_extensions,
    check_id,
    check_references,
    check_variables,
)

SUCCESSORS = ("on_completion", "on_success", "on_failure")


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
    before = len(notes.errors)
    notes.check_fields(command, cacao.COMMAND | own, place)
    notes.check_required(command, cacao.COMMAND_REQUIRED.get(kind, ()), place)
    for name, values in command["headers"].items() if isinstance(command.get("headers"), dict) else ():
        notes.check_fields({name: values}, {name: Texts}, (*place, "headers"))
    if len(notes.errors) > before:
        return
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
