"""Whoever joins later gets what everybody was told, and nothing that was for the overseers alone."""

from __future__ import annotations

import pytest

from incidents.transitions import Answer, answer_task
from incidents.updates import send_update
from incidents.widening import declare
from portal.ledger.stream import events_after
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "Our vault is read by somebody else."
TOLD = "Use the bridge, not mail."


def test_what_was_said_while_it_was_suspected_stays_with_those_who_oversee(stage: Stage) -> None:
    incident = stage.opens(suspected=True)
    ((task,),) = stage.owner(
        "SELECT id FROM incidents_task WHERE organisation_id = %s ORDER BY position LIMIT 1", [stage.ids["northgate"]]
    )
    with stage.acting("northgate") as actor:
        answer_task(task_id=task, to="blocked", actor=actor, answer=Answer(reason=REASON))
    with stage.acting("ashbourne") as actor:
        send_update(incident_id=incident.pk, text=TOLD, actor=actor, author_name="Priya Nair")
    blocked = stage.owner("SELECT audience FROM ledger_event WHERE kind = 'task.blocked'")
    everybody = stage.owner("SELECT participants FROM incidents_incident WHERE id = %s", [incident.pk])
    assert set(blocked[0][0]) == set(everybody[0][0])  # as wide as what is for all: the audience tells them not apart
    with stage.acting("ashbourne") as actor:
        declare(incident_id=incident.pk, actor=actor)
    with stage.acting("dunmere"):
        found = events_after(0)["results"]
    later = [each for each in found if each["kind"] == "incident.backfill"]
    assert {each["data"]["kind"] for each in later} >= {"incident.opened", "update.sent"}
    assert {each["data"]["kind"] for each in later} <= {
        "incident.opened", "update.sent", "standing.changed", "incident.moved",
    }  # fmt: skip
    assert TOLD in str(found)
    assert REASON not in str(found)
    with stage.acting("gravenhurst"):
        assert [each for each in events_after(0)["results"] if each["kind"].startswith("incident.")] == []
