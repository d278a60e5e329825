"""Which plan an incident runs: a row says what its document says, a name and an id are the first keeper's, and what it
runs within itself is held to its rule, too."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from incidents import sign_offs
from incidents.coverage import coverage
from incidents.errors import Invalid, WrongMoment
from incidents.models import Playbook
from incidents.named import all_to_run, to_run
from incidents.opening import Opening, open_incident
from incidents.plans import plan_of
from incidents.playbooks import keep_playbook
from incidents.running.graph import CannotLink
from incidents.running.kept import newest_of
from partners.acting import actor_of
from partners.models import SharedSystem
from tests.incidents.playbooks import DEMO, small_document
from tests.notifications.stage import address

db = pytest.mark.django_db
SLUG, USUAL = "two-branches-then-one-step", "shared-platform-containment"
INNER = "playbook--2f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b001"
CALL = "playbook-action--2f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b002"
OTHER = "playbook--9c1d2b7e-33f0-4b7a-9a55-0d4ac1f1b0d9"


def in_days(days: int) -> Any:
    return datetime.now(UTC).date() + timedelta(days=days)


def calling(**step: Any) -> dict[str, Any]:
    """The small playbook with one that it runs within itself at its beginning."""
    document = small_document()
    first = document["workflow"][document["workflow_start"]]
    after = next(name for name in ("on_completion", "on_success") if name in first)
    document["workflow"][CALL] = {
        "type": "playbook-action",
        "playbook_id": INNER,
        "on_completion": first[after],
        **step,
    }
    first[after] = CALL
    return document


def inner(**changes: Any) -> dict[str, Any]:
    return small_document() | {"id": INNER, "name": "Called"} | changes


@pytest.fixture
def keep(inside, cast):
    def kept(slug: str, document: dict[str, Any]) -> Playbook:
        with inside(slug):
            return keep_playbook(document, organisation_id=cast.id(slug))[0]

    return kept


@pytest.fixture
def opens(inside, cast):
    def opened(playbook: str = "", slug: str = "ashbourne") -> Playbook:
        with inside(slug):
            opening = Opening("x", systems=("identity-platform",), playbook=playbook)
            return open_incident(opening, actor=actor_of(cast.visitor(slug))).playbook

    return opened


ROW = """
INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, created_by_organisation_id, imported_at,
    document, digest, warnings, blockers)
VALUES (gen_random_uuid(), 'forged', 'F', '', 'playbook--f', '1', %s, '2001-01-01',
    '{"id": "playbook--f", "modified": "1", "name": "F"}', '', '[]', '[]') RETURNING id, imported_at
"""
STEP = """
INSERT INTO incidents_step (id, playbook_id, cacao_step_id, position, title, audience, acknowledge_minutes,
    finish_minutes, containing, confirmed_by_council, "join", do_this, why, who, stops, worked, undo, cannot, d3fend,
    instructions, after)
VALUES (gen_random_uuid(), %s, 'x', %s, 'x', 'all', 1, 1, false, false, 'all', '', '', '', '', '', '', '', '[]', '[]',
    '{}')
"""


@pytest.mark.django_db(transaction=True)
def test_raw_sql_neither_dates_a_version_back_nor_adds_to_it_later(cast):
    own = cast.visitor("gravenhurst").ticket
    with psycopg.connect(address("DATABASE_URL_APP")) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('app.ticket', %s, true)", [own])
            pk, at = connection.execute(ROW, [cast.id("gravenhurst")]).fetchone()
            assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
            connection.execute(STEP, [pk, 1])
            with connection.transaction():  # a savepoint is the same transaction
                connection.execute(STEP, [pk, 2])
        connection.execute("SELECT set_config('app.ticket', %s, true)", [own])
        with pytest.raises(psycopg.errors.CheckViolation, match="come with it"):
            connection.execute(STEP, [pk, 3])


@db
def test_another_s_version_under_a_first_name_is_never_run(keep, opens, inside):
    """Northgate gives Ashbourne's plan a name of its own: it keeps that plan for nobody."""
    keep("ashbourne", small_document())
    stolen = keep("northgate", small_document() | {"name": "Mine", "modified": "2031-01-01T00:00:00.000Z"})
    assert stolen.slug == "mine"
    for slug in ("northgate", "ashbourne"):
        with pytest.raises(Invalid, match=r"revoked, or not valid.*The usual one is Shared platform .*\(shared-pl"):
            opens("mine", slug)
        with inside(slug):
            assert not all_to_run().filter(slug="mine").exists()
    keep("gravenhurst", small_document() | {"id": OTHER, "name": "Mine"})  # a name is not squatted like that
    assert opens("mine").cacao_id == OTHER


