"""What the benchmarks measure over: seeded, made anew for each run, never committed."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SEED = 20261103
SYSTEM = "shared-identity"
PLAYBOOK = "twelve-steps"
BRANCHED = "one-branch"
LEAD = "council-01"
EXTENSION = "extension-definition--77fb2c0a-9f29-478f-bcd7-fb5e6967d9e8"
IDENTITY = "identity--78153d92-a046-4332-9b22-fa54526a0234"
MADE = "2026-09-01T09:00:00.000Z"
Document = dict[str, Any]


def write_partnership(
    folder: Path,
    *,
    organisations: int = 33,
    steps: int = 12,
    people: int = 3,
    branch: bool = False,
    shared_by: Sequence[int] = (),
) -> Path:
    """A partnership file and its playbook in this folder: every organisation on one system, every step for all.
    With `branch` the first step comes only when the lead has decided so, and the playbook is called `BRANCHED`.
    `shared_by` adds a system for each of its numbers, called `system_of(number)`: so many organisations take part in
    its incidents, the provider counted. Then both playbooks are there.

    One of the organisations is the provider of the system; the others are councils. Each has a duty desk, a few
    people, and a contact point a person and one for the desk.
    """
    chance = random.Random(SEED)
    playbooks = {}
    if branch or shared_by:
        playbooks[f"{BRANCHED}.json"] = _branched(chance)
    if not branch:
        playbooks[f"{PLAYBOOK}.json"] = _playbook(chance, steps)
    for name, playbook in playbooks.items():
        (folder / name).write_text(json.dumps(playbook))
    path = folder / "partnership.json"
    path.write_text(json.dumps(_partnership(organisations, people, list(playbooks), shared_by)))
    return path


def system_of(number: int) -> str:
    return f"shared-by-{number}"


def _partnership(organisations: int, people: int, playbooks: list[str], shared_by: Sequence[int]) -> Document:
    councils = [f"council-{number:02}" for number in range(1, organisations)]
    slugs = [*councils, "provider"]
    persons = [
        {
            "organisation": slug,
            "name": f"Person {number} of {slug}",
            "email": f"person-{number}@{slug}.example",
            "role": "incident_manager" if number == 1 else "responder",
        }
        for slug in slugs
        for number in range(1, people + 1)
    ]
    return {
        "name": f"{organisations} organisations on one system",
        "organisations": [
            {
                "slug": slug,
                "name": slug.replace("-", " ").capitalize(),
                "kind": "provider" if slug == "provider" else "council",
                "duty_desk": {"name": f"Duty desk of {slug}", "phone": f"01632 96{number:04}"},
            }
            for number, slug in enumerate(slugs)
        ],
        "people": persons,
        "systems": [
            {"slug": SYSTEM, "name": "Shared identity", "spoken": "the shared identity", "provider": "provider"},
            *(
                {"slug": system_of(n), "name": f"Shared by {n}", "spoken": f"what {n} share", "provider": "provider"}
                for n in shared_by
            ),
        ],
        "participations": [
            {"organisation": slug, "system": system, "services": ["Log-in for all staff"], "people_served": 50_000}
            for system, count in [(SYSTEM, organisations), *((system_of(n), n) for n in shared_by)]
            for slug in councils[: count - 1]
        ],
        "contact_points": [
            *({"organisation": slug, "address": f"duty@{slug}.example", "label": "Duty desk"} for slug in slugs),
            *(
                {
                    "organisation": each["organisation"],
                    "person": each["email"],
                    "address": f"own-{each['email']}",
                    "label": "Own mailbox",
                }
                for each in persons
            ),
        ],
        "playbooks": playbooks,
    }


def _playbook(chance: random.Random, steps: int) -> Document:
    """A start, one parallel step, `steps` actions that wait for nothing, an end."""
    start, parallel, done, end, agent = _identifiers(chance, "start", "parallel", "end", "end", "group")
    names = _identifiers(chance, *["action"] * steps)
    actions = {name: _action(number, agent, done) for number, name in enumerate(names, 1)}
    workflow = {
        start: {"type": "start", "on_completion": parallel},
        parallel: {"type": "parallel", "next_steps": list(actions), "on_completion": end},
        **actions,
        done: {"type": "end"},
        end: {"type": "end"},
    }
    return _document(chance, PLAYBOOK, workflow, agent)


def _branched(chance: random.Random) -> Document:
    """A start, a condition that only a person can decide with one action in its branch, an action after it, an end."""
    start, condition, action, last, done, end, agent = _identifiers(
        chance, "start", "if-condition", "action", "action", "end", "end", "group"
    )
    workflow = {
        start: {"type": "start", "on_completion": condition},
        condition: {
            "type": "if-condition",
            "name": "Has it spread?",
            "condition": "the intruder was seen in a second system",
            "on_true": action,
            "on_completion": last,
        },
        action: _action(1, agent, done),
        last: _action(2, agent, end),
        done: {"type": "end"},
        end: {"type": "end"},
    }
    return _document(chance, BRANCHED, workflow, agent)


def _identifiers(chance: random.Random, *kinds: str) -> list[str]:
    return [f"{kind}--{uuid.UUID(int=chance.getrandbits(128), version=4)}" for kind in kinds]


def _document(chance: random.Random, name: str, workflow: Document, agent: str) -> Document:
    start = next(iter(workflow))
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": _identifiers(chance, "playbook")[0],
        "name": name.replace("-", " ").capitalize(),
        "description": "Every step is for everybody.",
        "playbook_types": ["mitigation"],
        "created_by": IDENTITY,
        "created": MADE,
        "modified": MADE,
        "workflow_start": start,
        "workflow": workflow,
        "agent_definitions": {agent: {"type": "group", "name": "Everybody"}},
        "extension_definitions": {
            EXTENSION: {
                "type": "extension-definition",
                "name": "Bulkhead steps",
                "created_by": IDENTITY,
                "schema": "Who gets a step, and by when.",
                "version": "1",
            }
        },
    }


def _action(number: int, agent: str, done: str) -> Document:
    return {
        "type": "action",
        "name": f"Step {number}: do what was agreed for this moment",
        "description": "What to do here stands in the plan that every organisation has signed.",
        "commands": [{"type": "manual", "command": "Do it, then say so."}],
        "agent": agent,
        "on_completion": done,
        "step_extensions": {
            EXTENSION: {
                "position": number,
                "audience": "all",
                "acknowledge_minutes": 10,
                "finish_minutes": 60,
                "contains": number % 3 == 0,
            }
        },
    }
