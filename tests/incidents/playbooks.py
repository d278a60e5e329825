"""The playbooks that tests read: our own, a small one, and published ones when they lie beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo" / "playbooks" / "shared-platform-containment.json"
SMALL = ROOT / "tests" / "data" / "cacao" / "two-branches.json"
PUBLISHED = ROOT.parent / "shared" / "data"

needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the folder of published playbooks and schemas is not beside the checkout"
)

Document = dict[str, Any]


def small_document() -> Document:
    return json.loads(SMALL.read_bytes())


def key(letter: str) -> str:
    return f"action--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b00{letter.lower()}"


GATEWAY = "linux--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"
TARGET = {"type": "linux", "name": "Gateway", "address": {"ipv4": ["192.0.2.1"]}}


def tool_document() -> Document:
    """The small one for tools: step A, the first, carries two commands and asks for the blocked address. B and C, which
    come later, carry one each."""
    document = small_document() | {"id": f"playbook--{uuid4()}", "name": "For tools"}
    document["playbook_variables"]["__blocked__"] = {"type": "ipv4-addr"}
    document["playbook_variables"]["__token__"] = {"type": "string"}
    document["target_definitions"] = {GATEWAY: TARGET}
    document["workflow"][key("a")] |= {
        "commands": [
            {"type": "bash", "command": "ipset add blocked __blocked__:value # in __city__:value"},
            {
                "type": "http-api",
                "command": "POST /block HTTP/1.1",
                "headers": {"Cookie": ["session=__token__:value; theme=<yours>"], "X-Api-Key": ["__token__:value"]},
            },
        ],
        "targets": [GATEWAY],
        "out_args": ["__blocked__"],
    }
    return document
