"""An outline as a CACAO 2.0 document: every list ends in its own end step, every block names what follows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from incidents.cacao.checks import summary_of
from incidents.cacao.extension import EXTENSION, one_named
from incidents.techniques.facts import technique
from incidents.writing.outline import CACAO_TYPES, END, Act, Block, Item, Kept, Lane, Outline, Variable

GREEN = "marking-tlp--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"  # the official object of TLP:GREEN
AGENTS = {
    "all": (
        "group--becccfc8-9252-4f2f-983e-4eeaaac45350",
        "Everyone who takes part",
        "Every organisation in the incident but observers.",
    ),
    "councils": (
        "group--59973a93-bdfe-47ce-8063-bb62d4ca91d7",
        "Each council",
        "Every council in the incident, each for itself.",
    ),
    "provider": (
        "group--49b0761a-a1aa-4a9b-bd41-4344bf0cdf4a",
        "The provider",
        "Whoever runs the attacked platform for the councils.",
    ),
    "lead": (
        "group--aecf293c-87c5-41ec-99cf-9029d17dfb4c",
        "The lead",
        "The organisation that leads this incident.",
    ),
    "deputy_lead": (
        "group--5a8c7a0e-9a1e-4a55-8a54-0e0a2c2f5b57",
        "The deputy lead",
        "The organisation that leads when the lead cannot.",
    ),
}
# What the identifiers of named organisations are made from, so that one has the same in every playbook.
ORGANISATIONS = UUID("6f6c2f39-53ab-4c52-a4d3-8f0f9a3a7a41")
ACTIVITY_OF = {  # one that always goes with the type; the standard wants activities beside types
    "attack": "execute-operation",
    "detection": "match-indicator",
    "engagement": "prepare-engagement",
    "investigation": "analyze-collected-data",
    "mitigation": "restrict-access",
    "notification": "deliver-content",
    "prevention": "configure-systems",
    "remediation": "restore-capabilities",
}
OWN_EXTENSION = {
    "type": "extension-definition",
    "name": "Bulkhead steps",
    "description": "Who gets a step, by when, and what its reader needs to know.",
    "created_by": "identity--8ed6d782-43db-43c2-8536-8d5778d846f1",
    "schema": (
        "position: place in the list, from 1. short_title: at most 16 characters, for the head of a column. "
        "audience: all, each, councils, provider, lead, deputy_lead or organisation:NAME. acknowledge_minutes, "
        "finish_minutes: counted from when the step can begin. contains: true for a step that shuts the intruder "
        "in. confirmed_by_council: true when the councils confirm what the provider did. typed_confirmation: true "
        "when the step stops what stands on the system. evidence: what to keep as proof. join: own, all, "
        "all_not_exempt or lead; whose tasks must be done before the next step begins. texts: who usually does "
        "it, what it stops for you, how you know that it worked, how to undo it, what if you cannot."
    ),
    "version": "1.2.0",
}
TEXTS = ("who", "stops", "worked", "undo", "cannot")


def composed(outline: Outline, *, created_by: str, modified: str) -> dict[str, Any]:
    """The document of a new version. `modified` is CACAO's timestamp; a first version was created then, too.

    What is unfinished stays unfinished: `incidents.writing.faults` says so, and the reader of documents refuses it.
    """
    workflow: dict[str, Any] = {outline.start: {"type": "start", **outline.begin}}
    numbers = {act.id: at for at, act in enumerate(outline.acts(), start=1)}
    workflow[outline.start]["on_completion"] = _list(outline.main, workflow, numbers)
    document: dict[str, Any] = {
        **outline.rest,
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": outline.id,
        "name": outline.name,
        "created_by": outline.rest.get("created_by", created_by),
        "created": outline.created or modified,
        "modified": modified,
        "workflow_start": outline.start,
        "workflow": workflow,
    }
    if outline.description:
        document["description"] = outline.description
    if outline.types:
        wanted = [ACTIVITY_OF[each] for each in outline.types if each in ACTIVITY_OF]
        document["playbook_types"] = outline.types
        document["playbook_activities"] = outline.rest.get("playbook_activities") or list(dict.fromkeys(wanted))
    if outline.variables:
        document["playbook_variables"] = {each.name: _variable(each) for each in outline.variables}
    _define(document, outline)
    if "playbook_processing_summary" in outline.rest:
        document["playbook_processing_summary"] = summary_of(document)
    return document


def first_rest() -> dict[str, Any]:
    """What a playbook that begins here has beside what its author writes: to be passed on within the community."""
    marking = {
        "type": "marking-tlp",
        "id": GREEN,
        "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
        "created": "2022-10-01T00:00:00.000Z",
        "tlpv2_level": "TLP:GREEN",
    }
    return {
        "industry_sectors": ["local-government"],
        "markings": [GREEN],
        "data_marking_definitions": {GREEN: marking},
        "playbook_processing_summary": {},
    }


def identity_of(organisation_id: UUID) -> str:
    return f"identity--{organisation_id}"


def _variable(each: Variable) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": each.kind, **each.rest}
    if each.words:
        shown["description"] = each.words
    if each.value:
        shown["value"] = each.value
    return shown


def agent_of(audience: str) -> tuple[str, str, str]:
    """Identifier, name and description of whoever does a step."""
    if not (name := one_named(audience)):
        return AGENTS[audience]
    return f"organization--{uuid5(ORGANISATIONS, audience)}", name, f"{name} alone, where it takes part."


def _define(document: dict[str, Any], outline: Outline) -> None:
    """Agents and our extension, where a step uses them and the document did not bring them."""
    acts = outline.acts()
    used = {agent_of(each.audience) for each in acts if "agent" not in each.rest}
    agents = dict(document.get("agent_definitions", {}))
    for key, name, description in sorted(used):
        agents.setdefault(key, {"type": key.partition("--")[0], "name": name, "description": description})
    if agents:
        document["agent_definitions"] = agents
    if acts:
        extensions = document.get("extension_definitions", {})
        document["extension_definitions"] = {EXTENSION: OWN_EXTENSION} | extensions


def _list(lane: Lane, workflow: dict[str, Any], numbers: dict[str, int]) -> str:
    """Write a list's steps and its end; returns the first step's id."""
    for item, after in zip(lane.items, [*(each.id for each in lane.items[1:]), lane.id], strict=False):
        failure = lane.id if item.failure == END else item.failure
        follows = {"on_success": after, "on_failure": failure} if failure else {"on_completion": after}
        workflow[item.id] = _step(item, workflow, numbers) | follows
    workflow[lane.id] = {"type": "end", **lane.end}
    return lane.items[0].id if lane.items else lane.id


def _step(item: Item, workflow: dict[str, Any], numbers: dict[str, int]) -> dict[str, Any]:
    if isinstance(item, Kept):
        return dict(item.step)
    return _act(item, numbers[item.id]) if isinstance(item, Act) else _block(item, workflow, numbers)


def _block(block: Block, workflow: dict[str, Any], numbers: dict[str, int]) -> dict[str, Any]:
    heads = [_list(lane, workflow, numbers) for lane in block.lanes]
    step: dict[str, Any] = {"type": CACAO_TYPES[block.kind], **block.rest}
    if block.title:
        step["name"] = block.title
    if block.why:
        step["description"] = block.why
    if block.kind == "together":
        step["next_steps"] = heads
    elif block.kind == "choose":
        step["switch"] = block.condition
        step["cases"] = {lane.case: head for lane, head in zip(block.lanes, heads, strict=True)}
    else:
        step["condition"] = block.condition
        step["on_true"] = heads[0]
        if len(heads) > 1:
            step["on_false"] = heads[1]
    return step


def _act(act: Act, position: int) -> dict[str, Any]:
    rest = dict(act.rest)
    step: dict[str, Any] = {"type": "action", "name": act.title}
    if act.why:
        step["description"] = act.why
    references = rest.pop("references", []) + [reference_of(each) for each in act.techniques]
    if references:
        step["external_references"] = references
    timeout = rest.pop("timeout", act.finish_minutes * 60_000)
    if timeout is not None:
        step["timeout"] = timeout
    command = rest.pop("command", {})
    step["commands"] = rest.pop("commands", None) or [{"type": "manual", "command": act.do, **command}]
    step["agent"] = rest.pop("agent", agent_of(act.audience)[0])
    if act.answers:
        step["out_args"] = act.answers
    extensions = {EXTENSION: _extension(act, position) | rest.pop("extension", {})}
    step["step_extensions"] = rest.pop("extensions", {}) | extensions
    return step | rest


def _extension(act: Act, position: int) -> dict[str, Any]:
    found: dict[str, Any] = {"position": position}
    if act.short_title:
        found["short_title"] = act.short_title
    found |= {
        "audience": act.audience,
        "acknowledge_minutes": act.acknowledge_minutes,
        "finish_minutes": act.finish_minutes,
    }
    found |= {name: True for name in ("contains", "confirmed_by_council", "typed_confirmation") if getattr(act, name)}
    found["join"] = act.join
    if act.evidence:
        found["evidence"] = act.evidence
    texts = {name: getattr(act, name) for name in TEXTS if getattr(act, name)}
    return found | ({"texts": texts} if texts else {})


def reference_of(key: str) -> dict[str, str]:
    """A technique as an external reference; one that is not known keeps its id alone."""
    known = technique(key)
    where = "MITRE D3FEND" if key.startswith("D3-") else "MITRE ATT&CK"
    if known is None:
        return {"name": where, "external_id": key}
    return {"name": where, "description": known.name, "external_id": known.id, "url": known.href}
