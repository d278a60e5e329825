"""One worker takes an order, for a while; what is called off, a person's or somebody else's is not to be had."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from incidents.exercises import resume, suspend
from incidents.models import Incident, Task, TaskNote, WorkOrder
from incidents.transitions import cancel_task
from partners.acting import actor_of
from portal import clock
from portal.ledger.models import Event
from tests.api.asking import check_problem, send
from tests.incidents.work_orders.asking import orders, say, take, verified

pytestmark = pytest.mark.django_db


def test_one_worker_takes_it_and_the_lease_gives_it_back(tool, opened, inside, seal):
    opened()
    (order,) = orders(tool)
    first = take(tool, order, minutes=10).json()
    assert (first["state"], first["taken_by"]) == ("taken", "test")
    assert verified(tool, first["order"])["taken"] is True
    assert verified(tool, first["order"])["exp"] == int(datetime.fromisoformat(first["lease_until"]).timestamp())
    check_problem(take(tool, order), 409)
    assert send(tool, "get", f"/work-orders/{order['id']}/").json()["order"] is None
    assert (orders(tool, "?state=waiting"), len(orders(tool, "?state=taken"))) == ([], 1)
    longer = take(tool, order, minutes=30, lease=first["lease"]).json()
    assert longer["lease"] == first["lease"]
    assert longer["lease_until"] > first["lease_until"]
    with inside("dunmere"):
        WorkOrder.objects.update(lease_until=clock.now())
    assert orders(tool, "?state=waiting")[0]["id"] == order["id"]
    second = take(tool, order).json()
    assert second["lease"] != first["lease"]
    # What the first one did is not lost, though the order is the second one's now.
    for _ in range(2):
        late = say(tool, order, first["lease"], outcome="done", result="rule 17 set").json()
        assert (late["late"], late["state"], late["outcome"], late["task_status"]) == (True, "taken", None, "waiting")
    with inside("dunmere"):
        seal()
        (note,) = TaskNote.objects.filter(task_id=order["id"])
        assert note.text == "“test”, after its lease had ended: done. rule 17 set"
        (event,) = Event.objects.filter(kind="work_order.answered")
        assert (event.data["late"], event.data["outcome"]) == (True, "done")
    assert say(tool, order, second["lease"], outcome="done").json()["task_status"] == "done"


def test_taking_is_safe_to_repeat_by_its_lease_and_is_never_replayed(tool, opened, inside):
    opened()
    (order,) = orders(tool)
    lease = str(uuid4())
    first = send(tool, "post", f"/work-orders/{order['id']}/take/", {"lease": lease}, Idempotency_Key="once")
    assert (first.status_code, first.json()["lease"]) == (200, lease)
    assert take(tool, order, lease=lease).json()["lease"] == lease
    with inside("dunmere"):
        WorkOrder.objects.update(lease_until=clock.now())
    take(tool, order)
    again = send(tool, "post", f"/work-orders/{order['id']}/take/", {"lease": lease}, Idempotency_Key="once")
    check_problem(again, 409)


def test_what_a_person_is_at_is_no_tools_and_their_reason_stays(tool, opened, inside, api_of):
    opened()
    (order,) = orders(tool)
    lease = take(tool, order).json()["lease"]
    send(api_of("dunmere"), "post", f"/tasks/{order['id']}/block/", {"reason": "The gateway is being moved."})
    (listed,) = orders(tool)
    assert (listed["state"], listed["because"]) == ("with_person", "A person has it: the task is “Blocked”.")
    check_problem(take(tool, order, lease=lease), 409)
    late = say(tool, order, lease, outcome="failed", result="no route").json()
    assert (late["late"], late["outcome"], late["task_status"]) == (True, "failed", "blocked")
    with inside("dunmere"):
        assert Task.objects.get(pk=order["id"]).reason == "The gateway is being moved."
        assert TaskNote.objects.get(task_id=order["id"]).text == "no route"


def test_what_is_called_off_put_aside_or_done_by_hand_is_handed_out_no_more(tool, opened, cast, inside, api_of):
    opened(exercise=True)
    (order,) = orders(tool)
    assert order["exercise"] is True
    taken = take(tool, order).json()
    assert verified(tool, taken["order"])["exercise"] is True
    with inside("ashbourne"):
        incident = Incident.objects.get(exercise=True)
        suspend(incident.pk)
    assert (orders(tool, "?state=waiting"), orders(tool)[0]["state"]) == ([], "suspended")
    check_problem(take(tool, order, lease=taken["lease"]), 409)
    with inside("ashbourne"):
        resume(incident.pk)
    with inside("ashbourne"):
        cancel_task(task_id=UUID(order["id"]), actor=actor_of(cast.visitor("ashbourne")))
    gone = orders(tool)[0]
    assert (gone["state"], gone["because"]) == ("cancelled", "The step was called off.")
    check_problem(say(tool, order, str(uuid4()), outcome="done"), 409)
    for _ in range(2):
        late = say(tool, order, taken["lease"], outcome="done", result="rule 17 set").json()
        assert (late["state"], late["outcome"], late["late"], late["task_status"]) == (
            "answered", "done", True, "cancelled",
        )  # fmt: skip
    with inside("dunmere"):
        assert TaskNote.objects.get(task_id=order["id"]).text == "rule 17 set"
    assert send(tool, "get", f"/work-orders/{order['id']}/").json()["order"] is None


def test_nothing_is_taken_for_others_nor_changed_once_answered_by_plain_sql(tool, opened, inside, cast, seal):
    opened()
    (order,) = orders(tool)
    now = clock.now()
    with inside("ashbourne"):
        for owner in ("ashbourne", "dunmere"):
            with pytest.raises(DatabaseError), transaction.atomic():
                WorkOrder.objects.create(
                    task_id=order["id"], organisation_id=cast.id(owner), lease_until=now, taken_at=now, key_name="x"
                )
    lease = take(tool, order).json()["lease"]
    say(tool, order, lease, outcome="refused")
    with inside("dunmere"):
        assert WorkOrder.objects.update(outcome="done") == 0


def test_an_order_is_had_anew_when_its_task_waits_anew(opened, api_of, inside):
    opened()
    tool = api_of("dunmere", ["orders", "answer"])
    (order,) = orders(tool)
    say(tool, order, take(tool, order).json()["lease"], outcome="done")
    assert send(tool, "post", f"/tasks/{order['id']}/undo/", {}).json()["status"] == "waiting"
    assert (orders(tool)[0]["state"], orders(tool)[0]["outcome"]) == ("waiting", None)
    # What it could not do is not forgotten when a person takes back a word of theirs.
    say(tool, order, take(tool, order).json()["lease"], outcome="failed")
    send(tool, "post", f"/tasks/{order['id']}/acknowledge/", {})
    send(tool, "post", f"/tasks/{order['id']}/undo/", {})
    assert (orders(tool)[0]["outcome"], orders(tool)[0]["task_status"]) == ("failed", "waiting")
