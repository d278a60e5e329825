"""Work orders: commands go to the organisation's own tool, signed; it takes, runs, answers. Nobody else sees them."""

from __future__ import annotations

import base64
from datetime import datetime
from uuid import UUID, uuid4

import jwt
import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from incidents.cacao.credentials import without_secrets
from incidents.cacao.extension import EXTENSION
from incidents.closing import close_incident
from incidents.exercises import resume, suspend
from incidents.models import Incident, Participant, Task, TaskNote, WorkOrder
from incidents.playbooks import keep_playbook
from incidents.transitions import cancel_task
from incidents.work_order_told import tell_ready
from notifications import hooks
from notifications.models import WebhookDelivery
from partners.acting import actor_of
from portal import clock
from portal.ledger.models import Event
from tests.api.asking import check_problem, send
from tests.incidents.playbooks import GATEWAY, TARGET, key, small_document, tool_document

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


def test_an_order_says_what_the_playbook_says_signed_and_without_secrets(tool, opened, document, client_of):
    reference = opened()
    (listed,) = orders(tool)
    assert (listed["state"], listed["incident"], listed["exercise"]) == ("waiting", reference, False)
    shown = send(tool, "get", f"/work-orders/{listed['id']}/").json()
    claims = verified(tool, shown["order"])
    assert next(iter(claims)) == "exercise"
    assert (claims["iss"], claims["sub"], claims["exercise"]) == ("http://localhost:8000", listed["id"], False)
    assert claims["taken"] is False
    assert (listed["playbook"], listed["version"], listed["step"]) == (document["id"], document["modified"], key("a"))
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
    page = client_of("dunmere").get(f"/tasks/{listed['id']}/").content.decode()
    assert "X-Api-Key: __token__:value" in page
    assert "Authorization: (withheld)" in page
    assert "Bearer abc" not in page
    assert "s3cret" not in page
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


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Authorization", "Bearer __token__:value", True),
        ("Cookie", "__a__:value; __b__:value", False),
        ("X-Vault-Token", "__token__:value", True),
        ("Authorization", "Bearer s3cret __token__:value", False),
        ("Authorization", "s3cret __token__:value", False),
        ("X-Auth", "__token__:value s3cret", False),
        ("Api-Key", "__token__:value__", False),
        ("X-Client-Secret", "s3cret", False),
        ("Content-Type", "application/json", True),
    ],
)
def test_a_header_that_lets_somebody_in_is_handed_on_only_as_variables(name, value, kept):
    shown = without_secrets({"type": "http-api", "command": "GET /", "headers": {name: [value]}})
    assert (shown["headers"], shown.get("withheld", [])) == (({name: [value]}, []) if kept else ({}, [name]))


def at_once(document):
    """B and C are ready at the opening; A is not there."""
    start, workflow = document["workflow_start"], document["workflow"]
    workflow[start]["on_completion"] = workflow.pop(key("a"))["on_completion"]
    del document["target_definitions"]


def test_known_values_are_what_ones_own_done_steps_ask_for_each_of_its_type(opened, tool, api_of, inside, document):
    at_once(document)
    document["workflow"][key("b")] |= {
        "commands": [{"type": "manual", "command": "Do B."}],
        "out_args": ["__blocked__"],
    }
    document["workflow"][key("c")]["commands"] = [{"type": "bash", "command": "add __blocked__:value __city__:value"}]
    opened()
    (order,) = orders(tool)
    own = api_of("dunmere")

    def values():
        text = send(tool, "get", f"/work-orders/{order['id']}/").json()["order"]
        variables = verified(tool, text)["order"]["variables"]
        return variables["__blocked__"].get("value"), variables["__city__"].get("value")

    city = document["playbook_variables"]["__city__"]["value"]
    with inside("dunmere"):
        first = Task.objects.get(organisation__slug="dunmere", title="B").pk
    answers = {"__blocked__": " 192.0.2.17 ", "__city__": "elsewhere"}
    assert values() == (None, city)
    assert send(own, "post", f"/tasks/{first}/complete/", {"answers": answers}).status_code == 200
    assert values() == ("192.0.2.17", city), "in its one spelling; what the step does not ask for is no answer"
    assert send(own, "post", f"/tasks/{first}/undo/", {}).status_code == 200
    assert values() == (None, city), "what was taken back is known no more"


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


def test_the_first_that_was_ready_comes_first_whatever_its_time(tool, opened, document, cast, inside, api_of):
    document["extension_definitions"] = {
        EXTENSION: {"type": "extension-definition", "name": "x", "created_by": document["created_by"],
                    "schema": "https://example.org/x", "version": "1"}
    }  # fmt: skip
    document["workflow"][key("a")]["step_extensions"] = {EXTENSION: {"acknowledge_minutes": 60, "finish_minutes": 120}}
    first = opened()
    with inside("ashbourne"):
        keep_playbook(tool_document() | {"name": "Other tools"}, organisation_id=cast.id("ashbourne"))
    body = {"title": "Intruder", "systems": ["identity-platform"], "playbook": "other-tools"}
    second = send(api_of("ashbourne"), "post", "/incidents/", body).json()["reference"]
    assert [each["incident"] for each in orders(tool)] == [first, second]
    page = send(tool, "get", "/work-orders/?limit=1").json()
    rest = send(tool, "get", "/work-orders/?" + page["next"].partition("?")[2]).json()["results"]
    assert [each["incident"] for each in rest] == [second]


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


def test_a_plan_without_commands_is_looked_at_no_further(cast, inside, api_of, django_assert_num_queries):
    with inside("ashbourne"):
        document = small_document()
        for letter in "bc":
            document["workflow"][key(letter)]["commands"] = [{"type": "manual", "command": "Do it."}]
        keep_playbook(document | {"name": "By hand"}, organisation_id=cast.id("ashbourne"))
    body = {"title": "Intruder", "systems": ["identity-platform"], "playbook": "by-hand"}
    reference = send(api_of("ashbourne"), "post", "/incidents/", body).json()["reference"]
    with inside("ashbourne"):
        incident = Incident.objects.get(reference=reference)
        with django_assert_num_queries(1):
            tell_ready(incident, actor=actor_of(cast.visitor("ashbourne")))
