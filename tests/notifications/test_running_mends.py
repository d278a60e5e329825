"""Runs under attack and under load: other people's versions, endless times, closing at the same moment, plain SQL."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock

import psycopg
import pytest
from django.db import connections

import incidents.advance
from incidents.advance import ClaimLost, advance, advance_due
from incidents.board import board_of
from incidents.cacao.extension import LONGEST_WAIT
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.errors import Invalid
from incidents.models import Incident
from incidents.playbooks import keep_playbook
from incidents.running.graph import linked
from incidents.running.values import read_one
from incidents.widening import add_participants, declare
from tests.incidents.playbooks import Document, key, small_document
from tests.notifications.stage import Stage, address, as_worker

INNER = "playbook--2f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b001"
CALL = "playbook-action--2f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b002"
PARALLEL = "parallel--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b004"
db = pytest.mark.django_db(transaction=True)
SLUG = "two-branches-then-one-step"


def in_a_line(*, asks: bool = False) -> Document:
    """A, and E once A has succeeded; nothing says what comes when A has failed."""
    document = small_document()
    workflow = document["workflow"]
    for letter in "bcd":
        del workflow[key(letter)]
    del workflow[PARALLEL]
    del workflow[key("a")]["on_completion"]
    workflow[key("a")]["on_success"] = key("e")
    if asks:
        document["playbook_variables"] |= {"__hit__": {"type": "bool", "description": "Is it hit?"}}
        choose = "if-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"
        workflow[key("a")] |= {"out_args": ["__hit__"], "on_success": choose}
        workflow[choose] = {
            "type": "if-condition", "condition": "__hit__:value = true", "on_true": key("e"),
            "on_completion": "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b006",
        }  # fmt: skip
    return document


def kept(stage: Stage, slug: str, document: Document) -> None:
    with stage.acting(slug) as actor:
        keep_playbook(document, organisation_id=actor.organisation_id, actor=None)


def moves() -> int:
    with as_worker():
        return advance_due()


def person(stage: Stage, slug: str, role: str) -> str:
    """The ticket of a person of that role."""
    ((pk,),) = stage.owner(
        "SELECT id FROM partners_person WHERE organisation_id = %s AND role = %s ORDER BY name LIMIT 1",
        [stage.ids[slug], role],
    )
    return stage.ticket(slug, pk)


def says(ticket: str, sql: str, parameters: Any = ()) -> int:
    """A statement as the application's role with that ticket; how many rows."""
    with psycopg.connect(address("DATABASE_URL_APP")) as connection:
        connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
        return connection.execute(sql, parameters).rowcount


def task_of(stage: Stage, incident: Incident, slug: str, title: str) -> Any:
    ((pk,),) = stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND title = %s",
        [incident.pk, stage.ids[slug], title],
    )
    return pk


@db
def test_nobody_takes_over_a_playbook_that_another_one_runs(stage: Stage):
    outer, inner = in_a_line(), small_document()
    outer["workflow"][key("a")]["on_success"] = CALL
    outer["workflow"][CALL] = {"type": "playbook-action", "playbook_id": INNER, "on_completion": key("e")}
    inner |= {"id": INNER, "name": "Called"}
    kept(stage, "ashbourne", inner)
    kept(stage, "ashbourne", outer)
    stolen = "2026-11-20T08:00:00.000Z"
    kept(stage, "gravenhurst", inner | {"modified": stolen})
    stage.opens(systems=("telephony",), playbook=SLUG)
    ((called,),) = stage.owner("SELECT called FROM incidents_run")
    ((own,),) = stage.owner(
        "SELECT id::text FROM incidents_playbook WHERE cacao_id = %s AND created_by_organisation_id = %s",
        [INNER, stage.ids["ashbourne"]],
    )
    assert list(called.values()) == [own]
    outer["workflow"][CALL]["playbook_version"] = stolen
    alone = outer | {"modified": "2026-03-05T08:00:00.000Z"}
    kept(stage, "ashbourne", alone)
    assert stage.opens(systems=("telephony",), playbook=SLUG).playbook.version != alone["modified"]
    kept(stage, "ashbourne", alone | {"id": INNER.replace("2f", "3f"), "name": "Alone"})
    with pytest.raises(Invalid, match="not kept here"):
        stage.opens(systems=("telephony",), playbook="alone")


