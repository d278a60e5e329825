"""A step that stops a safety-critical service with no recorded fallback is done only in typed words."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.db.utils import DatabaseError

import incidents.stop_confirmation
from incidents.cacao.extension import EXTENSION
from incidents.errors import Invalid
from incidents.models import Incident, StopConfirmation, Task
from incidents.opening import Opening, open_incident
from incidents.playbooks import keep_playbook
from incidents.stop_confirmation import says_one_of
from incidents.transitions import Answer, answer_task, undo_task
from partners.acting import actor_of
from portal.ledger.models import Event
from tests.incidents.playbooks import DEMO

pytestmark = pytest.mark.django_db
STEP = "Agree a way to talk without the provider"  # the first, of which this copy says that it stops services


@pytest.fixture
def incident(cast, inside) -> Incident:
    """Telecare is attacked: Brackenfield has no fallback for it, Ashbourne has one (both in the register)."""
    document = json.loads((DEMO.parent / "provider-compromise.json").read_bytes())
    document |= {"id": f"playbook--{uuid4()}", "name": "Stop first"}
    first = next(each for each in document["workflow"].values() if each.get("name") == STEP)
    first["step_extensions"][EXTENSION]["typed_confirmation"] = True
    with inside("ashbourne"):
        keep_playbook(document, organisation_id=cast.id("ashbourne"))
        opening = Opening(title="Supplier", systems=("telecare-alarms",), playbook="stop-first")
        return open_incident(opening, actor=actor_of(cast.visitor("ashbourne")))


def task_of(cast, incident: Incident, slug: str, **more) -> Task:
    return Task.objects.get(incident=incident, organisation_id=cast.id(slug), title=STEP, **more)


def test_the_name_is_asked_for_where_no_fallback_is_recorded(cast, inside, incident, client_of, api_of, seal):
    with inside("ashbourne"):  # the register has a fallback
        task = task_of(cast, incident, "ashbourne")
        assert answer_task(task_id=task.pk, to="done", actor=actor_of(cast.visitor("ashbourne"))).status == "done"
    with inside("brackenfield"):
        task = task_of(cast, incident, "brackenfield")
        actor = actor_of(cast.visitor("brackenfield"))
        assert answer_task(task_id=task.pk, to="acknowledged", actor=actor).status == "acknowledged"
        for typed in ("", "yes", "telecare alarms"):
            with pytest.raises(Invalid, match="Telecare"):
                answer_task(task_id=task.pk, to="done", actor=actor, answer=Answer(confirm=typed))
        assert not StopConfirmation.objects.exists()
        # No way round it: not by plain SQL as the application's role either.
        with pytest.raises(DatabaseError, match="type its name first"), transaction.atomic():
            Task.objects.filter(pk=task.pk).update(status="done", changed_by_id=actor.person_id)
    page = client_of("brackenfield").get(f"/tasks/{task.pk}/").content.decode()
    assert "no fallback is recorded" in page
    assert "Telecare" in page
    refused = client_of("brackenfield").post(f"/tasks/{task.pk}/complete/", {"confirm": "telly"})
    assert refused.status_code == 422
    assert 'value="telly"' in refused.content.decode()
    answers = api_of("brackenfield")
    without = answers.post(f"/api/v1/tasks/{task.pk}/complete/", {}, content_type="application/json")
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/confirm")
    done = answers.post(
        f"/api/v1/tasks/{task.pk}/complete/", {"confirm": " telecare "}, content_type="application/json"
    )
    assert (done.status_code, done.json()["status"]) == (200, "done")
    with inside("ashbourne"):  # the lead sees that it was confirmed, and not what was typed
        seal()
        event = Event.objects.filter(kind="task.completed", subject_id=task.pk).get()
        assert event.data["confirmed"] == "typed"
        assert "telecare" not in str(event.data).lower()
        assert not StopConfirmation.objects.exists()
    with inside("brackenfield"):
        assert StopConfirmation.objects.get().words == "telecare"


def test_typed_on_the_page_it_is_done_and_taken_back_and_done_again(cast, inside, incident, client_of):
    with inside("brackenfield"):
        task = task_of(cast, incident, "brackenfield")
    client = client_of("brackenfield")
    assert client.post(f"/tasks/{task.pk}/complete/", {"confirm": "TELECARE"}).status_code == 302
    with inside("brackenfield"):
        task.refresh_from_db()
        assert task.status == "done"
        undo_task(task_id=task.pk, actor=actor_of(cast.visitor("brackenfield")))
        task.refresh_from_db()
        assert task.status == "waiting"


def test_nobody_types_for_another_or_asks_what_another_has_no_fallback_for(cast, inside, incident):
    with inside("brackenfield"):
        task = task_of(cast, incident, "brackenfield")
    for slug in ("ashbourne", "gravenhurst"):
        with inside(slug):
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT sec.unguarded_services(%s)", [task.pk])
                assert cursor.fetchone()[0] == []
            for whose in (cast.id(slug), cast.id("brackenfield")):
                with pytest.raises(DatabaseError), transaction.atomic():
                    StopConfirmation.objects.create(
                        task=task, organisation_id=whose, words="Telecare", at=task.changed_at
                    )


def test_case_accents_quotes_dashes_and_spaces_make_no_difference(inside):
    name = "Télé‑care — St. Brandon’s  “Łódź” Café"
    same = [
        'tele-care - st. brandon\'s "lodz" cafe',
        "  TE\u0301LE\u0301\u2013CARE \u2212 ST.\u00a0BRANDON\u2018S \u00abŁÓDŹ\u00bb CAFE\u0301\n",
        'ｔｅｌｅ－ｃａｒｅ - st. brandon`s "Lodz" cafe\u200b',
    ]
    other = ['telecare - st. brandon\'s "lodz" cafe', "", "tele-care", "\0", "\ud800", "x" * 100_000]
    with inside("brackenfield"):
        assert [says_one_of(typed, ["Another", name]) for typed in same] == [True] * 3
        assert [says_one_of(typed, ["Another", name]) for typed in other] == [False] * 6
        long = "Meals on wheels " * 60
        assert says_one_of(long.lower()[:700], [long])  # as much of it as the page takes
        assert not says_one_of(long[:150], [long])


def test_a_service_that_lost_its_fallback_at_that_moment_is_asked_for_and_no_fault_of_ours(
    cast, inside, incident, api_of, monkeypatch
):
    """What the product saw as guarded the database does not: as when the register changes between the two looks."""
    with inside("brackenfield"):
        task = task_of(cast, incident, "brackenfield")
    looks = iter([[]])
    real = incidents.stop_confirmation.unguarded_services
    monkeypatch.setattr(incidents.stop_confirmation, "unguarded_services", lambda task: next(looks, None) or real(task))
    said = api_of("brackenfield").post(f"/api/v1/tasks/{task.pk}/complete/", {}, content_type="application/json")
    assert (said.status_code, said.json()["errors"][0]["pointer"]) == (422, "/confirm")
    assert "Telecare" in said.json()["errors"][0]["detail"]
    with inside("brackenfield"):
        task.refresh_from_db()
        assert task.status == "waiting"
