"""An order that the tool refused, could not do or did not answer in time is given to it again, as a new one."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from incidents.models import OrderAgain, TaskNote, WorkOrder
from incidents.running.kept import fetched
from portal import clock
from portal.ledger.models import Event
from tests.api.asking import check_problem, send
from tests.incidents.work_orders.asking import orders, say, take, verified

pytestmark = pytest.mark.django_db


def again(client, order, because="The route is there now.", **headers):
    return send(client, "post", f"/work-orders/{order['id']}/again/", {"because": because}, **headers)


@pytest.mark.parametrize("outcome", ["failed", "refused"])
def test_it_is_a_new_order_that_names_the_old_one_and_the_task_is_done_by_it(
    tool, opened, inside, api_of, seal, outcome
):
    opened()
    own = api_of("dunmere", ["answer"])
    (first,) = orders(tool)
    check_problem(again(own, first), 409)  # nobody has taken it yet
    lease = take(tool, first).json()["lease"]
    check_problem(again(own, first), 409)  # it is being worked on
    say(tool, first, lease, outcome=outcome, result="10.0.0.9: no route")
    check_problem(again(tool, first), 403)  # no tool gives itself an order
    check_problem(again(own, first, because=" "), 422, "/because")
    made = again(own, first, Idempotency_Key="once").json()
    assert made["state"] == "waiting"
    assert made["task"] == first["id"] != made["id"]
    assert again(own, first, Idempotency_Key="once").json()["id"] == made["id"]
    assert again(own, first).json()["id"] == made["id"], "the same by the same one"
    check_problem(again(own, first, because="Another reason."), 409)
    check_problem(again(own, made), 409)
    (past,) = made["history"]
    assert (past["id"], past["outcome"], past["given_again_as"]) == (first["id"], outcome, made["id"])
    assert (past["taken_by"], past["because"]) == ("test", "The route is there now.")
    # The old one is over, and what its tool says of it is as it was.
    gone = send(tool, "get", f"/work-orders/{first['id']}/").json()
    assert (gone["state"], gone["superseded_by"], gone["order"]) == ("superseded", made["id"], None)
    check_problem(take(tool, first), 409)
    assert say(tool, first, lease, outcome=outcome, result="10.0.0.9: no route").status_code == 200
    check_problem(say(tool, first, lease, outcome="done"), 409)
    check_problem(say(tool, first, str(uuid4()), outcome="done"), 409)
    (second,) = orders(tool, "?state=waiting")
    assert second["id"] == made["id"]
    taken = take(tool, second).json()
    claims = verified(tool, taken["order"])
    assert claims["sub"] == claims["order"]["id"] == made["id"]
    assert claims["order"]["again"] == {"of": first["id"], "nth": 1, "was": outcome}
    assert say(tool, second, taken["lease"], outcome="done").json()["task_status"] == "done"
    check_problem(again(own, second), 409)
    with inside("dunmere"):
        seal()
        (event,) = Event.objects.filter(kind="work_order.given_again")
        assert (event.data["order"], event.data["earlier"], event.data["by"]) == (made["id"], first["id"], "test")
        ready = Event.objects.filter(kind="work_order.ready").order_by("pos").last()
        assert [each["id"] for each in ready.data["orders"]] == [made["id"]]
    for slug in ("ashbourne", "gravenhurst"):
        check_problem(again(api_of(slug, ["answer"]), first), 404)
        check_problem(send(api_of(slug, ["orders"]), "get", f"/work-orders/{made['id']}/"), 404)
        with inside(slug):
            seal()
            assert not OrderAgain.objects.exists()
            assert not Event.objects.filter(kind="work_order.given_again").exists()


def test_what_was_not_answered_in_time_is_given_again_and_its_late_answer_is_kept(tool, opened, inside, api_of):
    opened()
    own = api_of("dunmere", ["answer"])
    (first,) = orders(tool)
    lease = take(tool, first).json()["lease"]
    with inside("dunmere"):
        WorkOrder.objects.update(lease_until=clock.now())
    made = again(own, first).json()
    assert made["history"][0]["outcome"] == "expired"
    new = take(tool, made).json()["lease"]
    for _ in range(2):
        late = say(tool, first, lease, outcome="done", result="rule 17 set").json()
        assert (late["late"], late["state"], late["task_status"]) == (True, "superseded", "waiting")
    with inside("dunmere"):
        assert TaskNote.objects.get(task_id=first["id"]).text == "“test”, after its lease had ended: done. rule 17 set"
    say(tool, made, new, outcome="failed")
    third = again(own, made, because="Once more.").json()
    assert [each["outcome"] for each in third["history"]] == ["expired", "failed"]


def test_a_blocked_step_is_the_tools_again_until_a_person_moves_it(tool, opened, api_of, client_of):
    opened()
    own = api_of("dunmere")
    (order,) = orders(tool)
    task = order["id"]
    send(own, "post", f"/tasks/{task}/acknowledge/", {})
    answered = say(tool, order, take(tool, order).json()["lease"], outcome="failed", result="no route").json()
    assert (answered["task_status"], answered["state"]) == ("blocked", "answered")
    client = client_of("dunmere")
    page = client.get(f"/tasks/{task}/").content.decode()
    assert "Give it to the tool again" in page
    assert "Give it to the tool again" not in client_of("dunmere", "observer").get(f"/tasks/{task}/").content.decode()
    named = re.search(rf'order-again/".*?name="order" value="({task})"', page, re.S)[1]
    form = {"order": named, "reason": "The route is there now."}
    for _ in range(2):  # pressed twice
        assert client.post(f"/tasks/{task}/order-again/", form).status_code == 302
    assert client.post(f"/tasks/{task}/order-again/", {**form, "reason": ""}).status_code == 422
    assert client_of("gravenhurst").post(f"/tasks/{task}/order-again/", form).status_code == 404
    page = client.get(f"/tasks/{task}/").content.decode()
    assert "could not do it, and was given it again: “The route is there now.”" in page
    (second,) = orders(tool, "?state=waiting")
    assert second["id"] != task
    # It cannot do it again: the step stays blocked, and the reason that its lead reads stays.
    answered = say(tool, second, take(tool, second).json()["lease"], outcome="failed", result="still none").json()
    assert (answered["task_status"], answered["state"]) == ("blocked", "answered")
    third = again(own, second, because="Now.").json()
    send(own, "post", f"/tasks/{task}/start/", {})
    assert orders(tool)[0]["state"] == "with_person"
    check_problem(take(tool, third), 409)


def test_nobody_gives_anothers_order_again_nor_writes_its_history_by_plain_sql(tool, opened, inside, seal):
    opened()
    (order,) = orders(tool)
    say(tool, order, take(tool, order).json()["lease"], outcome="refused")
    call = "SELECT sec.give_order_again(%s, %s, 'x', 'x')"
    for slug in ("ashbourne", "gravenhurst"):
        with inside(slug), pytest.raises(DatabaseError), transaction.atomic():
            fetched(call, [order["id"], order["id"]])
    with inside("dunmere"):
        with pytest.raises(DatabaseError), transaction.atomic():
            OrderAgain.objects.update(because="x")
        assert WorkOrder.objects.filter(task_id=order["id"]).count() == 1