def test_no_time_is_longer_than_thirty_days():
    thirty_days = timedelta(days=30) / timedelta(milliseconds=1)
    assert thirty_days == LONGEST_WAIT
    for name in ("delay", "timeout"):
        document = small_document()
        document["workflow"][key("b")][name] = thirty_days
        read_playbook(document)
        document["workflow"][key("b")][name] = 10**18
        with pytest.raises(PlaybookRefused) as refused:
            read_playbook(document)
        assert [each.pointer for each in refused.value.errors] == [f"/workflow/{key('b')}/{name}"]
        node = linked("0", document, lambda path, wanted, version: None).nodes[key("b")]
        assert getattr(node, name) == thirty_days, "kept before there was a bound"


@db
def test_a_run_that_cannot_be_moved_keeps_no_other_waiting(stage: Stage, caplog: pytest.LogCaptureFixture):
    first, second = stage.opens(), stage.opens(systems=("telephony",))
    stage.owner("UPDATE incidents_run SET due_at = now() - interval '1 hour' WHERE incident_id = %s", [first.pk])
    real = incidents.advance.engine_of

    def fails(incident_id: Any, *given: Any, **named: Any) -> Any:
        if incident_id == first.pk:
            raise OverflowError("too long")
        return real(incident_id, *given, **named)

    with mock.patch.object(incidents.advance, "engine_of", fails):
        moves()
    begun = "SELECT count(*) > 0 FROM incidents_runstep WHERE incident_id = %s"
    assert stage.owner(begun, [second.pk]) == [(True,)]
    assert "could not be moved" in caplog.text
    left = "SELECT claimed_by, due_at BETWEEN now() + interval '15 seconds' AND now() + interval '30 seconds'"
    assert stage.owner(f"{left} FROM incidents_run WHERE incident_id = %s", [first.pk]) == [("", True)]


@db
def test_nobody_closes_it_in_the_middle_of_a_look_and_a_lost_claim_keeps_nothing(stage: Stage):
    incident = stage.opens()
    real, held = incidents.advance.engine_of, []

    def meanwhile(*given: Any, **named: Any) -> Any:
        with psycopg.connect(address("DATABASE_URL")) as other, pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SELECT 1 FROM incidents_incident WHERE id = %s FOR NO KEY UPDATE NOWAIT", [incident.pk])
        with psycopg.connect(address("DATABASE_URL")) as other:
            other.execute("SELECT 1 FROM incidents_incident WHERE id = %s FOR KEY SHARE NOWAIT", [incident.pk])
        stage.owner("UPDATE incidents_run SET claimed_by = 'another' WHERE incident_id = %s", [incident.pk])
        held.append(True)
        return real(*given, **named)

    with mock.patch.object(incidents.advance, "engine_of", meanwhile), as_worker(), pytest.raises(ClaimLost):
        advance(incident.pk, worker="slow")
    assert held == [True]
    assert stage.owner("SELECT count(*) FROM incidents_runstep") == [(0,)]
    assert stage.owner("SELECT claimed_by FROM incidents_run") == [("another",)]


