"""A CACAO document as a whole: its own properties, its definitions, its start."""

from __future__ import annotations

from typing import Any

from incidents.cacao import fields as cacao
from incidents.cacao.notes import Notes, Place
from incidents.cacao.parts import (
    VARIABLE_VALUE,
    check_extensions,
    check_id,
    check_instant,
    check_references,
    check_variables,
)
from incidents.cacao.steps import check_step


def check_playbook(document: dict[str, Any], notes: Notes) -> None:
    """Everything but the workflow's shape (`flow`). Notes errors and warnings, raises nothing."""
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


def _check_times(document: dict[str, Any], notes: Notes) -> None:
    names = ("created", "modified", "valid_from", "valid_until")
    times = {name: check_instant(document[name], (name,), notes) for name in names if name in document}
    created, modified = times.get("created"), times.get("modified")
    if created and modified and modified < created:
        notes.error(("modified",), "The playbook was modified before it was created.")
    start, end = times.get("valid_from"), times.get("valid_until")
    if start and end and end <= start:
        notes.error(("valid_until",), "The playbook stops being valid before it starts.")


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
    if sign_in is not None and not isinstance(sign_in, str):
        notes.error((*place, "authentication_info"), "This must be an identifier.")
    elif sign_in is not None and sign_in not in document.get("authentication_info_definitions", {}):
        notes.error((*place, "authentication_info"), "This is not defined in authentication_info_definitions.")


def check_start(document: dict[str, Any], notes: Notes) -> None:
    workflow = document["workflow"]
    start = workflow.get(document["workflow_start"])
    if not isinstance(start, dict) or start.get("type") != "start":
        notes.error(("workflow_start",), "This must be the identifier of a start step in the workflow.")
    exception = document.get("workflow_exception")
    if exception is not None and exception not in workflow:
        notes.error(("workflow_exception",), "There is no such step in the workflow.")
