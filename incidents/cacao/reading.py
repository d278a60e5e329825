"""Playbooks as OASIS CACAO 2.0 JSON: read one, get the plan that an incident runs.

Three tiers: an error refuses the document, a warning goes with it, and *strict* makes every warning an error. Every
document that is read can be run, unless it runs another playbook that is not kept (`Plan.calls`): that is looked at
when an incident is opened.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from incidents.cacao.canonical import fingerprint_of
from incidents.cacao.checks import check_playbook
from incidents.cacao.credentials import secret_variables, without_secrets
from incidents.cacao.extension import EXTENSION, LONGEST_WAIT, LOOP, Details, details_of
from incidents.cacao.flow import Flow, flow_of
from incidents.cacao.notes import Notes
from incidents.cacao.parts import VARIABLE_VALUE, variables_in
from incidents.cacao.plan import Asked, Instruction, Plan, PlanStep, Technique
from incidents.cacao.receiving import document_of
from portal.documents import Problem, Refused


class PlaybookRefused(Refused):
    """The document is not a playbook that can be taken over, or cannot be run. `errors` says why."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return self.problems


def read_playbook(document: dict[str, Any] | bytes, *, strict: bool = False) -> Plan:
    """Read and check a CACAO 2.0 playbook.

    Raises:
        PlaybookRefused: with every error found; in strict mode with the warnings as well.
    """
    notes = Notes()
    if isinstance(document, bytes):
        try:
            document = document_of(document)
        except Refused as refused:
            raise PlaybookRefused(refused.problems) from None
    if not isinstance(document, dict):
        raise PlaybookRefused([Problem("", "A playbook must be a JSON object.")])
    check_playbook(document, notes)
    if notes.errors:
        raise PlaybookRefused(notes.errors)
    flow = flow_of(document["workflow"], document["workflow_start"], notes, document.get("workflow_exception"))
    details = {key: details_of(document["workflow"][key], ("workflow", key), notes) for key in flow.order}
    order = _in_order(flow, details, notes)
    calls = tuple(sorted({each["playbook_id"] for each in document["workflow"].values() if "playbook_id" in each}))
    if not flow.certain and not calls:
        notes.error(("workflow",), "The playbook has no action that is reached without a decision.")
    _check_loops(document["workflow"], notes)
    _check_times(document["workflow"], notes)
    deciding = {name for each in document["workflow"].values() for name in _asked_about(each)}
    if notes.errors or (strict and notes.warnings):
        raise PlaybookRefused(notes.errors + (notes.warnings if strict else []))
    return Plan(
        playbook_id=document["id"],
        slug=slug_of(document["name"]),
        name=document["name"],
        description=document.get("description", ""),
        version=document["modified"],
        fingerprint=fingerprint_of(document),
        steps=tuple(_step(document, key, at, flow, details[key], deciding) for at, key in enumerate(order, start=1)),
        warnings=tuple(notes.warnings),
        blockers=(),
        calls=calls,
        document=document,
    )


