"""Search finds what its reader may see and nothing more, with as many queries whether there is something or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from incidents.errors import Invalid
from incidents.models import Incident
from incidents.own_actions.writing import Deed, write_action
from incidents.searching import search
from incidents.transitions import Answer, answer_task
from incidents.updates import send_update
from portal import clock
from tests.api.asking import check_problem, send
from tests.incidents.test_own_actions import acts, incident, words
from tests.notifications.stage import Stage

__all__ = ["acts", "incident"]
pytestmark = pytest.mark.django_db(transaction=True)
ALL = ("dunmere", "ashbourne", "northgate", "eastwick", "gravenhurst")


def test_each_finds_its_own_side_and_the_overseers_every_one(
    stage: Stage,
    incident: Incident,
    acts: Callable[..., Any],
    client_of: Callable[..., Any],
    api_of: Callable[..., Any],
) -> None:
    ((task,),) = stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s ORDER BY position LIMIT 1",
        [incident.pk, stage.ids["dunmere"]],
    )
    with acts("dunmere") as actor:
        given = Answer(reason="The kestrel cabinet is locked.", note="The falcon key lies with Carol.")
        answer_task(task_id=task, to="blocked", actor=actor, answer=given)
        write_action(incident, Deed("Unplugged the heron switch", clock.now(), stops="The osprey line."), actor=actor)
    with acts("ashbourne") as actor:
        send_update(incident_id=incident.pk, text="The pelican link is closed.", actor=actor, author_name="Priya Nair")

    def finders(said: str) -> dict[str, list[str]]:
        found = {}
        for slug in ALL:
            with acts(slug) as actor:
                if kinds := [each.kind for each in search(said, me=actor.organisation_id)]:
                    found[slug] = kinds
        return found

    everybody = ("dunmere", "ashbourne", "northgate", "eastwick")
    assert finders("kestrels") == {slug: ["task"] for slug in ("dunmere", "ashbourne", "northgate")}
    assert finders("falcon") == {"dunmere": ["note"]}
    assert finders("heron") == {slug: ["own_action"] for slug in ("dunmere", "ashbourne", "northgate")}
    assert finders("osprey") == {"dunmere": ["note"]}
    assert finders("pelican") == {slug: ["update"] for slug in everybody}
    assert finders(incident.reference.lower()) == {slug: ["incident"] for slug in everybody}
    assert finders("albatross") == {}

    queries = {}
    for slug, said in (
        ("dunmere", "falcon"),
        ("eastwick", "falcon"),
        ("eastwick", "albatross"),
        ("gravenhurst", "kestrel"),
    ):
        with acts(slug) as actor, CaptureQueriesContext(connections["default"]) as asked:
            search(said, me=actor.organisation_id)
        queries[slug, said] = len(asked)
    assert queries["eastwick", "falcon"] == queries["eastwick", "albatross"] == queries["dunmere", "falcon"]

    page = words(client_of("dunmere"), "/search/?q=falcon")
    assert "The falcon key lies with Carol." in page
    assert "Nothing that you may see" in words(client_of("ashbourne"), "/search/?q=falcon")
    assert client_of("dunmere").get("/search/?q=x").status_code == 422
    results = send(api_of("ashbourne"), "get", "/search/?q=kestrel").json()["results"]
    assert [(each["kind"], each["incident"]) for each in results] == [("task", incident.reference)]
    assert send(api_of("gravenhurst"), "get", "/search/?q=kestrel").json()["results"] == []
    for wrong in ("?q=ab", "", f"?q={'x' * 201}", "?q=abc&more=1"):
        check_problem(send(api_of("ashbourne"), "get", f"/search/{wrong}"), 422)


def test_what_no_text_can_hold_is_refused_and_signs_of_the_language_are_words(acts: Callable[..., Any]) -> None:
    with acts("gravenhurst") as actor:
        for wrong in ("ab", " a ", "x" * 201, "abc\0"):
            with pytest.raises(Invalid):
                search(wrong, me=actor.organisation_id)
        for odd in ("& | ! :*", "'); DROP TABLE x", '"unclosed', "-only", "%%%"):
            assert search(odd, me=actor.organisation_id) == []
