"""What a tool answers becomes its task's answer, and stays at home."""

from __future__ import annotations

from uuid import uuid4

import pytest

from incidents.cacao.extension import EXTENSION
from incidents.closing import close_incident
from incidents.exercises import suspend
from incidents.models import Incident, Participant, Task, TaskNote, WorkOrder
from incidents.transitions import cancel_task
from partners.acting import actor_of
from portal.ledger.models import Event
from tests.api.asking import check_problem, send
from tests.incidents.playbooks import key
from tests.incidents.work_orders.asking import at_once, orders, say, take

pytestmark = pytest.mark.django_db


def test_its_answer_is_the_tasks_and_the_same_again_changes_nothing(tool, opened, inside, cast, api_of, seal):
    opened()
    (order,) = orders(tool)
    check_problem(say(tool, order, str(uuid4()), outcome="done"), 409)  # not taken
    lease = take(tool, order).json()["lease"]
    said = {"outcome": "done", "result": "rule 17 set", "out_args": {"__blocked__": "192.0.2.17"}}
    done = say(tool, order, lease, **said)
    assert (done.status_code, done.json()["state"], done.json()["task_status"]) == (200, "answered", "done")
    assert say(tool, order, lease, **said).status_code == 200
    check_problem(say(tool, order, lease, outcome="failed"), 409)
    check_problem(take(tool, order), 409)
    with inside("dunmere"):
        seal()
        note = TaskNote.objects.get(task_id=order["id"])
        assert (note.text, note.answers) == ("rule 17 set", {"__blocked__": "192.0.2.17"})
        kinds = list(Event.objects.filter(subject_id=order["id"]).order_by("pos").values_list("kind", "actor_kind"))
        assert kinds == [("work_order.taken", "key"), ("work_order.answered", "key"), ("task.completed", "key")]
        assert Event.objects.get(kind="work_order.answered").data["key"] == "test"
        (ready,) = Event.objects.filter(kind="work_order.ready")
        assert [each["id"] for each in ready.data["orders"]] == [order["id"]]
    # The lead sees the task's state and nothing of what the tool said; the stranger sees nothing at all.
    with inside("ashbourne"):
        assert Task.objects.get(pk=order["id"]).status == "done"
        assert not TaskNote.objects.filter(task_id=order["id"]).exists()
        assert not WorkOrder.objects.filter(task_id=order["id"]).exists()
        assert not Event.objects.filter(kind__startswith="work_order.", subject_id=order["id"]).exists()
        assert "rule 17" not in str(list(Event.objects.values_list("data", flat=True)))
    for slug in ("ashbourne", "gravenhurst"):
        other = api_of(slug, ["orders"])
        for answer in (
            send(other, "get", f"/work-orders/{order['id']}/"),
            take(other, order),
            say(other, order, lease, outcome="done"),
        ):
            check_problem(answer, 404)
    check_problem(send(api_of("dunmere", ["answer", "read"]), "get", "/work-orders/"), 403)
    assert orders(api_of("gravenhurst", ["orders"])) == []


@pytest.mark.parametrize(("outcome", "reason"), [("failed", "could not do it"), ("refused", "does not run this")])
def test_what_a_tool_does_not_do_is_a_persons(tool, opened, inside, api_of, client_of, outcome, reason):
    """Nobody knows of it yet: the task waits as before. Where somebody has accepted it, it is blocked."""
    opened()
    (order,) = orders(tool)
    said = {"outcome": outcome, "result": "10.0.0.9: no route", "out_args": {"__blocked__": "nonsense"}}
    answered = say(tool, order, take(tool, order).json()["lease"], **said).json()
    assert (answered["state"], answered["task_status"], answered["late"]) == ("answered", "waiting", False)
    assert "10.0.0.9: no route" in client_of("dunmere").get(f"/tasks/{order['id']}/").content.decode()
    with inside("dunmere"):
        (note,) = TaskNote.objects.filter(task_id=order["id"])
        assert (note.text, note.answers) == ("10.0.0.9: no route", {}), "what does not count is not kept"
    with inside("ashbourne"):
        side = Participant.objects.get(incident__reference=order["incident"], organisation__slug="dunmere")
        assert (side.acknowledged_at, side.tasks_blocked) == (None, 0)
    tool = api_of("eastwick", ["orders"])
    (order,) = orders(tool)
    send(api_of("eastwick"), "post", f"/tasks/{order['id']}/acknowledge/", {})
    answered = say(tool, order, take(tool, order).json()["lease"], outcome=outcome, result="10.0.0.9: no route").json()
    with inside("ashbourne"):
        task = Task.objects.get(pk=order["id"])
        assert task.status == answered["task_status"] == "blocked"
        assert reason in task.reason
        assert "10.0.0.9" not in task.reason


