"""The reach picture: what the demonstration must show in it, and that boxes never cover one another."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.blast_radius import blast_radius
from incidents.frozen import frozen
from incidents.picture import BOX_HEIGHT, BOX_WIDTH, Picture, picture_of
from tests.incidents.estates import ON, demo_estate, known


@pytest.fixture(scope="module")
def picture() -> Picture:
    estate = demo_estate()
    return picture_of(frozen(estate, blast_radius(estate, starts=[known("identity-platform")], on=ON)))


def column_of(picture: Picture, title: str) -> str:
    box = next(box for box in picture.boxes if box.title == title)
    return next(words for x, words in picture.columns if x == box.x)


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("Identity platform", "Attacked"),
        ("File services", "1 link"),
        ("Remote access (VPN)", "1 link"),
        ("Telephony", "1 link"),
        ("Finance ledger", "2 links"),
        ("Archive of 2006", "2 links"),
        ("Housing", "3 links"),
        ("Fernleigh", "Organisations"),
        ("Gravenhurst", "Organisations"),
    ],
)
def test_each_stands_in_the_column_of_its_links(picture: Picture, title: str, column: str):
    assert column_of(picture, title) == column


def test_what_stops_and_what_is_only_claimed_is_drawn_otherwise(picture: Picture):
    drawn = {line.target.title: line.certainty for line in picture.lines}
    assert (drawn["Telephony"], drawn["Social-care records"], drawn["File services"]) == ("stops", "claimed", "known")
    looks = {box.title: box.look for box in picture.boxes}
    assert (looks["Gravenhurst"], looks["Fernleigh"], looks["Ashbourne"]) == ("is-none", "is-reachable", "is-direct")


def test_scissors_stand_where_a_cut_protects_somebody_and_nowhere_else(picture: Picture):
    marked = {line.target.title for line in picture.lines if line.cut}
    assert "File services" in marked
    assert "Remote access (VPN)" not in marked


def test_choosing_fernleigh_leaves_its_path_alone(picture: Picture):
    assert {box.title for box in picture.boxes if "fernleigh" in box.of} == {
        "Identity platform", "File services", "Archive of 2006", "Fernleigh",
    }  # fmt: skip


def test_it_is_well_formed_and_says_nothing_that_runs(picture: Picture):
    svg = render_to_string("incidents/_picture.html", {"picture": picture})
    drawing = ElementTree.fromstring(re.sub(r"\{#.*?#\}", "", svg, flags=re.S).strip())
    assert len(drawing.findall(".//{*}rect")) == len(picture.boxes)
    assert not re.search(r"<script|\bon\w+=|style=|href=|url\(", svg)


def test_a_name_that_is_hostile_is_only_a_name(picture: Picture):
    picture.boxes[0].title = "<script>x</script>"
    assert "<script>" not in render_to_string("incidents/_picture.html", {"picture": picture})


@st.composite
def documents(draw: st.DrawFn) -> dict:
    """Frozen radii of any shape, up to 60 systems, with links that lead anywhere."""
    size = draw(st.integers(1, 60))
    distances = [0, *(draw(st.one_of(st.none(), st.integers(1, 6))) for _ in range(size - 1))]
    ends = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1]), max_size=120))
    return {
        "starts": ["s0"],
        "systems": [{"id": f"s{n}", "name": f"System {n}", "distance": d} for n, d in enumerate(distances)],
        "edges": [
            {
                "id": f"e{n}", "source": f"s{a}", "target": f"s{b}", "kind": "hosting", "label": "", "tested_on": None,
                "barrier": "none", "stopped": distances[b] is None, "cut_source": False, "cut_target": n % 5 == 0,
            }
            for n, (a, b) in enumerate(pairs)
        ],
        "organisations": [
            {"slug": f"o{n}", "name": f"O {n}", "exposure": "reachable", "path": {"systems": [f"s{at}"], "edges": []}}
            for n, at in enumerate(draw(st.lists(ends, max_size=30)))
        ],
        "outside": [],
        "cuts": [],
    }  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(documents())
def test_boxes_never_cover_one_another_and_all_stand_inside(document: dict):
    picture = picture_of(document)
    for box in picture.boxes:
        assert 0 <= box.x <= picture.width - BOX_WIDTH
        assert 0 < box.y <= picture.height - BOX_HEIGHT
    for one, other in combinations(picture.boxes, 2):
        assert one.x != other.x or abs(one.y - other.y) >= BOX_HEIGHT
    assert len(picture.boxes) <= len(document["systems"]) + len(document["organisations"])
    shown = {box.id for box in picture.boxes}
    assert {organisation["slug"] for organisation in document["organisations"]} <= shown
