"""The playbooks that tests read: our own, a small one, and published ones when they lie beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