def test_what_a_tool_does_alone_is_no_answer_while_a_ready_step_waits_for_somebody(
    opened, inside, api_of, document, cast
):
    """Else its ladder would end although nobody there knows. B is the tool's, C is a person's, both ready at once."""
    at_once(document)
    document["workflow"][key("c")]["commands"] = [{"type": "manual", "command": "Do C."}]
    opened()

    def answered(slug):
        with inside("ashbourne"):
            return Participant.objects.get(organisation__slug=slug).acknowledged_at is not None

    for slug in ("dunmere", "eastwick"):
        tool = api_of(slug, ["orders"])
        (order,) = orders(tool)
        assert say(tool, order, take(tool, order).json()["lease"], outcome="done").json()["task_status"] == "done"
        assert not answered(slug), slug
    with inside("ashbourne"):
        theirs = {slug: Task.objects.get(organisation__slug=slug, title="C") for slug in ("dunmere", "eastwick")}
        cancel_task(task_id=theirs["eastwick"].pk, actor=actor_of(cast.visitor("ashbourne")))
    assert answered("eastwick"), "nothing is left there that somebody has to know of"
    assert not answered("dunmere")
    send(api_of("dunmere"), "post", f"/tasks/{theirs['dunmere'].pk}/acknowledge/", {})
    assert answered("dunmere")


def test_an_answer_that_does_not_fit_its_type_is_refused_and_nothing_is_kept(tool, opened):
    opened()
    (order,) = orders(tool)
    lease = take(tool, order).json()["lease"]
    wrong = say(tool, order, lease, outcome="done", out_args={"__blocked__": "everybody"})
    check_problem(wrong, 422, "/out_args/__blocked__")
    assert orders(tool)[0]["state"] == "taken"


def test_a_step_that_stops_a_service_waits_for_a_person(tool, opened, document, api_of, inside, client_of):
    document["extension_definitions"] = {
        EXTENSION: {"type": "extension-definition", "name": "x", "created_by": document["created_by"],
                    "schema": "https://example.org/x", "version": "1"}
    }  # fmt: skip
    document["workflow"][key("a")]["step_extensions"] = {EXTENSION: {"typed_confirmation": True}}
    document["playbook_variables"]["__gone__"] = {"type": "bool"}
    document["workflow"][key("a")]["out_args"].append("__gone__")
    opened(systems=["telecare-alarms"])
    tool = api_of("brackenfield", ["orders"])  # no fallback for telecare is recorded there
    (order,) = orders(tool)
    lease = take(tool, order).json()["lease"]
    said = {"outcome": "done", "result": "blocked", "out_args": {"__blocked__": "192.0.2.17", "__gone__": True}}
    kept = say(tool, order, lease, **said).json()
    assert (kept["state"], kept["task_status"], kept["waits_for_person"]) == ("answered", "in_progress", True)
    assert "A person still types" in kept["because"]
    page = client_of("brackenfield").get(f"/tasks/{order['id']}/").content.decode()
    assert "Your own tool" in page
    assert 'value="192.0.2.17"' in page
    assert '<option value="true" selected>' in page
    done = send(api_of("brackenfield"), "post", f"/tasks/{order['id']}/complete/", {"confirm": "telecare"})
    assert done.json()["status"] == "done"
    assert orders(tool)[0]["waits_for_person"] is False


@pytest.mark.parametrize(("over", "status"), [("closed", "cancelled"), ("suspended", "waiting")])
def test_what_a_tool_did_is_known_though_the_incident_is_over_or_put_aside(
    tool, opened, cast, inside, seal, over, status
):
    opened(exercise=True)
    (order,) = orders(tool)
    lease = take(tool, order).json()["lease"]
    with inside("ashbourne"):
        incident = Incident.objects.get(exercise=True)
        if over == "closed":
            close_incident(incident_id=incident.pk, outcome="resolved", actor=actor_of(cast.visitor("ashbourne")))
        else:
            suspend(incident.pk)
    late = say(tool, order, lease, outcome="done", result="rule 17 set", out_args={"__blocked__": "nonsense"}).json()
    assert (late["late"], late["outcome"], late["task_status"]) == (True, "done", status)
    with inside("dunmere"):
        seal()
        assert WorkOrder.objects.get(task_id=order["id"]).out_args == {}, "what does not fit is offered to nobody"
        assert Event.objects.get(kind="work_order.answered").data["late"] is True
