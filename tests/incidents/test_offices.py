"""Steps of lead and deputy lead go with the office: open ones with their place, what was done not at all."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from incidents.advance import advance_due
from incidents.handing_over import accept, offer
from incidents.models import Handover, Incident
from incidents.playbooks import keep_playbook
from incidents.transitions import answer_task
from tests.incidents.playbooks import key
from tests.incidents.test_audiences import named
from tests.notifications.stage import Stage, address, as_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    """Step A is for the deputy lead, Northgate; E, the last, as well; the steps between are others'."""
    document = named()
    (extension,) = document["workflow"][key("a")]["step_extensions"]
    document["workflow"][key("e")].setdefault("step_extensions", {}).setdefault(extension, {})["audience"] = (
        "deputy_lead"
    )
    with stage.acting("ashbourne") as actor:
        keep_playbook(document, organisation_id=actor.organisation_id)
    return stage.opens(playbook="by-name")


def look(stage: Stage) -> None:
    with as_worker():
        advance_due()


def hand_over(stage: Stage, incident: Incident, giver: str, taker: str) -> None:
    with stage.as_person(giver, fresh=True):
        made = offer(Incident.objects.get(pk=incident.pk), to=stage.ids[taker], reason="The night ends.")
    with stage.as_person(taker, fresh=True):
        accept(Handover.objects.get(pk=made))
    look(stage)


def held(stage: Stage, letter: str) -> set[tuple[str, str, bool]]:
    return set(
        stage.owner(
            "SELECT o.slug, t.status, t.ready FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id"
            " JOIN partners_organisation o ON o.id = t.organisation_id WHERE s.cacao_step_id = %s",
            [key(letter)],
        )
    )


def done(stage: Stage, slug: str, letter: str) -> None:
    ((task,),) = stage.owner(
        "SELECT t.id FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id AND s.cacao_step_id = %s"
        " WHERE t.organisation_id = %s",
        [key(letter), stage.ids[slug]],
    )
    with stage.acting(slug) as actor:
        answer_task(task_id=task, to="done", actor=actor)
    look(stage)


def told(stage: Stage, kind: str) -> list[tuple[str, int, bool]]:
    """Whom it is of, of how many steps, and whether the stranger or somebody beside them hears of it."""
    found: list[tuple[str, int, bool]] = []
    for data, audience in stage.events(kind):
        others = {stage.ids[each] for each in ("dunmere", "eastwick", "gravenhurst")}
        found.append((data["organisation"], len(data["tasks"]), bool(others & set(audience))))
    return found


def test_a_deputys_open_step_goes_with_the_office_and_its_run_goes_on(stage: Stage, incident: Incident, client_of: Any):
    assert held(stage, "a") == {("northgate", "waiting", True)}
    before = len(told(stage, "tasks.ready"))
    hand_over(stage, incident, "ashbourne", "northgate")  # the lead before stays as the deputy
    assert held(stage, "a") == {("northgate", "cancelled", True), ("ashbourne", "waiting", True)}
    assert held(stage, "e") == {("northgate", "cancelled", False), ("ashbourne", "waiting", False)}
    assert told(stage, "tasks.ready")[before:] == [("ashbourne", 1, False)]
    assert told(stage, "tasks.called_off") == [("northgate", 2, False)]
    assert ">A<" in client_of("ashbourne").get("/my-tasks/").content.decode()
    # And back: the old row is taken up again, with a clock of its own.
    hand_over(stage, incident, "northgate", "ashbourne")
    assert held(stage, "a") == {("northgate", "waiting", True), ("ashbourne", "cancelled", True)}
    done(stage, "northgate", "a")
    ((open_now,),) = stage.owner("SELECT count(*) FROM incidents_task WHERE title = 'B' AND ready")
    assert open_now == 1, "the run waits for whoever holds the office alone"
    # What was done in the office stays done, whoever holds it later.
    hand_over(stage, incident, "ashbourne", "northgate")
    assert held(stage, "a") == {("northgate", "done", True), ("ashbourne", "cancelled", True)}
    assert held(stage, "e") == {("northgate", "cancelled", False), ("ashbourne", "waiting", False)}


def test_whoever_stands_in_after_a_while_without_anybody_has_the_steps(stage: Stage, incident: Incident):
    def deputy(becomes: str) -> None:
        """As the functions do it, which run as the owner within the lead's act."""
        with psycopg.connect(address("DATABASE_URL")) as owner:
            owner.execute("SELECT set_config('app.ticket', %s, true)", [stage.ticket("ashbourne")])
            owner.execute(
                "UPDATE incidents_incident SET deputy_lead_id = %s WHERE id = %s",
                [stage.ids.get(becomes), incident.pk],
            )
        look(stage)

    deputy("")
    assert held(stage, "a") == {("northgate", "waiting", True)}
    deputy("eastwick")
    assert held(stage, "a") == {("northgate", "cancelled", True), ("eastwick", "waiting", True)}
    done(stage, "eastwick", "a")
    deputy("northgate")
    assert held(stage, "a") == {("northgate", "cancelled", True), ("eastwick", "done", True)}
