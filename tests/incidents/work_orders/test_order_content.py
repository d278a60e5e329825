"""What an order says: signed, without secrets, with what is known; and whoever is told of it."""

from __future__ import annotations

import base64

import jwt
import pytest

from incidents.cacao.credentials import without_secrets
from incidents.cacao.extension import EXTENSION
from incidents.models import Incident, Task
from incidents.playbooks import keep_playbook
from incidents.work_order_told import tell_ready
from notifications import hooks
from notifications.models import WebhookDelivery
from partners.acting import actor_of
from portal.ledger.models import Event
from tests.api.asking import send
from tests.incidents.playbooks import GATEWAY, TARGET, key, small_document, tool_document
from tests.incidents.work_orders.asking import at_once, orders, verified

pytestmark = pytest.mark.django_db


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
            "withheld": ["Cookie"],
        },
    ]
    assert order["targets"] == [{"id": GATEWAY, **TARGET}]
    assert order["variables"]["__city__"]["value"] == document["playbook_variables"]["__city__"]["value"]
    assert "value" not in order["variables"]["__token__"]
    page = client_of("dunmere").get(f"/tasks/{listed['id']}/").content.decode()
    assert "X-Api-Key: __token__:value" in page
    assert "Cookie: (withheld)" in page
    assert "<yours>" not in page
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