@db
def test_what_an_ended_run_never_came_to_is_called_off_for_whoever_joins_later_too(stage: Stage):
    kept(stage, "ashbourne", in_a_line())
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    early = task_of(stage, incident, "brackenfield", "E")
    stage.owner("UPDATE incidents_task SET ready = true WHERE id = %s", [early])  # handed out before the others
    mine = person(stage, "brackenfield", "incident_manager")
    assert says(mine, "UPDATE incidents_task SET status = 'in_progress' WHERE id = %s", [early]) == 1
    sides = stage.owner("SELECT slug FROM incidents_participant WHERE tasks_total > 0")
    for (slug,) in sides:
        said = (
            "UPDATE incidents_task SET status = 'declined', reason = 'No.' WHERE title = 'A' AND organisation_id = %s"
        )
        says(person(stage, slug, "incident_manager"), said, [stage.ids[slug]])
    moves()
    ((decision,),) = stage.owner("SELECT id FROM incidents_decision WHERE chosen IS NULL")
    manager, choose = person(stage, "ashbourne", "incident_manager"), "SELECT sec.choose(%s, 'stop', 'Enough.')"
    for ticket in (stage.ticket("ashbourne"), person(stage, "ashbourne", "responder"), mine):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            says(ticket, choose, [decision])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            says(ticket, "SELECT sec.exempt(%s, 'so')", [early])
    stage.owner("UPDATE incidents_incident SET suspended_at = now()")
    with pytest.raises(psycopg.errors.CheckViolation):
        says(manager, choose, [decision])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        says(manager, "SELECT sec.exempt(%s, 'so')", [early])
    stage.owner("UPDATE incidents_incident SET suspended_at = NULL")
    says(manager, choose, [decision])
    moves()
    ends = "SELECT DISTINCT status FROM incidents_task WHERE title = 'E'"
    assert stage.owner("SELECT ended_at IS NOT NULL FROM incidents_run") == [(True,)]
    assert stage.owner(ends) == [("cancelled",)]
    agreed = (
        "INSERT INTO incidents_outside (id, because, at, organisation_id, incident_id, agreed_by_id)"
        " VALUES (gen_random_uuid(), 'They asked.', now(), %s, %s, %s)"
    )
    stage.owner(agreed, [stage.ids["eastwick"], incident.pk, stage.ids["eastwick"]])
    with stage.acting("ashbourne") as actor:
        add_participants(incident_id=incident.pk, organisations=["eastwick"], because="They asked.", actor=actor)
    moves()
    assert stage.owner(ends) == [("cancelled",)]
    task = "SELECT ready, status FROM incidents_task WHERE id = %s"
    assert stage.owner(task, [task_of(stage, incident, "eastwick", "A")]) == [(True, "waiting")]


