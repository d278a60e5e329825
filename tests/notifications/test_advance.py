from __future__ import annotations

import threading

import psycopg
import pytest

from incidents.advance import advance, advance_due
from incidents.models import Incident, Task
from incidents.opening import Opening, open_incident
from incidents.playbooks import keep_playbook
from incidents.transitions import Answer, answer_task
from tests.incidents.playbooks import tool_document
from tests.notifications.stage import Stage, address, as_worker, in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def settle(stage: Stage, incident: Incident, slug: str, *positions: int, to: str = "done") -> None:
    for position in positions:
        with stage.acting(slug) as actor:
            task = Task.objects.get(incident=incident, organisation_id=actor.organisation_id, position=position)
            answer_task(task_id=task.pk, to=to, actor=actor)


def ready(stage: Stage, incident: Incident, slug: str) -> set[int]:
    rows = stage.owner(
        "SELECT position FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready",
        [incident.pk, stage.ids[slug]],
    )
    return {row[0] for row in rows}


def advances() -> int:
    with as_worker():
        return advance_due()


def test_a_step_is_ready_when_ones_own_step_before_it_is_settled(stage: Stage):
    incident = stage.opens()
    assert 2 not in ready(stage, incident, "dunmere")
    settle(stage, incident, "dunmere", 1)
    assert advances() == 1
    assert 2 in ready(stage, incident, "dunmere")
    assert 2 not in ready(stage, incident, "eastwick"), "one organisation's answer never moves another's clock"
    ((data, audience),) = stage.events("tasks.ready")
    assert data["organisation"] == "dunmere"
    assert len(data["tasks"]) == 1
    assert set(audience) == {stage.ids[slug] for slug in ("ashbourne", "northgate", "dunmere")}


def test_clocks_start_when_the_step_is_ready(stage: Stage):
    incident = stage.opens()
    clocks = (
        "SELECT round(extract(epoch FROM t.acknowledge_by - now()) / 60)::int = s.acknowledge_minutes,"
        " round(extract(epoch FROM t.finish_by - now()) / 60)::int FROM incidents_task t JOIN incidents_step s"
        " ON s.id = t.step_id WHERE t.incident_id = %s AND t.organisation_id = %s AND t.position = 2"
    )
    assert stage.owner(clocks, [incident.pk, stage.ids["dunmere"]]) == [(None, None)]
    settle(stage, incident, "dunmere", 1)
    advances()
    assert stage.owner(clocks, [incident.pk, stage.ids["dunmere"]]) == [(True, 15)]


def test_the_incidents_own_time_for_tasks_counts_instead(stage: Stage):
    incident = stage.opens(tasks_due_minutes=90)
    settle(stage, incident, "dunmere", 1)
    advances()
    assert stage.owner(
        "SELECT round(extract(epoch FROM finish_by - now()) / 60)::int FROM incidents_task"
        " WHERE incident_id = %s AND organisation_id = %s AND position = 2",
        [incident.pk, stage.ids["dunmere"]],
    ) == [(90,)]


def test_a_step_waits_for_what_the_provider_does_for_all(stage: Stage):
    incident = stage.opens()
    settle(stage, incident, "dunmere", 3)
    advances()
    settle(stage, incident, "dunmere", 7)
    advances()
    assert 11 not in ready(stage, incident, "dunmere"), "the provider's steps 8 and 9 are open"
    settle(stage, incident, "northgate", 5)
    assert advances() == 2
    settle(stage, incident, "northgate", 8, 9)
    assert advances() == 1, "Dunmere's step 11; the others have not cut their links"
    assert ready(stage, incident, "dunmere") >= {3, 7, 11}
    assert 11 not in ready(stage, incident, "eastwick")


def test_a_refused_step_counts_as_settled_and_an_accepted_one_does_not(stage: Stage):
    incident = stage.opens()
    settle(stage, incident, "eastwick", 1, to="acknowledged")
    assert advances() == 0
    with stage.acting("eastwick") as actor:
        task = Task.objects.get(incident=incident, organisation_id=actor.organisation_id, position=1)
        answer_task(task_id=task.pk, to="declined", actor=actor, answer=Answer(reason="no telephone"))
    assert advances() == 1