def slug_of(name: str) -> str:
    """A playbook's short name in addresses: *Shared platform containment* → shared-platform-containment."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "playbook"


def _in_order(flow: Flow, details: dict[str, Details], notes: Notes) -> list[str]:
    """The steps by the numbers that their author gave them, or in workflow order when those are not complete."""
    given = [details[key].position for key in flow.order]
    if not any(given):
        return list(flow.order)
    if None in given or len(set(given)) < len(given):
        notes.warn(("workflow",), "Not every step has a position of its own, so workflow order is used.")
        return list(flow.order)
    order = sorted(flow.order, key=lambda key: details[key].position or 0)
    for key, before in flow.after.items():
        if any(order.index(other) > order.index(key) for other in before):
            notes.warn(("workflow", key), "This step is numbered before one that it waits for.")
    return order


def _step(
    document: dict[str, Any], key: str, position: int, flow: Flow, details: Details, deciding: set[str]
) -> PlanStep:
    step = document["workflow"][key]
    secret = secret_variables(document, step)
    declared = {**document.get("playbook_variables", {}), **step.get("step_variables", {})}
    values = {name: each for name, each in declared.items() if name not in secret}
    manual = [text_of(each, values) for each in step["commands"] if each["type"] == "manual"]
    others = [Instruction(each["type"], text_of(each, values)) for each in step["commands"] if each["type"] != "manual"]
    description = step.get("description", "")
    do = "\n\n".join(manual) or description or "Carry out the instruction below with your own tooling."
    return PlanStep(
        id=key,
        position=position,
        title=step.get("name") or do.splitlines()[0][:80],
        short_title=details.short_title,
        do=do,
        why=description if manual else "",
        who=details.who,
        stops=details.stops,
        worked=details.worked,
        undo=details.undo,
        cannot=details.cannot,
        evidence=details.evidence,
        typed_confirmation=details.typed_confirmation,
        audience=details.audience,
        acknowledge_minutes=details.acknowledge_minutes,
        finish_minutes=details.finish_minutes,
        containing=details.contains,
        confirmed_by_council=details.confirmed_by_council,
        join=details.join,
        after=flow.after[key],
        certain=key in flow.certain,
        at_opening=key in flow.at_opening,
        answers=tuple(_answers(document, step, deciding)),
        d3fend=tuple(_techniques(step)),
        instructions=tuple(others),
    )


def text_of(command: dict[str, Any], variables: dict[str, Any]) -> str:
    """A command as text for a reader, with the variables whose value is known filled in (section 10.18.2).

    A header that holds in clear what lets somebody in is named without its value.
    """

    def value(match: re.Match[str]) -> str:
        known = variables.get(match[1], {}).get("value")
        return known if isinstance(known, str) and known else match[0]

    command = without_secrets(command)
    parts = [command.get("command") or _decoded(command.get("command_b64", ""))]
    parts += [f"{name}: {', '.join(map(str, each))}" for name, each in command.get("headers", {}).items()]
    parts += [f"{name}: (withheld)" for name in command.get("withheld", [])]
    parts.append(command.get("content") or _decoded(command.get("content_b64", "")))
    return VARIABLE_VALUE.sub(value, "\n".join(part for part in parts if part))


def _decoded(text: str) -> str:
    raw = base64.b64decode(text)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"({len(raw)} bytes that are not text)"


def _techniques(step: dict[str, Any]) -> list[Technique]:
    return [
        Technique(each["external_id"], each.get("description", ""))
        for each in step.get("external_references", [])
        if str(each.get("external_id", "")).startswith("D3-")
    ]


def _answers(document: dict[str, Any], step: dict[str, Any], deciding: set[str]) -> Iterator[Asked]:
    """What whoever completes the step must say. Only what a condition asks about is for the lead as well."""
    own, shared = step.get("step_variables", {}), document.get("playbook_variables", {})
    for name in dict.fromkeys(step.get("out_args", [])):
        variable = own.get(name) or shared[name]
        words = variable.get("description") or name.strip("_").replace("_", " ")
        yield Asked(name, variable["type"], words, name in deciding and name not in own)


def _asked_about(step: dict[str, Any]) -> set[str]:
    """Variables that a condition here, or one in a playbook that this step runs, may ask about."""
    if step["type"] == "playbook-action":
        return {*step.get("in_args", []), *step.get("out_args", [])}
    return variables_in(step.get("condition") or step.get("switch") or "")


def _check_loops(workflow: dict[str, Any], notes: Notes) -> None:
    for key, step in workflow.items():
        if step["type"] != "action" and EXTENSION in step.get("step_extensions", {}):
            place = ("workflow", key, "step_extensions", EXTENSION)
            LOOP.check(step["step_extensions"][EXTENSION], place, notes)


def _check_times(workflow: dict[str, Any], notes: Notes) -> None:
    """The standard sets no bound. What comes after thirty days is no answer to an incident."""
    for key, step in workflow.items():
        for name in ("delay", "timeout"):
            if step.get(name, 0) > LONGEST_WAIT:
                notes.error(("workflow", key, name), f"This is at most {LONGEST_WAIT} milliseconds: thirty days.")