@db
def test_what_was_asked_for_is_not_replaced_by_another_plan_of_that_name(keep, opens, inside):
    keep("ashbourne", small_document())
    keep("ashbourne", small_document() | {"id": OTHER, "modified": "2031-01-01T00:00:00.000Z"})
    assert opens(SLUG).cacao_id == small_document()["id"]
    keep("ashbourne", small_document() | {"modified": "2032-01-01T00:00:00.000Z", "revoked": True})
    with pytest.raises(Invalid, match="The usual one is Shared platform containment"):
        opens(SLUG)
    assert opens().slug == USUAL


@db
def test_a_stranger_s_signature_does_not_decide_which_version_is_run(keep, opens, inside):
    newer = json.loads(DEMO.read_bytes()) | {"modified": "2026-10-20T09:00:00.000Z"}
    kept = keep("northgate", newer)
    with inside("gravenhurst", "administrator", fresh=True):
        sign_offs.sign(kept, until=in_days(9))
    assert opens().version < kept.version
    with inside("dunmere", "administrator", fresh=True):  # stands on a system that it is for
        sign_offs.sign(kept, until=in_days(9))
    assert opens() == kept


@db
def test_a_new_playbook_under_a_name_that_means_another_is_warned_of(keep, client_of, api_of):
    keep("ashbourne", small_document())
    body = small_document() | {"id": OTHER}
    assert keep("ashbourne", small_document() | {"modified": "2031-01-01T00:00:00.000Z"}).warnings == []
    api = api_of("gravenhurst")

    def send(document: dict[str, Any], query: str = "") -> Any:
        return api.post(f"/api/v1/playbooks/{query}", json.dumps(document), content_type="application/json")

    refused = send(body, "?strict=true")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/name")
    warned = send(body)
    assert warned.status_code == 201
    (warning,) = [each for each in warned.json()["warnings"] if each["pointer"] == "/name"]
    assert "Another playbook has this name already" in warning["detail"]
    assert send(body | {"modified": "2031-01-01T00:00:00.000Z"}).json()["warnings"] == []  # said once


@db
@pytest.mark.parametrize(
    "trouble",
    [
        {"revoked": True, "modified": "2031-01-01T00:00:00.000Z"},
        {"modified": "2031-01-01T00:00:00.000Z"},  # of another organisation: the pinned version is not the keeper's
        None,  # not kept at all
    ],
    ids=["revoked", "other", "missing"],
)
def test_a_plan_is_held_up_by_what_it_runs_within_itself(keep, opens, inside, cast, client_of, trouble):
    pinned = trouble is not None and "revoked" not in trouble
    outer = keep("ashbourne", calling(**({"playbook_version": trouble["modified"]} if pinned else {})))
    if trouble is not None:
        keep("ashbourne", inner())
        if not pinned:
            assert opens(SLUG) == outer
            with inside("ashbourne"):
                assert plan_of(outer).newest == outer
        keep("gravenhurst" if pinned else "ashbourne", inner(**trouble))
    with inside("northgate", "administrator", fresh=True):
        telephony = SharedSystem.objects.select_related("owner", "provider").get(slug="telephony")
        sign_offs.cover(outer.cacao_id, telephony.pk, covered=True)
        (found,) = coverage([telephony], me=cast.id("northgate"))
        assert outer.cacao_id not in {plan.cacao_id for plan in found.plans}
        assert plan_of(outer).trouble_of(outer.pk) == "called"
        with pytest.raises(WrongMoment, match="runs within itself may not be run"):
            sign_offs.sign(outer, until=in_days(9))
    with pytest.raises(Invalid, match="runs within itself one that is so"):
        opens(SLUG)
    client = client_of("ashbourne", "administrator", fresh=True)
    assert "held up by a playbook" in client.get("/playbooks/").content.decode()
    refused = client.get(f"/playbooks/{outer.pk}/sign-off/")
    assert refused.status_code == 409
    assert "held up by a playbook" in refused.content.decode()


