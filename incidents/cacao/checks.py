"""A CACAO document as a whole: what the standard asks for beyond the shape of each object."""

from __future__ import annotations

from typing import Any

from incidents.cacao.literals import check_address_secrets, check_variable_secrets
from incidents.cacao.notes import Notes, Place
from incidents.cacao.objects import SUMMARY_FIELDS
from incidents.cacao.parts import (
    VARIABLE_VALUE,
    check_described,
    check_extensions,
    check_id,
    check_instant,
    check_references,
)
from incidents.cacao.receiving import check_values
from incidents.cacao.signatures import check_signatures
from incidents.cacao.steps import check_step
from incidents.cacao.vocabulary import ACTIVITIES, PLAYBOOK_TYPES, SECRETS, TLP_IDS
from incidents.cacao.workflow import PLAYBOOK


def check_playbook(document: dict[str, Any], notes: Notes) -> None:
    """Everything but the workflow's shape (`flow`). Notes errors and warnings, raises nothing."""
    check_values(document, notes)
    if not notes.errors:
        PLAYBOOK.check(document, (), notes)
    if notes.errors:
        return
    if not document["name"].strip():
        notes.error(("name",), "The playbook needs a name.")
    check_id(document["id"], ("id",), notes, "playbook")
    check_id(document["created_by"], ("created_by",), notes, "identity")
    _check_times(document, notes)
    _check_kinds(document, notes)
    check_described(document, (), notes)
    check_signatures(document, notes)
    for at, marking in enumerate(document.get("markings", [])):
        if marking not in document.get("data_marking_definitions", {}):
            notes.error(("markings", at), "This marking is not defined in data_marking_definitions.")
    check_references(document.get("external_references", []), ("external_references",), notes)
    check_extensions(document, document.get("playbook_extensions", {}), ("playbook_extensions",), notes)
    _check_definitions(document, notes)
    for key, step in document["workflow"].items():
        check_step(document, key, step, notes)
    check_variable_secrets(document, notes)
    check_start(document, notes)
    _check_summary(document, notes)


def _check_times(document: dict[str, Any], notes: Notes) -> None:
    names = ("created", "modified", "valid_from", "valid_until")
    times = {name: check_instant(document[name], (name,), Notes()) for name in names if name in document}
    created, modified = times.get("created"), times.get("modified")
    if created and modified and modified < created:
        notes.error(("modified",), "The playbook was modified before it was created.")
    start, end = times.get("valid_from"), times.get("valid_until")
    if start and end and end <= start:
        notes.error(("valid_until",), "The playbook stops being valid before it starts.")


def _check_kinds(document: dict[str, Any], notes: Notes) -> None:
    if document.get("playbook_types") and not document.get("playbook_activities"):
        notes.warn(("playbook_activities",), "A playbook with types should name its activities.")
    for at, each in enumerate(document.get("playbook_types", [])):
        if each not in PLAYBOOK_TYPES:
            notes.warn(("playbook_types", at), "This playbook type is not in the standard's list.")
    for at, each in enumerate(document.get("playbook_activities", [])):
        if each not in ACTIVITIES:
            notes.warn(("playbook_activities", at), "This activity is not in the standard's list.")


def _check_definitions(document: dict[str, Any], notes: Notes) -> None:
    for section in ("agent_definitions", "target_definitions"):
        for key, each in document.get(section, {}).items():
            sign_in = each.get("authentication_info")
            if sign_in is not None and sign_in not in document.get("authentication_info_definitions", {}):
                where = (section, key, "authentication_info")
                notes.error(where, "This is not defined in authentication_info_definitions.")
            used = each.get("agent_target_extensions", {})
            check_extensions(document, used, (section, key, "agent_target_extensions"), notes)
            check_address_secrets(each, (section, key), notes)
    for key, each in document.get("authentication_info_definitions", {}).items():
        _check_secrets(each, ("authentication_info_definitions", key), notes)
    for key, each in document.get("data_marking_definitions", {}).items():
        place = ("data_marking_definitions", key)
        if each["id"] != key:
            notes.error((*place, "id"), "The identifier and the key disagree.")
        official = TLP_IDS.get(each.get("tlpv2_level", ""))
        if official and not key.endswith(official):
            notes.error(place, f"The official marking of {each['tlpv2_level']} is marking-tlp--{official}.")
    _check_uuids(document, notes)


def _check_secrets(sign_in: dict[str, Any], place: Place, notes: Notes) -> None:
    for name in SECRETS:
        if sign_in.get(name) and not VARIABLE_VALUE.fullmatch(sign_in[name]):
            notes.error((*place, name), "A secret may not stand in a playbook. Use a variable or a key store.")
        elif sign_in.get(name) and sign_in.get("kms"):
            notes.error((*place, name), "Where a key store has the secret, it may not stand here as well.")


def _check_uuids(document: dict[str, Any], notes: Notes) -> None:
    """Section 10.10: a UUID names one object, whatever the type before it. Agents may be targets, too."""
    seen: dict[str, str] = {}
    sections = ("workflow", "agent_definitions", "target_definitions", "authentication_info_definitions",
                "extension_definitions", "data_marking_definitions")  # fmt: skip
    for section in sections:
        for key in document.get(section, {}):
            uuid = key.split("--")[1].lower()
            if seen.setdefault(uuid, key) != key:
                notes.warn((section, key), f"This UUID names {seen[uuid]} already.")


def check_start(document: dict[str, Any], notes: Notes) -> None:
    workflow = document["workflow"]
    start = workflow.get(document["workflow_start"])
    if not isinstance(start, dict) or start.get("type") != "start":
        notes.error(("workflow_start",), "This must be the identifier of a start step in the workflow.")
    exception = document.get("workflow_exception")
    if exception is not None and exception not in workflow:
        notes.error(("workflow_exception",), "There is no such step in the workflow.")


def summary_of(document: dict[str, Any]) -> dict[str, bool]:
    """What a playbook makes use of (section 10.14), worked out from the document itself."""
    steps = list(document["workflow"].values())
    types = {step["type"] for step in steps}
    commands = [command["type"] for step in steps for command in step.get("commands", [])]
    signatures = document.get("signatures", [])
    timed = any(step.get("delay") or step.get("timeout") for step in steps)
    return dict(
        zip(
            SUMMARY_FIELDS,
            (
                bool(commands) and set(commands) == {"manual"},
                "playbook-action" in types,
                "parallel" in types,
                "if-condition" in types,
                "while-condition" in types,
                "switch-condition" in types,
                timed or "valid_from" in document or "valid_until" in document,
                bool(document.get("markings")),
                bool(signatures),
                any("signature" in each for each in signatures),
                bool(document.get("extension_definitions")),
            ),
            strict=True,
        )
    )


def _check_summary(document: dict[str, Any], notes: Notes) -> None:
    found = summary_of(document)
    for name, said in document.get("playbook_processing_summary", {}).items():
        if said != found[name]:
            words = "The playbook says so, but it is not so." if said else "The playbook says no, but it is so."
            notes.warn(("playbook_processing_summary", name), words)
