"""Work orders: commands go to the organisation's own tool, signed; it takes, runs, answers. Nobody else sees them."""

from __future__ import annotations

import base64
from datetime import datetime
from uuid import UUID, uuid4

import jwt
import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from incidents.cacao.extension import EXTENSION
from incidents.exercises import resume, suspend
from incidents.models import Incident, Task, TaskNote, WorkOrder
from incidents.playbooks import keep_playbook
from incidents.transitions import cancel_task
from notifications import hooks
from notifications.models import WebhookDelivery
from partners.acting import actor_of
from portal import clock
from portal.ledger.models import Event
from tests.api.asking import check_problem, send
from tests.incidents.playbooks import GATEWAY, TARGET, key, tool_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def document():
    return tool_document()


@pytest.fixture
def opened(cast, inside, api_of, document):
    """Ashbourne has opened an incident with that plan; its reference."""

    def opening(**more):
        with inside("ashbourne"):
            keep_playbook(document, organisation_id=cast.id("ashbourne"))
        body = {"title": "Intruder", "systems": ["identity-platform"], "playbook": "for-tools", **more}
        answer = send(api_of("ashbourne"), "post", "/incidents/", body)
        assert answer.status_code == 201, answer.content
        return answer.json()["reference"]

    return opening


@pytest.fixture
def tool(api_of):
    return api_of("dunmere", ["orders"])


def orders(client, query=""):
    return send(client, "get", f"/work-orders/{query}").json()["results"]


def take(client, order, **body):
    return send(client, "post", f"/work-orders/{order['id']}/take/", body)


def say(client, order, lease, **body):
    return send(client, "post", f"/work-orders/{order['id']}/answer/", {"lease": lease, **body})


def verified(client, text, audience="dunmere"):
    """As a tool does it: with PyJWT, and the key that the portal publishes."""
    (jwk,) = send(client, "get", "/work-orders/keys/").json()["keys"]
    assert jwt.get_unverified_header(text)["kid"] == jwk["kid"]
    return jwt.decode(text, jwt.PyJWK(jwk), algorithms=["EdDSA"], audience=audience)


def test_an_order_says_what_the_playbook_says_signed_and_without_secrets(tool, opened, document):
    reference = opened()
    (listed,) = orders(tool)
    assert (listed["state"], listed["incident"], listed["exercise"]) == ("waiting", reference, False)
    shown = send(tool, "get", f"/work-orders/{listed['id']}/").json()
    claims = verified(tool, shown["order"])
    assert next(iter(claims)) == "exercise"
    assert (claims["iss"], claims["sub"], claims["exercise"]) == ("http://localhost:8000", listed["id"], False)
    assert claims["exp"] - claims["iat"] == 15 * 60
    order = claims["order"]
    assert order["incident"] == {"reference": reference, "status": "open", "exercise": False, "tlp": "amber"}
    assert order["playbook"]["id"] == document["id"]
    assert (order["playbook"]["version"], order["playbook"]["step"]) == (document["modified"], key("a"))
    assert order["commands"] == [
        document["workflow"][key("a")]["commands"][0],
        {
            "type": "http-api",
            "command": "POST /block HTTP/1.1",
            "headers": {"X-Api-Key": ["__token__:value"]},
            "withheld": ["Authorization"],
        },
    ]
    assert order["targets"] == [{"id": GATEWAY, **TARGET}]
    assert order["variables"]["__city__"]["value"] == document["playbook_variables"]["__city__"]["value"]
    assert "value" not in order["variables"]["__token__"]
    assert "s3cret" not in str(claims)
    assert order["out_args"] == [{"name": "__blocked__", "type": "ipv4-addr", "needed": False}]
    # One letter of the content changed, and it is ours no more.
    head, body, signature = shown["order"].split(".")
    raw = bytearray(base64.urlsafe_b64decode(body + "=="))
    raw[raw.index(b"ipset")] ^= 1
    forged = f"{head}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.{signature}"
    with pytest.raises(jwt.InvalidSignatureError):
        verified(tool, forged)
    with pytest.raises(jwt.InvalidAudienceError):
        verified(tool, shown["order"], audience="ashbourne")


def test_one_worker_takes_it_and_the_lease_gives_it_back(tool, opened, inside):
    opened()
    (order,) = orders(tool)
    first = take(tool, order, minutes=10).json()
    assert (first["state"], first["taken_by"]) == ("taken", "test")
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
    late = check_problem(say(tool, order, first["lease"], outcome="done"), 409)
    assert "has taken the order since" in late["detail"]


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
def test_what_a_tool_does_not_do_blocks_the_task_for_a_person(tool, opened, inside, outcome, reason):
    opened()
    (order,) = orders(tool)
    lease = take(tool, order).json()["lease"]
    assert say(tool, order, lease, outcome=outcome, result="10.0.0.9: no route").status_code == 200
    with inside("ashbourne"):
        task = Task.objects.get(pk=order["id"])
        assert task.status == "blocked"
        assert reason in task.reason
        assert "10.0.0.9" not in task.reason


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
    opened(systems=["telecare-alarms"])
    tool = api_of("brackenfield", ["orders"])  # no fallback for telecare is recorded there
    (order,) = orders(tool)
    lease = take(tool, order).json()["lease"]
    said = {"outcome": "done", "result": "blocked", "out_args": {"__blocked__": "192.0.2.17"}}
    kept = say(tool, order, lease, **said).json()
    assert (kept["state"], kept["task_status"], kept["waits_for_person"]) == ("answered", "in_progress", True)
    assert "A person still types" in kept["because"]
    page = client_of("brackenfield").get(f"/tasks/{order['id']}/").content.decode()
    assert "Your own tool" in page
    assert 'value="192.0.2.17"' in page
    done = send(api_of("brackenfield"), "post", f"/tasks/{order['id']}/complete/", {"confirm": "telecare"})
    assert done.json()["status"] == "done"
    assert orders(tool)[0]["waits_for_person"] is False


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
    check_problem(say(tool, order, taken["lease"], outcome="done"), 409)
    with inside("ashbourne"):
        resume(incident.pk)
    with inside("ashbourne"):
        cancel_task(task_id=UUID(order["id"]), actor=actor_of(cast.visitor("ashbourne")))
    gone = orders(tool)[0]
    assert (gone["state"], gone["because"]) == ("cancelled", "The step was called off.")
    late = check_problem(say(tool, order, taken["lease"], outcome="done"), 409)
    assert late["detail"] == "The step was called off."
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


def test_a_webhook_says_when_one_is_ready_to_whoever_owns_it_and_holds_no_command(opened, inside, cast, seal):
    for slug in ("dunmere", "ashbourne", "gravenhurst"):
        with inside(slug, "administrator", fresh=True):
            wish = hooks.Wish("Tool", f"https://tool.{slug}.example/x", ["work_order.ready"])
            hooks.make(wish, organisation_id=cast.id(slug))
    opened(exercise=True)
    for slug, count in (("dunmere", 1), ("ashbourne", 1), ("gravenhurst", 0)):
        with inside(slug):
            seal()
            assert WebhookDelivery.objects.filter(kind="work_order.ready").count() == count
    with inside("dunmere"):
        (said,) = Event.objects.filter(kind="work_order.ready").values_list("data", flat=True)
        assert said["exercise"] is True
        assert "ipset" not in str(said)
