"""The reach picture of 200 systems and 60 organisations: folded, opened, one alone, saved; and what a stranger gets."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import orjson
import pytest
from django.db import connections
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from incidents.blast_radius import blast_radius
from incidents.changes import difference
from incidents.estate import Estate
from incidents.frozen import frozen
from incidents.picture import Picture, picture_of
from incidents.picture_page import as_file
from incidents.picture_tables import links_to_groups, system_tables
from incidents.picture_text import plain
from incidents.picture_view import View
from tests.incidents.estates import ON, known
from tests.incidents.wide_partnership import wide_estate
from tests.notifications.stage import Stage

HOSTILE = "<script>alert(1)</script>\"'&\x07\u202e" + "W" * 200
SVG = "{http://www.w3.org/2000/svg}"


def radius_of(estate: Estate) -> dict:
    return frozen(estate, blast_radius(estate, starts=[known("identity-platform")], on=ON))


@pytest.fixture(scope="module")
def document() -> dict:
    return radius_of(wide_estate())


@pytest.fixture(scope="module")
def picture(document: dict) -> Picture:
    return picture_of(document)


def test_it_can_be_taken_in_at_once(document: dict, picture: Picture):
    assert len(document["systems"]) > 180
    assert len(document["organisations"]) == 60
    assert len(picture.boxes) <= 40
    assert picture.height <= 1200


def test_what_matters_stands_alone(document: dict, picture: Picture):
    alone = {box.counts[0] for box in picture.boxes if not box.pile}
    wanted = set(document["starts"])
    wanted |= {system["id"] for system in document["systems"] if system["critical"] and system["distance"] is not None}
    for edge in document["edges"]:
        if edge["cut_source"] or edge["cut_target"]:
            wanted |= {edge["source"], edge["target"]}
    assert len(wanted) > 12
    assert wanted <= alone


def test_a_box_says_how_many_stand_in_it_and_how_many_of_them_are_reached(document: dict, picture: Picture):
    systems = {system["id"]: system for system in document["systems"]}
    piles = [box for box in picture.boxes if box.pile and box.counts[0] in systems]
    assert "Harbour Hosting" in {box.title for box in piles}
    for box in piles:
        assert box.notes[0].split()[0] == str(len(box.counts))
        reached = sum(systems[each]["distance"] is not None for each in box.counts)
        assert box.notes[1].split()[0] == (str(reached) if reached else "none")
    counted = Counter(each for box in picture.boxes for each in box.counts if each in systems)
    assert counted == Counter(dict.fromkeys(systems, 1))


def test_a_box_opens_by_a_link_and_folds_by_another(document: dict, picture: Picture):
    box = next(box for box in picture.boxes if box.title == "Harbour Hosting")
    address = QueryDict(box.href.partition("#")[0].lstrip("?"))
    opened = picture_of(document, View.of(address))
    alone = {box.counts[0] for box in opened.boxes if not box.pile}
    assert set(box.counts) <= alone
    assert "Harbour Hosting" not in {box.title for box in opened.boxes}
    (back,) = links_to_groups(opened)["shut"]
    assert View.of(QueryDict(back["href"].partition("#")[0].lstrip("?"))) == View()
    assert {each["href"] for each in links_to_groups(picture)["open"]} >= {box.href}


def test_boxes_that_several_share_open_into_their_own(document: dict, picture: Picture):
    shared = next(box for box in picture.boxes if box.key == "others-2")
    opened = picture_of(document, View(opened=frozenset({shared.key})))
    inside = {each for box in opened.boxes if box.key.startswith("by-") for each in box.counts}
    assert set(shared.counts) & inside
    assert shared.key not in {box.key for box in opened.boxes}


def test_one_organisation_alone(document: dict):
    exposed = document["organisations"][40]
    alone = picture_of(document, View(focus=f"organisation:{exposed['slug']}"))
    shown = {box.counts[0] for box in alone.boxes if not box.pile}
    assert {*exposed["path"]["systems"], exposed["slug"]} <= shown
    assert [each["slug"] for each in alone.document["organisations"]] == [exposed["slug"]]


def test_tables_hold_every_system_once_under_the_box_that_it_stands_in(document: dict, picture: Picture):
    tables = system_tables(picture)
    names = Counter(row["name"] for table in tables for row in table["rows"])
    assert names == Counter(system["name"] for system in document["systems"])
    piles = {box.key: len(box.counts) for box in picture.boxes if box.pile and not box.key.startswith("are-")}
    assert {table["key"]: len(table["rows"]) for table in tables[1:]} == piles
    assert sum(len(row["links"]) for table in tables for row in table["rows"]) == len(document["edges"])


def test_it_does_not_hang_on_the_order_of_facts(picture: Picture):
    estate = wide_estate()
    turned = replace(
        estate,
        systems=estate.systems[::-1],
        edges=estate.edges[::-1],
        stands=estate.stands[::-1],
        organisations=estate.organisations[::-1],
    )
    again = picture_of(radius_of(turned))
    assert [(box.id, box.x, box.y) for box in again.boxes] == [(box.id, box.x, box.y) for box in picture.boxes]
    assert {line.path for line in again.lines} == {line.path for line in picture.lines}


def test_what_no_address_can_say_is_left_out():
    view = View.of(QueryDict("fold=sideways&open=by-a&open=<script>&focus=system:a%00b&open=" + "x" * 200))
    assert view == View(opened=frozenset({"by-a"}))


def saved(document: dict, query: str = "", title: str = "How far") -> tuple[str, ElementTree.Element]:
    answer = as_file(document, QueryDict(query), title=title, name="how-far.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    text = answer.content.decode()
    return text, ElementTree.fromstring(text)


@pytest.mark.parametrize("query", ["", "fold=none", "open=by-harbour-hosting", "focus=system:telecare-7"])
def test_the_saved_file_holds_what_is_shown_and_stands_alone(document: dict, query: str):
    text, drawing = saved(document, query)
    shown = picture_of(document, View.of(QueryDict(query)))
    assert len(drawing.findall(f".//{SVG}rect")) == len(shown.boxes) + 1  # and the paper
    assert drawing.find(f"{SVG}title").text == "How far"
    assert "Identity platform" in drawing.find(f"{SVG}desc").text
    assert ("Only the paths of Telecare 7" in text) == query.startswith("focus")
    assert drawing.get("font-family").endswith("sans-serif")
    tags = {each.tag.removeprefix(SVG) for each in drawing.iter()}
    assert tags <= {"svg", "title", "desc", "g", "path", "rect", "text"}
    assert text.count("http") == 1  # the name space
    assert "href" not in text


def test_hostile_names_are_names(document: dict):
    hostile = {
        **document,
        "systems": [{**each, "name": HOSTILE, "runs": [HOSTILE]} for each in document["systems"]],
        "organisations": [{**each, "name": HOSTILE} for each in document["organisations"]],
        "edges": [{**each, "label": HOSTILE} for each in document["edges"]],
    }
    text, drawing = saved(hostile, "fold=none", title=HOSTILE)
    assert "<script" not in text
    assert "\u202e" not in text
    assert drawing.find(f"{SVG}title").text == plain(HOSTILE)
    in_boxes = [each.text or "" for each in drawing.findall(f"{SVG}g/{SVG}text")]
    assert max(len(words) for words in in_boxes) < 40
    assert any(words.startswith("<script") for words in in_boxes)


@pytest.fixture
def wide(stage: Stage, document) -> str:
    """An incident of Ashbourne's whose newest radius is the wide one, which no register here could bring about."""
    incident = stage.opens("ashbourne", systems=("social-care-records",))
    parts = (document, [], difference(document, document), [])
    stage.owner(
        "INSERT INTO incidents_radiusversion (id, incident_id, number, at, document, contain_first, changed, causes)"
        " VALUES (gen_random_uuid(), %s, 1, now(), %s, %s, %s, %s)",
        [incident.pk, *(orjson.dumps(each).decode() for each in parts)],
    )
    return incident.reference


