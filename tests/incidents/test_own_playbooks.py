"""Our own playbooks: valid without a note, whole for their reader, and the same after a way through the editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from incidents.cacao.reading import read_playbook
from incidents.techniques.facts import technique
from incidents.writing.compose import composed
from incidents.writing.outline import as_json, from_json
from incidents.writing.reading_in import outline_of
from tests.incidents.playbooks import DEMO, needs_published
from tests.incidents.test_cacao_schema import official

FILES = sorted(DEMO.parent.glob("*.json"))
LINES = ("do", "why", "who", "stops", "worked", "undo", "cannot")
# Issue 6, point 4.
WANTED = {
    "shared-identity-breach", "ransomware-on-shared-file-services", "provider-compromise", "partner-mail-compromise",
    "data-exposure", "loss-of-telephony", "suspicious-cross-boundary-access", "reconnecting",
}  # fmt: skip
EARLIER = {"shared-platform-containment-2026-03"}  # a version that one partner has still signed
own = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
__all__ = ["official"]


def test_the_eight_are_there_beside_the_one_that_was() -> None:
    assert {path.stem for path in FILES} == WANTED | {DEMO.stem} | EARLIER


@own
def test_it_is_valid_without_a_note_and_each_step_has_its_seven_lines(path: Path) -> None:
    document = json.loads(path.read_bytes())
    plan = read_playbook(document, strict=True)
    assert plan.slug == (DEMO.stem if path.stem in EARLIER else path.stem)
    for step in plan.steps:
        assert all(getattr(step, line) for line in LINES), step.title
        assert step.acknowledge_minutes <= step.finish_minutes
    acts = [step for step in document["workflow"].values() if step["type"] == "action"]
    for step in acts:
        for each in step.get("external_references", []):
            known = technique(each["external_id"])
            assert known is not None
            assert known.name == each["description"]
            assert known.href.rstrip("/") == each["url"].rstrip("/")
    if path.stem not in {DEMO.stem, *EARLIER}:
        details = [next(iter(step["step_extensions"].values())) for step in acts]
        assert all(each["evidence"] for each in details)
        assert len({each["audience"] for each in details}) > 1
        assert [each["external_id"] for step in acts for each in step["external_references"] if "D3-" in str(each)]


@own
def test_it_comes_through_the_editor_as_it_was(path: Path) -> None:
    document = json.loads(path.read_bytes())
    outline = from_json(json.loads(json.dumps(as_json(outline_of(document)))))
    again = composed(outline, created_by="identity--x", modified=document["modified"])
    assert _without_positions(again) == _without_positions(document)


def _without_positions(document: dict[str, Any]) -> dict[str, Any]:
    for step in document["workflow"].values():
        for each in step.get("step_extensions", {}).values():
            each.pop("position", None)
    return document


@needs_published
@own
def test_the_official_schema_accepts_it(path: Path, official: Any) -> None:
    assert official(json.loads(path.read_bytes()))
