"""What an organisation did without being asked: who reads what, the open task that asks for the same, undo, the API."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, OwnAction
from incidents.own_actions.writing import Deed, IsYourTask, take_back, write_action
from partners.acting import actor_of
from portal import clock
from portal.ledger.record import Actor
from portal.tenancy.scope import organisation_scope
from tests.api.asking import check_problem, send
from tests.cast import Cast
from tests.notifications.stage import Stage, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = "Pulled the plug of the old print server"
SECRET = "The meals service prints nothing until Thursday."


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


@pytest.fixture
def acts(cast: Cast) -> Callable[..., Any]:
    """`with acts("dunmere") as actor:` is a transaction as that person, who may do there what their role allows."""

    @contextmanager
    def enter(slug: str, role: str = "incident_manager") -> Iterator[Actor]:
        visitor = cast.visitor(slug, role)
        with organisation_scope(visitor.ticket):
            yield actor_of(visitor)

    return enter


def words(client: Client, path: str) -> str:
    shown = client.get(path)
    assert shown.status_code == 200, path
    return html.unescape(re.sub(r"<[^>]+>|\s+", " ", shown.content.decode()))


def test_lead_and_provider_read_what_and_when_and_the_rest_stays_at_home(
    stage: Stage, incident: Incident, acts: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    system, name = stage.owner(
        "SELECT system_id, name FROM incidents_incidentsystem WHERE incident_id = %s", [incident.pk]
    )[0]
    deed = Deed(TITLE, clock.now(), "system", system, SECRET, "Carol did it.")
    with acts("dunmere") as actor:
        made = write_action(incident, deed, actor=actor)
        assert write_action(incident, deed, actor=actor).pk == made.pk  # the same again
    reads = {
        slug: stage.as_app(slug, "SELECT title, touches FROM incidents_ownaction")
        for slug in ("dunmere", "ashbourne", "northgate", "eastwick", "gravenhurst")
    }
    row = [(TITLE, name)]
    assert reads == {"dunmere": row, "ashbourne": row, "northgate": row, "eastwick": [], "gravenhurst": []}
    for slug, stays in (("dunmere", [(SECRET,)]), ("ashbourne", []), ("northgate", []), ("gravenhurst", [])):
        assert stage.as_app(slug, "SELECT stops FROM incidents_ownactionnote") == stays, slug
    (event,) = stage.events("own_action.written")
    assert SECRET not in str(event)
    board = f"/incidents/{incident.reference}/"
    assert "did one thing itself" in words(client_of("ashbourne"), board)
    assert "itself" not in words(client_of("eastwick"), board)
    page = f"{board}own-actions/"
    assert TITLE in words(client_of("northgate"), page)
    assert SECRET in words(client_of("dunmere"), page)
    assert TITLE not in words(client_of("eastwick"), page)
    assert client_of("gravenhurst").get(page).status_code == 404


def test_an_open_task_that_asks_for_the_same_is_offered_instead(
    stage: Stage, incident: Incident, acts: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    ((task, title),) = stage.owner(
        "SELECT id, title FROM incidents_task WHERE incident_id = %s AND organisation_id = %s"
        " ORDER BY position LIMIT 1",
        [incident.pk, stage.ids["dunmere"]],
    )
    now = clock.now()
    with acts("dunmere") as actor, pytest.raises(IsYourTask) as found:
        write_action(incident, Deed(title.upper() + "!", now), actor=actor)
    assert found.value.task.pk == task
    page, client = f"/incidents/{incident.reference}/own-actions/", client_of("dunmere")
    form = {"what": "other", "title": title, "done_at": (now - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")}
    offered = client.post(page, form)
    assert (offered.status_code, f"/tasks/{task}/" in offered.content.decode()) == (409, True)
    assert not stage.owner("SELECT 1 FROM incidents_ownaction")
    assert client.post(page, form | {"apart": "on"}).status_code == 302
    assert client.post(page, form | {"apart": "on"}).status_code == 302  # a second tap
    assert len(stage.owner("SELECT 1 FROM incidents_ownaction")) == 1
    for wrong in ({"title": " "}, {"title": "x" * 201}, {"done_at": "2999-01-01T00:00"}, {"touches": "system:x"}):
        assert client.post(page, form | {"apart": "on"} | wrong).status_code == 422, wrong


def test_it_is_taken_back_within_a_minute_by_whoever_wrote_it(
    stage: Stage, incident: Incident, acts: Callable[..., Any]
) -> None:
    with acts("dunmere") as actor:
        made = write_action(incident, Deed(TITLE, clock.now()), actor=actor)
    with acts("ashbourne") as actor, pytest.raises(OwnAction.DoesNotExist):
        take_back(made.pk, actor=actor)
    with acts("dunmere", "responder") as actor, pytest.raises(NotYours):
        take_back(made.pk, actor=actor)
    with acts("dunmere") as actor:
        take_back(made.pk, actor=actor)
        take_back(made.pk, actor=actor)
        late = write_action(incident, Deed(TITLE, clock.now()), actor=actor)
        assert late.pk != made.pk
    assert len(stage.events("own_action.taken_back")) == 1
    stage.owner("UPDATE incidents_ownaction SET written_at = now() - interval '70 seconds' WHERE id = %s", [late.pk])
    with acts("dunmere") as actor, pytest.raises(WrongMoment):
        take_back(late.pk, actor=actor)


def test_of_two_taps_at_once_one_counts(stage: Stage, incident: Incident, acts: Callable[..., Any]) -> None:
    at_once, made, deed = Barrier(2), [], Deed(TITLE, clock.now())

    def taps() -> None:
        with acts("dunmere") as actor:
            at_once.wait()
            made.append(write_action(incident, deed, actor=actor).pk)

    assert in_threads(taps, taps) == []
    assert (len(made), len(set(made))) == (2, 1)
    assert stage.owner("SELECT id FROM incidents_ownaction") == [(made[0],)]
    assert len(stage.events("own_action.written")) == 1


def test_no_other_key_nobody_who_only_watches_and_nobody_afterwards_takes_it_back(
    stage: Stage, incident: Incident, acts: Callable[..., Any], api_of: Callable[..., Any]
) -> None:
    at, wrote, other = f"/incidents/{incident.reference}/own-actions/", api_of("dunmere"), api_of("dunmere")
    body = {"title": TITLE, "done_at": clock.now().isoformat()}
    undo = f"/own-actions/{send(wrote, 'post', at, body).json()['id']}/undo/"
    check_problem(send(other, "post", undo, {}), 403)
    with acts("dunmere", "responder") as actor:
        own = write_action(incident, Deed(TITLE, clock.now()), actor=actor)
    stage.owner("UPDATE partners_person SET role = 'observer' WHERE role = 'responder'")
    with acts("dunmere", "responder") as actor, pytest.raises(NotYours):
        take_back(own.pk, actor=actor)
    stage.owner("UPDATE incidents_incident SET suspended_at = now()")
    check_problem(send(wrote, "post", undo, {}), 409)
    stage.owner("UPDATE incidents_incident SET suspended_at = NULL")
    assert send(wrote, "post", undo, {}).json()["taken_back_at"]
    assert stage.owner("SELECT count(*) FROM incidents_ownaction WHERE taken_back_at IS NULL") == [(1,)]


def test_who_only_watches_or_comes_too_late_writes_nothing(
    stage: Stage, incident: Incident, acts: Callable[..., Any]
) -> None:
    stage.owner("UPDATE partners_person SET role = 'observer' WHERE role = 'responder'")
    with acts("dunmere", "responder") as actor, pytest.raises(NotYours):
        write_action(incident, Deed(TITLE, clock.now()), actor=actor)
    with acts("dunmere") as actor, pytest.raises(Invalid):
        write_action(incident, Deed("", clock.now() + timedelta(days=1), "link"), actor=actor)
    with acts("dunmere") as actor, pytest.raises(NotYours):
        write_action(incident, Deed(TITLE, clock.now(), "system", uuid4()), actor=actor)
    stage.owner("UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now()")
    with acts("dunmere") as actor, pytest.raises(WrongMoment):
        write_action(incident, Deed(TITLE, clock.now()), actor=actor)
    assert not stage.owner("SELECT 1 FROM incidents_ownaction")


def test_the_api_says_the_same(stage: Stage, incident: Incident, client_of, api_of) -> None:
    at = f"/incidents/{incident.reference}/own-actions/"
    body = {"title": TITLE, "done_at": clock.now().isoformat(), "stops": SECRET}
    own = api_of("dunmere")
    made = send(own, "post", at, body)
    assert (made.status_code, made.json()["stops"]) == (201, SECRET)
    assert send(api_of("dunmere"), "post", at, body).json()["id"] == made.json()["id"]
    check_problem(send(api_of("gravenhurst"), "post", at, body), 404)
    check_problem(send(api_of("dunmere"), "post", at, body | {"about": "system"}), 422)
    check_problem(send(api_of("dunmere"), "post", at, body | {"title": ""}), 422)
    lists = {slug: send(api_of(slug), "get", at).json()["results"] for slug in ("ashbourne", "eastwick", "dunmere")}
    assert [each["stops"] for each in lists["ashbourne"]] == [None]
    assert (lists["eastwick"], len(lists["dunmere"])) == ([], 1)
    undone = send(own, "post", f"/own-actions/{made.json()['id']}/undo/", {})
    assert undone.json()["taken_back_at"]
    check_problem(send(api_of("ashbourne"), "post", f"/own-actions/{made.json()['id']}/undo/", {}), 404)