@pytest.mark.django_db(transaction=True)
def test_every_link_of_the_page_leads_to_a_state_of_it_with_as_many_queries(client_of, wide, document):
    client = client_of("ashbourne")
    address = f"/incidents/{wide}/how-far/"

    def asked(query: str) -> tuple[str, int]:
        with CaptureQueriesContext(connections["default"]) as caught:
            answer = client.get(address + query)
        assert answer.status_code == 200, query
        return unescape(answer.content.decode()), len(caught)

    page, queries = asked("")
    links = sorted(set(re.findall(r'href="(\?[^"#]*)#(?:picture|reach)"', page)))
    opening = [link for link in links if "open=" in link or "fold=" in link]
    assert len(opening) > 8
    assert len(links) > 150  # each system and organisation alone
    for link in [*opening[:: len(opening) // 3], *links[:: len(links) // 2]]:
        other, number = asked(link)
        assert number == queries, link
        assert f"/how-far/picture.svg{link}" in other or link == "?"
    assert all(f">{system['name']}</a>" in page for system in document["systems"])
    whole, _ = asked("?focus=organisation:gravenhurst")  # takes part in nothing here: as good as no name at all
    assert "Nothing in this picture has that name" in whole


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["", "?fold=none", "?focus=organisation:ivybury", "?open=by-harbour-hosting"])
@pytest.mark.parametrize("who", ["gravenhurst", "brackenfield"])
def test_who_does_not_oversee_it_gets_nothing_in_any_state(client_of, wide, who, query):
    bodies = set()
    for page in ("", "picture.svg"):
        answer = client_of(who).get(f"/incidents/{wide}/how-far/{page}{query}")
        assert answer.status_code == 404
        bodies.add(b"Ivybury" in answer.content or b"Harbour" in answer.content)
    assert bodies == {False}


@pytest.mark.django_db(transaction=True)
def test_a_stranger_counts_only_what_starts_at_its_own_systems(client_of):
    for page in ("", "picture.svg"):
        answer = client_of("gravenhurst").get(f"/systems/telephony/how-far/{page}?fold=all")
        body = answer.content.decode()
        assert answer.status_code == 200
        assert "4 that use or run it, 0 that could be reached" in body
        for name in ("Identity platform", "File services", "Finance ledger", "Housing", "Archive of 2006"):
            assert name not in body, name
        assert not re.search(r"[5-9] (more )?systems|[5-9] organisations", body)
        assert client_of("gravenhurst").get(f"/systems/identity-platform/how-far/{page}?fold=all").status_code == 404
