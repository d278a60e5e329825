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
from incidents.picture_tables import system_tables
from incidents.picture_view import View
from tests.incidents.estates import ON, demo_estate, known


@pytest.fixture(scope="module")
def document() -> dict:
    estate = demo_estate()
    return frozen(estate, blast_radius(estate, starts=[known("identity-platform")], on=ON))


@pytest.fixture
def picture(document: dict) -> Picture:
    return picture_of(document)


def drawn(picture: Picture) -> str:
    return render_to_string("incidents/_picture.html", {"picture": picture, "linked": True, "told": None})


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


def test_a_dozen_systems_stand_open(picture: Picture):
    assert not any(box.pile for box in picture.boxes)
    assert len(picture.boxes) == len(picture.document["systems"]) + 8  # seven organisations reached, one outside


def test_what_stops_and_what_is_only_claimed_is_drawn_otherwise(picture: Picture):
    lines = {line.target.title: line.certainty for line in picture.lines}
    assert (lines["Telephony"], lines["Social-care records"], lines["File services"]) == ("stops", "claimed", "known")
    looks = {box.title: box.look for box in picture.boxes}
    assert (looks["Gravenhurst"], looks["Fernleigh"], looks["Ashbourne"]) == ("is-none", "is-reachable", "is-direct")


def test_scissors_say_how_many_a_cut_protects_and_stand_nowhere_else(picture: Picture):
    marked = {line.target.title: line.protects for line in picture.lines if line.protects}
    assert marked == {
        "File services": 3, "Backup vault": 3, "Finance ledger": 2, "Archive of 2006": 1, "Housing": 1,
    }  # fmt: skip
    assert "✂ protects 3" in drawn(picture)


def test_the_kind_of_link_is_written_on_each_line(picture: Picture):
    words = {line.target.title: " ".join(line.labels) for line in picture.lines if line.words}
    assert words["Telephony"] == "separate network"
    assert words["Housing"].startswith("rent feed")
    assert all(words.values())


def test_fernleigh_alone_leaves_its_path(document: dict):
    alone = picture_of(document, View(focus="organisation:fernleigh"))
    assert {box.title for box in alone.boxes} == {"Identity platform", "File services", "Archive of 2006", "Fernleigh"}
    assert (alone.focus.name, len(alone.lines)) == ("Fernleigh", 3)
    (rows,) = [table["rows"] for table in system_tables(alone)]
    assert [row["name"] for row in rows] == ["Identity platform", "File services", "Archive of 2006"]


def test_a_system_alone_shows_ways_in_and_out_and_whom_they_reach(document: dict):
    alone = picture_of(document, View(focus="system:finance-ledger"))
    assert {box.title for box in alone.boxes} == {
        "Identity platform", "File services", "Finance ledger", "Housing", "Dunmere", "Eastwick",
    }  # fmt: skip


def test_who_is_reached_another_way_too_hangs_on_the_system_that_stands_alone(document: dict):
    alone = picture_of(document, View(focus="system:file-services"))
    ends = {line.target.title: line.source.title for line in alone.lines}
    assert (ends["Ashbourne"], ends["Coldharbour"], ends["Fernleigh"]) == (
        "File services", "File services", "Archive of 2006",
    )  # fmt: skip


def test_a_name_that_is_not_in_it_leaves_all_of_it(document: dict, picture: Picture):
    other = picture_of(document, View(focus="organisation:nowhere"))
    assert other.focus is None
    assert len(other.boxes) == len(picture.boxes)


def test_the_table_says_each_link_with_its_certainty(picture: Picture):
    (table,) = system_tables(picture)
    rows = {row["name"]: row for row in table["rows"]}
    assert set(rows) == {system["name"] for system in picture.document["systems"]}
    assert rows["Social-care records"]["links"] == [
        "Identity platform: Directory trust; a barrier is claimed, not tested"
    ]
    assert "tested on 3 May 2026" in rows["Telephony"]["links"][0]
    assert "Cut here protects 3 organisations" in rows["File services"]["links"][0]
    assert rows["Finance ledger"]["state"] == "Reached over 2 links"


def test_it_is_well_formed_and_says_nothing_that_runs(picture: Picture):
    svg = drawn(picture)
    drawing = ElementTree.fromstring(re.sub(r"\{#.*?#\}", "", svg, flags=re.S).strip())
    assert len(drawing.findall(".//{*}rect")) == len(picture.boxes)
    assert not re.search(r"<script|\bon\w+=|style=|url\(", svg)
    assert {link[:2] for link in re.findall(r'href="([^"]*)"', svg)} == {"?f"}  # to this page, in another state


@st.composite
def documents(draw: st.DrawFn) -> dict:
    """Frozen radii of any shape, up to 60 systems, with links that lead anywhere."""
    size = draw(st.integers(1, 60))
    distances = [0, *(draw(st.one_of(st.none(), st.integers(1, 6))) for _ in range(size - 1))]
    keepers = draw(st.lists(st.sampled_from(["", "O 0", "O 1", "P", "P!"]), min_size=size, max_size=size))
    ends = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1]), max_size=120))
    return {
        "starts": ["s0"],
        "systems": [
            {
                "id": f"s{n}", "slug": f"s{n}", "name": f"System {n}", "distance": d, "critical": n % 9 == 0,
                "runs": [keeper] if keeper else [],
            }
            for n, (d, keeper) in enumerate(zip(distances, keepers, strict=True))
        ],
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


views = st.builds(
    View,
    fold=st.sampled_from(["auto", "all", "none"]),
    opened=st.frozensets(st.sampled_from(["by-o0", "by-p", "by-p-2", "others-1", "are-reachable"])),
    focus=st.sampled_from(["", "", "system:s3", "organisation:o1", "system:nowhere"]),
)


@settings(max_examples=60, deadline=None)
@given(documents(), views)
def test_boxes_never_cover_one_another_and_all_stand_inside(document: dict, view: View):
    picture = picture_of(document, view)
    for box in picture.boxes:
        assert 0 <= box.x <= picture.width - BOX_WIDTH
        assert 0 < box.y <= picture.height - box.height
        assert box.height >= BOX_HEIGHT
    for one, other in combinations(picture.boxes, 2):
        upper, lower = sorted((one, other), key=lambda box: box.y)
        assert one.x != other.x or lower.y - upper.y >= upper.height
    boxes = {id(box) for box in picture.boxes}
    assert {id(end) for line in picture.lines for end in (line.source, line.target)} <= boxes
    counted = sorted(each for box in picture.boxes for each in box.counts)
    shown = picture.document
    assert counted == sorted(
        [*(system["id"] for system in shown["systems"]), *(each["slug"] for each in shown["organisations"])]
    )
    if picture.focus is None:
        assert len(shown["systems"]) == len(document["systems"])
    rows = sum(len(table["rows"]) for table in system_tables(picture))
    assert rows == len(shown["systems"])
    assert picture_of(document, view) == picture
