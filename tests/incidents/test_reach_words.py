"""Why an organisation is in reach is kept in English and read in the reader's language; the API has it as kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from babel.messages.catalog import Catalog
from django.urls import reverse
from django.utils import translation

from incidents.blast_radius import Radius, all_other_paths, blast_radius
from incidents.estate import Estate
from incidents.models import RadiusVersion
from incidents.reach_words import is_known, outside_in_words, path_in_words, why_in_words
from incidents.sides import ended
from incidents.stopping import because_in_words, stopped
from incidents.words import why_short
from scripts.texts import collected
from tests.api.asking import send
from tests.incidents.estates import ON, demo_estate, known
from tests.notifications.stage import Stage
from tests.portal.test_texts import _forget, brackets

__all__ = ["brackets"]  # a fixture
DEMO = demo_estate()


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return collected(("incidents",))


def doubtful(estate: Estate) -> Estate:
    """The same partnership without a phrase of the register, each link doubtful in another way."""
    ways: tuple[dict[str, Any], ...] = (
        {"cut_source": True, "barrier": "claimed"},
        {"barrier": "tested", "tested_on": date(2025, 1, 9), "valid_until": date(2026, 1, 9)},
        {"cut_target": True},
        {"cut_source": True, "cut_target": True},
        {"kind": "unknown"},
        {"kind": "something new"},
    )
    edges = (replace(each, phrase="", **ways[nth % len(ways)]) for nth, each in enumerate(estate.edges))
    return replace(estate, edges=tuple(edges))


def radii(estate: Estate) -> list[Radius]:
    found = [blast_radius(estate, on=ON, starts=[system.id]) for system in estate.systems]
    more: dict[str, Any] = {
        "organisations": {known("gravenhurst"), known("dunmere")},
        "confirmed": {known("ashbourne"): "Jo Hale; head of IT"},
    }
    found.append(blast_radius(estate, on=ON, starts=[known("identity-platform")], **more))
    return [*found, blast_radius(estate, on=ON, assumed=True, **more)]


@pytest.mark.parametrize("estate", [DEMO, doubtful(DEMO)], ids=["demonstration", "doubtful"])
def test_every_reason_that_a_walk_writes_is_known_and_english_stays_as_it_is(estate: Estate):
    seen = set()
    for radius in radii(estate):
        others = all_other_paths(estate, radius)
        for each in radius.organisations:
            assert is_known(each.because, walked=each.distance is not None), each.because
            assert why_in_words(each.because, walked=each.distance is not None) == each.because
            seen.add(each.because)
            assert [path_in_words(path.words) for path in others.get(each.organisation, ())] == [
                path.words for path in others.get(each.organisation, ())
            ]
        for out in radius.outside:
            assert outside_in_words(out.because) == out.because
    assert len(seen) > 30


LONG = (
    "Eastwick: uses Housing, which takes the rent feed from the Ledger, which shares administrators with the Directory"
    " (cut on one side; barrier test ran out on 9 January 2026)"
)
LONG_READ = (
    "⟦Eastwick: ⟦uses Housing⟧, ⟦which takes the rent feed from the Ledger⟧, ⟦which ⟦shares administrators with the"
    " Directory⟧ (⟦cut on one side⟧; ⟦barrier test ran out on 9 January 2026⟧)⟧⟧"
)
SEEN = "Ashbourne: intruder activity seen here, reported by Jo Hale; runs Mail (old; unused), the attacked system"
SEEN_READ = (
    "⟦Ashbourne: ⟦intruder activity seen here, reported by Jo Hale⟧; ⟦runs Mail (old; unused)⟧, ⟦the attacked system⟧⟧"
)
OVER = "was reachable until 14:05 on 25 November; no path is known to the register since"
TYPED = ("Gravenhurst: uses our telephones too", "Gravenhurst: It lends two people: Jo and Ann", "")


@pytest.mark.usefixtures("brackets")
def test_a_reason_is_read_part_by_part_and_names_and_typed_words_stay():
    with translation.override("cy"):
        assert why_in_words(LONG, walked=True) == LONG_READ
        assert why_in_words(SEEN, walked=True) == SEEN_READ
        assert why_in_words(f"Dunmere: {OVER}", walked=False) == f"⟦Dunmere: ⟦{OVER}⟧⟧"
        version = RadiusVersion(at=datetime(2026, 11, 25, 14, 5, tzinfo=UTC), causes=[])
        assert ended(version) == OVER, "a worker keeps it in English, whatever language it speaks"
        # What a person typed, to let an organisation in that no path reaches, is nobody's to translate.
        assert [why_in_words(each, walked=False) for each in TYPED] == list(TYPED)


@pytest.mark.usefixtures("brackets")
def test_half_a_line_is_translated_too():
    kept = "Eastwick: uses Housing, which takes data from the Ledger, which is hosted on Files"
    with translation.override("cy"):
        assert why_short(kept, 2) == "⟦uses Housing⟧⟦, 2 links from the attack⟧"
        assert why_short("Northgate: runs Files, the attacked system", 0) == "⟦runs Files⟧"
    assert why_short(kept, 2) == "uses Housing, 2 links from the attack"


def whom_work_reaches() -> list[str]:
    """Why, of everybody whom work on any system of the demonstration reaches."""
    return [each.because for one in DEMO.systems for each in stopped(DEMO, [one.id], apart_from=uuid4())]


@pytest.mark.usefixtures("brackets")
def test_whom_planned_work_reaches_is_read_part_by_part():
    reasons = whom_work_reaches()
    assert [because_in_words(each) for each in reasons] == reasons
    assert any(", which cannot work without " in each for each in reasons)
    reasons.append(
        "Dunmere uses Telecare, which cannot work without Remote access, which cannot work without Identity."
    )
    with translation.override("cy"):
        for each in reasons:
            said = because_in_words(each)
            assert re.fullmatch(r"⟦[^⟦⟧]+⟧(, ⟦which cannot work without [^⟦⟧]+⟧)*\.", said), said
            assert said.translate({ord("⟦"): None, ord("⟧"): None}) == each
        assert because_in_words("They rang us.") == "They rang us."
        assert whom_work_reaches() == reasons[:-1], "what is kept is English"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("brackets")
def test_pages_speak_the_readers_language_and_row_picture_and_api_the_kept_one(
    stage: Stage, settings, client_of, api_of
):
    settings.LANGUAGE_CODE = "cy"
    _forget()
    translation.activate("cy")  # of whoever opens it: what is kept is English all the same
    incident = stage.opens()
    side = "SELECT because FROM incidents_participant WHERE incident_id = %s AND slug = 'eastwick'"
    ((kept,),) = stage.owner(side, [incident.pk])
    assert kept == (
        "Eastwick: uses Housing, which takes the rent feed from the Finance ledger, which File services writes to,"
        " which shares administrators with the Identity platform"
    )
    assert is_known(kept, walked=True)
    whole = why_in_words(kept, walked=True)
    assert whole.startswith("⟦Eastwick: ⟦uses Housing⟧, ⟦which takes the rent feed from the Finance ledger⟧")

    def page(slug: str, name: str, *args: str) -> str:
        answer = client_of(slug).get(reverse(name, args=[incident.reference, *args]))
        return unescape(answer.content.decode()) if answer.status_code == 200 else str(answer.status_code)

    for name, args in (("incident-radius", ()), ("incident-participant", ("eastwick",))):
        assert whole in page("ashbourne", name, *args)
        assert kept not in page("ashbourne", name, *args)
        assert page("gravenhurst", name, *args) == "404"
    assert "⟦uses Housing⟧⟦, 3 links away⟧" in page("ashbourne", "incident-board")
    assert "⟦uses Housing⟧⟦, 3 links from the attack⟧" in page("eastwick", "incident-brief")
    assert "⟦uses Housing⟧⟦, 3 links from the attack⟧" in unescape(
        client_of("eastwick").get("/my-tasks/").content.decode()
    )
    sides = send(api_of("ashbourne"), "get", f"/incidents/{incident.reference}/participants/").json()["results"]
    assert [each["because"] for each in sides if each["organisation"] == "eastwick"] == [kept]
    assert not any("⟦" in each["because"] for each in sides)
