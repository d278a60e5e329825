"""The picture of a workflow and its table: what leads to what, drawn downwards, nothing over anything else."""

from __future__ import annotations

import itertools
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from incidents.picture_layout import BOX_WIDTH
from incidents.workflow_picture import OVER, Link, drawn, in_words, links_of
from tests.incidents.playbooks import DEMO

FILES = sorted(DEMO.parent.glob("*.json"))


def looped() -> dict[str, Any]:
    """start, then while w: a, (b fails to: c), then if i: d; over."""
    return {
        "workflow_start": "start--1",
        "workflow": {
            "start--1": {"type": "start", "on_completion": "while--1"},
            "while--1": {"type": "while-condition", "condition": "c", "on_true": "a", "on_completion": "b"},
            "a": {"type": "action", "name": "A", "on_completion": "end--1"},
            "b": {"type": "action", "name": "B", "on_success": "if--1", "on_failure": "c"},
            "c": {"type": "action", "name": "C", "on_completion": "end--2"},
            "if--1": {"type": "if-condition", "condition": "Is it?", "on_true": "d", "on_completion": "end--2"},
            "d": {"type": "action", "name": "D", "on_completion": "end--3"},
            **{f"end--{at}": {"type": "end"} for at in (1, 2, 3)},
        },
    }


def test_what_leads_to_what_is_what_the_standard_says() -> None:
    # CACAO 2.0, 4.7 to 4.10: a branch ends, then whatever comes after the step that opened it; a while asks again.
    assert set(links_of(looped())) == {
        Link("start--1", "while--1"),
        Link("while--1", "a", "yes"),
        Link("a", "while--1", "", back=True),
        Link("while--1", "b", "otherwise"),
        Link("b", "if--1"),
        Link("b", "c", "if it fails"),
        Link("c", OVER),
        Link("if--1", "d", "yes"),
        Link("d", OVER),
        Link("if--1", OVER, "otherwise"),
    }


def test_the_table_says_the_same_in_words() -> None:
    rows = {row.title: row for row in drawn(looped(), {"a": 1, "b": 2}).rows}
    assert rows["A"].then == ["Repeat while (again)"]
    assert rows["Repeat while"].after == ["Begins", "1. A (again)"]
    assert rows["C"].after == ["2. B (if it fails)"]
    assert (rows["A"].number, rows["C"].number, rows["Only if"].what) == ("1", "", "Only if; Is it?")
    assert in_words("__still_spreading__:value = true") == "still spreading = true"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_boxes_lie_apart_and_later_ones_lower(path: Any) -> None:
    document = json.loads(path.read_bytes())
    picture = drawn(document, {}, lambda key: f"#{key}")
    for one, other in itertools.combinations(picture.boxes, 2):
        apart = abs(one.x - other.x) >= BOX_WIDTH or one.y + one.height <= other.y or other.y + other.height <= one.y
        assert apart, (one.title, other.title)
    tops = {box.id: box.y for box in picture.boxes}
    tops[OVER] = tops.get("over", 0)
    assert all(tops[each.source] < tops[each.target] for each in links_of(document) if not each.back)
    assert max(box.x + BOX_WIDTH for box in picture.boxes) <= picture.width
    assert max(box.y + box.height for box in picture.boxes) <= picture.height
    assert len(picture.rows) == sum(step["type"] != "end" for step in document["workflow"].values())


def test_as_svg_it_is_well_formed_and_holds_neither_script_nor_style() -> None:
    document = json.loads(DEMO.read_bytes())
    step = next(each for each in document["workflow"].values() if each["type"] == "action")
    step["name"] = '<script>alert("1")</script> & \x0b more'
    text = render_to_string("playbooks/_picture.svg.html", {"picture": drawn(document, {}), "linked": True})
    root = ElementTree.fromstring(text.strip())
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags <= {"svg", "defs", "marker", "path", "title", "g", "rect", "text", "a"}
    assert "style=" not in text
