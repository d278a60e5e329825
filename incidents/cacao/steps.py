"""The steps of a CACAO document against what they refer to, once each has its shape (`workflow`)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from incidents.cacao.literals import check_command_secrets
from incidents.cacao.notes import Notes, Place
from incidents.cacao.parts import (
    ID,
    VARIABLE_VALUE,
    check_described,
    check_extensions,
    check_names,
    check_references,
)
from incidents.cacao.workflow import SUCCESSORS
from incidents.techniques.facts import looks_like, technique


def check_step(document: dict[str, Any], key: str, step: dict[str, Any], notes: Notes) -> None:
    """That all a step refers to exists, and what else the standard asks of it."""
    place: Place = ("workflow", key)
    if (match := ID.fullmatch(key)) and match["version"] != "4":
        notes.warn(place, "The UUID of a step should be random (version 4).")
    if step.get("timeout", 0) < 0:
        notes.error((*place, "timeout"), "This cannot be negative.")
    check_references(step.get("external_references", []), (*place, "external_references"), notes)
    check_techniques(step.get("external_references", []), (*place, "external_references"), notes)
    check_names(step.get("step_variables", {}), (*place, "step_variables"), notes)
    check_extensions(document, step.get("step_extensions", {}), (*place, "step_extensions"), notes)
    check_described(step, place, notes)
    for name in SUCCESSORS:
        if name in step and step[name] not in document["workflow"]:
            notes.error((*place, name), "There is no such step in the workflow.")
    for where, target in branches_of(step):
        if target not in document["workflow"]:
            notes.error((*place, *where), "There is no such step in the workflow.")
    _check_arguments(document, step, place, notes)
    if step["type"] == "action":
        _check_action(document, step, place, notes)


def check_techniques(references: list[Any], place: Place, notes: Notes) -> None:
    """Ids of ATT&CK and D3FEND are those of the versions that the portal holds."""
    for at, each in enumerate(references):
        key = each.get("external_id", "")
        if (family := looks_like(key)) and technique(key) is None:
            words = {"attack": "ATT&CK 18.1", "d3fend": "D3FEND 1.2.0"}[family]
            notes.warn((*place, at, "external_id"), f"{key} is not in {words}.")


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
        for name in VARIABLE_VALUE.findall(command.get("command", "")):
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
    for at, command in enumerate(step["commands"]):
        check_command(command, (*place, "commands", at), notes)


def check_command(command: dict[str, Any], place: Place, notes: Notes) -> None:
    """One command: a text in one of the two spellings, base64 that is, and no secret."""
    check_command_secrets(command, place, notes)
    check_references(command.get("external_references", []), (*place, "external_references"), notes)
    if not command.get("command") and not command.get("command_b64"):
        notes.error(place, "A command needs its text, in command or command_b64.")
    elif command.get("command") and command.get("command_b64"):
        notes.error(place, "A command has its text in command or in command_b64, not in both.")
    for name in ("command_b64", "content_b64"):
        if name in command:
            try:
                base64.b64decode(command[name], validate=True)
            except (binascii.Error, ValueError):
                notes.error((*place, name), "This is not base64 (RFC 4648, section 4).")