@pytest.mark.timeout(120)
def test_looking_again_changes_nothing(stage: Stage, monkeypatch):
    # It waits for every transaction of the whole server, so for another test's too, which may last 30 seconds.
    monkeypatch.setattr("incidents.advance.PATIENCE_SECONDS", 40)
    incident = stage.opens()
    settle(stage, incident, "dunmere", 1)
    assert advances() == 1
    stage.owner("UPDATE incidents_run SET due_at = now()")
    assert advances() == 0
    assert len(stage.events("tasks.ready")) == 1
    assert stage.owner("SELECT due_at, claimed_by, claimed_until FROM incidents_run") == [(None, "", None)]


def test_two_workers_at_once_advance_once(stage: Stage):
    incident = stage.opens()
    for slug in ("dunmere", "eastwick", "fernleigh"):
        settle(stage, incident, slug, 1)
    assert in_threads(advances, advances, advances) == []
    assert len(stage.events("tasks.ready")) == 3


def test_a_run_whose_worker_died_is_taken_over(stage: Stage):
    incident = stage.opens()
    settle(stage, incident, "dunmere", 1)
    stage.owner(
        "UPDATE incidents_run SET due_at = NULL, claimed_by = 'dead', claimed_until = now() + interval '1 minute'"
    )
    assert advances() == 0
    stage.owner("UPDATE incidents_run SET claimed_until = now() - interval '1 second'")
    assert advances() == 1
    assert 2 in ready(stage, incident, "dunmere")


def test_an_answer_that_commits_while_the_run_is_looked_at_is_not_missed(stage: Stage):
    """Its trigger found the run due already and left it alone; the look must wait for it."""
    incident = stage.opens()
    settle(stage, incident, "dunmere", 1)  # the run is due from here on
    with psycopg.connect(address("DATABASE_URL_APP")) as slow:
        slow.execute("SELECT set_config('app.ticket', %s, true)", [stage.ticket("eastwick")])
        slow.execute(
            "UPDATE incidents_task SET status = 'done'"
            " WHERE incident_id = %s AND organisation_id = %s AND position = 1",
            [incident.pk, stage.ids["eastwick"]],
        )
        threading.Timer(0.5, slow.commit).start()
        assert advances() == 2
    assert 2 in ready(stage, incident, "eastwick")


def test_a_transaction_that_stays_open_only_postpones(stage: Stage, monkeypatch):
    monkeypatch.setattr("incidents.advance.PATIENCE_SECONDS", 0.1)
    incident = stage.opens()
    settle(stage, incident, "dunmere", 1)
    with psycopg.connect(address("DATABASE_URL")) as slow:
        slow.execute("UPDATE partners_organisation SET name = name")
        assert advances() == 1
        assert stage.owner("SELECT due_at > now() FROM incidents_run") == [(True,)], "looked at again in a second"


def test_a_closed_incident_makes_nothing_ready(stage: Stage):
    incident = stage.opens()
    settle(stage, incident, "dunmere", 1)
    stage.closes(incident)
    assert advances() == 0


def test_without_a_claim_there_is_no_entering(stage: Stage):
    incident = stage.opens()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no claim on this run"):
        stage.worker("SELECT sec.enter_run(%s, 'somebody')", [incident.pk])
    with as_worker():
        assert advance(incident.pk, worker="somebody") == 0, "nothing is due"


def test_orders_for_a_tool_are_told_to_their_organisation_alone(stage: Stage):
    """Opening tells of the first step's, the run of later ones; steps without a command are nobody's order."""
    with stage.acting("ashbourne") as actor:
        keep_playbook(tool_document(), organisation_id=actor.organisation_id)
        opening = Opening(title="Intruder", systems=("identity-platform",), playbook="for-tools")
        incident = open_incident(opening, actor=actor)
    everybody = stage.owner(
        "SELECT count(*) FROM incidents_task WHERE incident_id = %s AND position = 1", [incident.pk]
    )
    told = stage.events("work_order.ready")
    assert len(told) == everybody[0][0]
    assert all(len(audience) == 1 for _, audience in told)
    assert all(len(data["orders"]) == 1 and not data["exercise"] for data, _ in told)
    for (slug,) in stage.owner("SELECT slug FROM incidents_participant WHERE incident_id = %s", [incident.pk]):
        settle(stage, incident, slug, 1)
    advances()
    later = stage.events("work_order.ready")[len(told) :]
    own = [data["orders"] for data, audience in later if audience == [stage.ids["dunmere"]]]
    assert {each["title"] for orders in own for each in orders} == {"B", "C"}