@db
def test_an_answer_is_settled_with_its_task(stage: Stage, client_of: Any):
    kept(stage, "ashbourne", in_a_line(asks=True))
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    task, mine = task_of(stage, incident, "brackenfield", "A"), person(stage, "brackenfield", "responder")
    insert = (
        "INSERT INTO incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind, value, at)"
        " SELECT gen_random_uuid(), incident_id, id, organisation_id, %s, %s, %s, %s, now() FROM incidents_task"
        " WHERE id = %s"
    )
    for scope, name, kind, value in (
        ("x/", "__hit__", "bool", "true"),
        ("", "__city__", "string", "x"),
        ("", "__hit__", "string", "true"),
        ("", "__hit__", "bool", "x" * 2_001),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            says(mine, insert, [scope, name, kind, value, task])
    page = client_of("brackenfield", "responder")
    for odd in ({"answer:__hit__": "true\0"}, {"answer:__hit__": "x" * 2_001}):
        assert page.post(f"/tasks/{task}/complete/", odd).status_code == 422
    said = {"answer:__hit__": "true", "answer:x": "\0", "answer:__city__": "not asked"}
    assert page.post(f"/tasks/{task}/complete/", said).status_code == 302
    assert stage.owner("SELECT answers FROM incidents_tasknote WHERE task_id = %s", [task]) == [({"__hit__": "true"},)]
    change = "UPDATE incidents_runanswer SET value = 'false' WHERE task_id = %s"
    assert says(mine, change, [task]) == 0, "done"
    assert page.post(f"/tasks/{task}/undo/").status_code == 302
    assert says(mine, change, [task]) == 1
    stage.owner("UPDATE incidents_task SET ready = false WHERE id = %s", [task])
    assert says(mine, change, [task]) == 0, "not ready"
    stage.owner("UPDATE incidents_task SET ready = true WHERE id = %s", [task])
    stage.closes(incident)
    stage.owner("ALTER TABLE incidents_task DISABLE TRIGGER USER")
    stage.owner("UPDATE incidents_task SET status = 'acknowledged' WHERE id = %s", [task])
    assert says(mine, change, [task]) == 0, "closed"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        says(mine, insert, ["", "__hit__", "bool", "true", task])


@db
def test_an_answer_that_the_plan_has_gone_on_by_is_not_taken_back(stage: Stage, client_of: Any):
    kept(stage, "ashbourne", in_a_line(asks=True))
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    sides = stage.owner("SELECT DISTINCT organisation_id FROM incidents_task WHERE incident_id = %s", [incident.pk])
    slugs = [slug for slug, pk in stage.ids.items() if (pk,) in sides]
    said = {"answer:__hit__": "true"}
    for slug in slugs:
        task = task_of(stage, incident, slug, "A")
        assert client_of(slug).post(f"/tasks/{task}/complete/", said).status_code == 302
    own, page = task_of(stage, incident, "brackenfield", "A"), client_of("brackenfield")
    assert page.post(f"/tasks/{own}/undo/").status_code == 302, "the plan has not moved yet"
    assert page.post(f"/tasks/{own}/complete/", said).status_code == 302
    moves()
    assert stage.owner("SELECT count(*) > 0 FROM incidents_task WHERE title = 'E' AND ready") == [(True,)]
    refused = page.post(f"/tasks/{own}/undo/")
    assert refused.status_code == 409
    assert "The plan has gone on by this answer" in refused.content.decode()
    assert stage.owner("SELECT status FROM incidents_task WHERE id = %s", [own]) == [("done",)]
    with stage.acting("ashbourne"), connections["default"].cursor() as cursor:  # another's task tells nothing
        cursor.execute("SELECT sec.gone_on_by(%s)", [own])
        assert cursor.fetchone() == (False,)


@db
def test_no_step_runs_out_of_time_before_the_others_have_joined(stage: Stage):
    document = in_a_line()
    document["workflow"][key("a")] |= {"timeout": 60_000, "on_failure": key("e")}
    kept(stage, "ashbourne", document)
    incident = stage.opens(systems=("telephony",), playbook=SLUG, suspected=True)
    moves()
    due = "SELECT s.due_at, r.due_at FROM incidents_runstep s JOIN incidents_run r USING (incident_id) WHERE s.key = %s"
    stage.owner("UPDATE incidents_run SET due_at = NULL")
    assert stage.owner(due, [key("a")]) == [(None, None)]
    with stage.acting("ashbourne") as actor:
        declare(incident_id=incident.pk, actor=actor)
    ((nothing, at_once),) = stage.owner(due, [key("a")])
    assert nothing is None
    assert at_once is not None, "looked at, though nobody answered"
    moves()
    ((runs_out, _),) = stage.owner(due, [key("a")])
    assert stage.owner(
        "SELECT %s BETWEEN now() + interval '30 seconds' AND now() + interval '60 seconds'", [runs_out]
    ) == [(True,)]


@db
def test_the_board_shows_both_runs_of_a_playbook_that_is_run_twice(stage: Stage):
    outer, inner = in_a_line(), in_a_line()
    inner |= {"id": INNER, "name": "Called"}
    twice = CALL[:-1] + "3"
    outer["workflow"][key("a")]["on_success"] = CALL
    outer["workflow"][CALL] = {"type": "playbook-action", "playbook_id": INNER, "on_completion": twice}
    outer["workflow"][twice] = {"type": "playbook-action", "playbook_id": INNER, "on_completion": key("e")}
    kept(stage, "ashbourne", inner)
    kept(stage, "ashbourne", outer)
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    with stage.acting("ashbourne"):
        board = board_of(Incident.objects.get(pk=incident.pk), me=stage.ids["ashbourne"], may_lead=True)
    titles = [step["title"] for step in board["steps"]]
    assert (titles.count("A"), titles.count("E")) == (3, 3), "its own, and each of the two runs within it"
    assert len({step["key"] for step in board["steps"]}) == len(titles)
    own = next(row for row in board["rows"] if row["own"])
    links = re.findall(r'href="([^"]+)"', own["cells"])
    assert len(set(links)) == len(links) == len(titles)


def test_what_cannot_be_kept_is_no_answer():
    wrong = [
        ("dictionary", '{"a":' * 300 + "1" + "}" * 300),
        ("dictionary", {"a": 2**70}),
        ("dictionary", '{"a": "' + "x" * 2_000 + '"}'),
        ("string", 10**5_000),
        ("integer", 2**64),
        ("string", "\ud800"),
    ]
    assert [kind for kind, value in wrong if read_one(kind, value) is not None] == []
    assert read_one("integer", 12) == "12"
    assert read_one("bool", True) == "true"
