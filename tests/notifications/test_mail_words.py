"""What a lead reads before and after: who is reached how when a council's mail is marked, who is not told, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from incidents.board import board_of
from incidents.models import Incident
from incidents.opening import Opening, reach_of
from incidents.preview import preview_of
from notifications.reading import deliveries_of
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage
from tests.notifications.test_mail_distrust import BEN, BENS, mark
from tests.notifications.texting import number, service

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mail")]
SUNITA = "sunita.rao@dunmere.example"
NOT_USED = "Dunmere’s mail is not used: it is marked as not trusted."


@pytest.fixture(autouse=True)
def texts(settings) -> Iterator[Mailbox]:
    with service(settings) as box:
        yield box


def previewed(stage: Stage, slug: str = "ashbourne") -> tuple[dict[str, str], list[str]]:
    """Of an opening on the identity platform: by what each organisation would be told, and what pressing does."""
    me = stage.ids[slug]
    with stage.as_person(slug):
        opening = Opening(title="Breach", systems=("identity-platform",))
        shown = preview_of(opening, reach_of(opening, organisation_id=me, by_key=False, reason="what-if"), lead_id=me)
    return {each["name"]: each["ways"] for each in shown["reached"]}, shown["effects"]


def board(stage: Stage, incident: Incident) -> dict[str, Any]:
    with stage.as_person("ashbourne"):
        return board_of(Incident.objects.get(pk=incident.pk), me=stage.ids["ashbourne"], may_lead=True)


def line(shown: dict[str, Any], slug: str) -> str:
    (row,) = [row for row in shown["rows"] if row["slug"] == slug]
    return " · ".join(part["words"] for part in row["ladder"]["parts"])


def test_before_sending_the_preview_says_who_is_told_by_text_and_why(stage: Stage):
    number(stage, "dunmere", BEN, BENS, order=9)
    before, effects = previewed(stage)
    assert "not trusted" not in before["Dunmere"]
    assert not any(NOT_USED in effect for effect in effects)
    mark(stage)
    after, effects = previewed(stage)
    assert after["Dunmere"] == (
        "a message to one person, by text message; 5 doubtful ways not used; its mail is marked as not trusted"
    )
    assert f"{NOT_USED} Its people are told by text message instead." in effects
    assert {name: ways for name, ways in after.items() if name != "Dunmere"} == {
        name: ways for name, ways in before.items() if name != "Dunmere"
    }
    other, _ = previewed(stage, "northgate")
    assert other["Dunmere"] == after["Dunmere"], "whoever opens reads the same"


def test_without_another_way_the_preview_says_that_it_must_be_called(stage: Stage):
    mark(stage)
    ways, effects = previewed(stage)
    assert ways["Dunmere"] == "no trusted way: call them; its mail is marked as not trusted"
    assert f"{NOT_USED} It must be called." in effects
    assert "1 organisation cannot be reached by a trusted way and must be called." in effects


def test_a_way_outside_of_the_domain_is_used_and_the_preview_says_so(stage: Stage):
    stage.owner("UPDATE partners_contactpoint SET address = 'ben@elsewhere.example' WHERE address = %s", [BEN])
    mark(stage)
    assert f"{NOT_USED} Its people are told by mail of another domain." in previewed(stage)[1]
    number(stage, "dunmere", SUNITA, BENS, order=9)
    assert f"{NOT_USED} Its people are told by text message, or by mail of another domain." in previewed(stage)[1]


def test_what_one_organisation_marks_for_itself_is_in_nobody_elses_words(stage: Stage):
    mark(stage, by="brackenfield", for_all=False)
    ways, effects = previewed(stage)
    assert "marked" not in str(ways) + str(effects)
    incident = stage.opens()
    stage.works()
    assert board(stage, incident)["not_trusted"] == []


def test_after_sending_the_board_says_by_what_and_the_log_which_ways_were_not_used(stage: Stage):
    number(stage, "dunmere", BEN, BENS, order=9)
    mark(stage)
    incident = stage.opens()
    stage.works()
    shown = board(stage, incident)
    assert line(shown, "dunmere").partition(" by ")[2].startswith("text message · not seen yet")
    (said,) = shown["not_trusted"]
    assert said.startswith("Mail of Dunmere (dunmere.example) is not to be trusted, from ")
    with stage.as_person("ashbourne"):
        rows = [row for row in deliveries_of(incident) if row.organisation == "dunmere"]
    assert {(row.way, row.state_word) for row in rows} == {
        ("E-mail", "Not used"),
        ("Text message", "Accepted for delivery"),
    }
    # One mailbox rides on the attacked system as well; that is the reason that stands there.
    assert {row.because.partition(" can reach ")[0] for row in rows if row.way == "E-mail"} == {
        "The mail of Dunmere is marked as not trusted.", incident.reference
    }  # fmt: skip
    with stage.as_person("gravenhurst"):
        assert deliveries_of(incident) == []


def test_who_is_not_told_stands_on_the_board_with_the_reason(stage: Stage):
    mark(stage)
    incident = stage.opens()
    stage.works()
    shown = board(stage, incident)
    words = line(shown, "dunmere")
    assert words.startswith("Not told: ")
    assert "The mail of Dunmere is marked as not trusted." in words
    (row,) = [row for row in shown["rows"] if row["slug"] == "dunmere"]
    assert row["tags"][0] == "unreachable"
    assert row["ladder"]["call"]["href"] == f"/incidents/{incident.reference}/calls/dunmere/"
    assert all("Not told" not in line(shown, slug) for slug in ("brackenfield", "coldharbour", "eastwick"))