@db
def test_forms_choose_nothing_by_themselves_and_say_how_old_each_is_and_who_signed(client_of, keep, inside):
    """Five of the demonstration's signatures are to the current version; a stranger learns of no number."""

    def options(slug: str, path: str = "/incidents/open/") -> list[tuple[str, str]]:
        page = client_of(slug).get(path).content.decode()
        inside_it = page.partition('name="playbook"')[2].partition("</select>")[0]
        return re.findall(r'<option value="([^"]*)"(?: selected)?>([^<]*)</option>', inside_it)

    for path in ("/incidents/open/", "/exercises/"):
        assert options("ashbourne", path)[0] == ("", "The usual one: Shared platform containment")
        assert dict(options("ashbourne", path))[USUAL] == (
            "Shared platform containment, version 2026-09-14, signed by 5 organisations"
        )
    assert dict(options("gravenhurst"))[USUAL] == "Shared platform containment, version 2026-09-14"
    revoked = json.loads(DEMO.read_bytes()) | {"modified": "2026-10-20T09:00:00.000Z", "revoked": True}
    keep("northgate", revoked)
    assert options("ashbourne")[0] == ("", "Choose one")
    assert USUAL not in dict(options("ashbourne"))
    said = {"systems": "identity-platform", "title": "x", "playbook": "", "step": "open"}
    answer = client_of("ashbourne").post("/incidents/open/", said)
    assert answer.status_code == 422
    assert "The usual playbook may not be run now: choose one." in answer.content.decode()


@db
def test_a_circle_of_playbooks_is_trouble_and_ends(keep, inside):
    outer = keep("ashbourne", calling())
    back = calling(playbook_id=outer.cacao_id)
    mid = keep("ashbourne", back | {"id": INNER, "name": "Called"})
    with inside("ashbourne"):
        assert plan_of(outer).trouble_of(outer.pk) == "called"
        assert plan_of(mid).trouble_of(mid.pk) == "called"
        assert not to_run(SLUG).exists()


def times(calls: int, **document: Any) -> dict[str, Any]:
    """The small playbook, with a step that runs the inner one that many times over, one after the other."""
    made = calling()
    steps = [f"{CALL[:-3]}{n:03x}" for n in range(256, 256 + calls)]
    last = made["workflow"][CALL]
    made["workflow"][CALL] = last | {"on_completion": steps[1]} if calls > 1 else last
    for step, after in zip(steps[1:], [*steps[2:], ""], strict=True):
        made["workflow"][step] = last | ({"on_completion": after} if after else {})
    return made | document


@db
@pytest.mark.parametrize(
    ("plans", "trouble"),
    [
        ([inner(), times(2)], False),  # the same one twice is no circle
        ([inner(), times(50)], False),
        ([inner(), times(51)], True),
        # Seven, and seven within each of them: 7 + 7 x 7 is more than fifty, though none runs more than seven.
        ([inner(), times(7, id=OTHER, name="Mid"), times(7) | {"calls": OTHER}], True),
        # The plan runs the inner one, that another one, and that the inner one again: a circle without the plan.
        ([calling() | {"id": OTHER, "name": "Mid"}, calling(playbook_id=OTHER) | {"id": INNER, "name": "Called"},
          calling()], True),
    ],
    ids=["twice", "fifty", "more", "more-by-depth", "inner-circle"],
)  # fmt: skip
def test_a_plan_that_cannot_be_linked_is_in_trouble_and_no_other(keep, inside, plans, trouble):
    for each in plans:
        if to := each.pop("calls", ""):
            for step in each["workflow"].values():
                if "playbook_id" in step:
                    step["playbook_id"] = to
        outer = keep("ashbourne", each)
    with inside("ashbourne"):
        assert plan_of(outer).trouble_of(outer.pk) == ("called" if trouble else "")
        try:
            newest_of(outer)
        except CannotLink:
            assert trouble
        else:
            assert not trouble


@db
def test_all_that_would_be_run_are_found_at_once_and_each_as_by_its_name(
    keep, inside, client_of, django_assert_num_queries
):
    keep("ashbourne", small_document())
    keep("ashbourne", small_document() | {"modified": "2031-01-01T00:00:00.000Z", "name": "Another name"})
    keep("gravenhurst", small_document() | {"id": OTHER, "name": "Theirs", "revoked": True})
    with inside("dunmere"):
        names = set(Playbook.objects.values_list("slug", flat=True))
        assert len(names) >= 4
        one_by_one = {found.pk for name in names for found in to_run(name)}
        with django_assert_num_queries(1):
            assert {each.pk for each in all_to_run()} == one_by_one
    client = client_of("ashbourne")
    for path in ("/incidents/open/", "/exercises/"):
        client.get(path)
        with CaptureQueriesContext(connections["default"]) as before:
            client.get(path)
        for n in range(3):
            keep("ashbourne", small_document() | {"id": f"{OTHER[:-2]}{len(path) % 10}{n}", "name": f"{path} {n}"})
        with CaptureQueriesContext(connections["default"]) as after:
            assert f"{path} 2" in client.get(path).content.decode()
        assert len(after) == len(before)
