"""The OpenAPI document: valid, complete, and true to what is answered; and the page made from it."""

from __future__ import annotations

from io import StringIO

import jsonschema
import pytest
from django.core.management import call_command
from django.urls import get_resolver

from incidents.playbooks import keep_playbook
from notifications import hooks
from notifications.api_hook_answers import WebhookAnswers
from partners import mail_distrust
from portal.api.endpoint import Endpoint
from tests.api.asking import ROOT, opened, planned_body, send, tasks
from tests.incidents.playbooks import tool_document

pytestmark = pytest.mark.django_db
KEYS = f"{ROOT}/work-orders/keys/"  # public keys
SIGNED = f"{ROOT}/webhooks/{{webhook_id}}/answers/"  # known by its signature alone
LEASED = f"{ROOT}/work-orders/{{order_id}}/take/"  # safe to repeat by its lease; an old answer would be wrong
JOB = "/api/v1/access-events/jobs/{job}/"


@pytest.fixture
def document(client):
    return client.get(f"{ROOT}/schema/").json()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_valid_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_every_endpoint_stands_in_the_document(document):
    addresses = set()

    def walk(patterns, prefix):
        for each in patterns:
            if hasattr(each, "url_patterns"):
                walk(each.url_patterns, prefix + str(each.pattern))
            elif issubclass(getattr(each.callback, "cls", object), Endpoint | WebhookAnswers):
                addresses.add(each.name)

    walk(get_resolver().url_patterns, "")
    assert len(addresses) - 1 == len(document["paths"])  # the document itself is left out


def test_every_error_has_the_one_problem_schema(document):
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert answer["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }, (path, method, status)
            elif status != "204":
                assert list(answer["content"]) == ["application/json"]


def test_operations_say_their_scopes_and_their_key(document):
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, _method, operation in operations(document):
        if path in {f"{ROOT}/", SIGNED, KEYS}:
            assert operation["security"] == []
            continue
        assert {"key": []} in operation["security"]
        assert operation["x-scopes"]
        assert operation["summary"]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_post_takes_an_idempotency_key(document):
    for path, method, operation in operations(document):
        headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "post" and path not in (SIGNED, LEASED)), path
        assert ("webhook-id" in headers) == (path == SIGNED), path


def test_the_document_says_what_text_may_hold(document):
    title = document["components"]["schemas"]["OpeningFormRequest"]["properties"]["title"]
    jsonschema.validate("Intruder", title)
    for wrong in ("a\0b", "", " ", "x" * 201, 5):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, title)
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Request"):
            assert schema["additionalProperties"] is False, name


def test_answers_are_as_the_document_says(api_of, document, cast, inside):
    lead, dunmere = api_of("ashbourne"), api_of("dunmere")
    reference = opened(lead, source={"name": "SIEM"}, accounts=["svc-backup@ashbourne"])["reference"]
    send(lead, "post", f"/incidents/{reference}/updates/", {"text": "x"})
    task = tasks(dunmere, reference)[0]["id"]
    known = {"reference": reference, "task_id": task}
    firsts = {"organisations": "slug", "systems": "slug", "playbooks": "slug", "dependencies": "id", "contacts": "id"}
    firsts |= {"participations": "id"}
    system = send(lead, "post", "/systems/", {"name": "Parking", "owner": "ashbourne"}).json()["slug"]
    for collection, body in (("components", {"product": "x"}), ("participations", {}), ("services", {"name": "Rents"})):
        known[f"{collection[:-1]}_id"] = send(lead, "post", f"/{collection}/", {"system": system, **body}).json()["id"]
    file = lead.generic("POST", f"{ROOT}/register/imports/?kind=systems", b"name,owner\nA,ashbourne\n", "text/csv")
    known["file_id"] = file.json()["id"]
    for collection, name in (("integrations", "permission_id"), ("standing-access", "line_id")):
        known[name] = send(lead, "get", f"/{collection}/").json()["results"][0]["id"]
    with inside("ashbourne", "administrator", fresh=True):
        wish = hooks.Wish("Ticketing", "https://tickets.ashbourne.example/x", ["incident.opened"])
        known["webhook_id"] = str(hooks.make(wish, organisation_id=cast.id("ashbourne"))[0])
        known["mark_id"] = str(
            mail_distrust.mark(cast.id("ashbourne"), "ashbourne.example", for_all=True, reason="Odd")
        )
    own = {"webhooks", "systems", "dependencies", "contacts", "components", "participations", "services", "register"}
    known["entry_id"] = send(lead, "get", "/duty-catalogue/").json()["results"][0]["id"]
    own |= {"integrations", "standing-access", "planned-work", "work-orders", "duty-catalogue"}
    with inside("ashbourne"):
        keep_playbook(tool_document(), organisation_id=cast.id("ashbourne"))
    opened(lead, playbook="for-tools")
    known["order_id"] = send(dunmere, "get", "/work-orders/").json()["results"][0]["id"]
    work = send(api_of("northgate"), "post", "/incidents/", planned_body()).json()["reference"]
    asked = 0
    for path, method, operation in operations(document):
        if method != "get" or path == JOB:
            continue  # of a job there is one when a body is long: tests/monitoring/test_access_events.py
        collection = path.split("/")[3]
        if collection in firsts:
            first = send(dunmere, "get", f"/{collection}/").json()["results"][0]
            known |= {"slug": first.get("slug"), f"{collection[:-1]}_id": first.get("id")}
            known |= {"dependency_id": first.get("id"), "contact_id": first.get("id")}
        for client in (lead, dunmere):
            names = {**known, "reference": work if collection == "planned-work" else reference}
            answer = client.get(path.format(**names), {"q": "shared"} if collection == "search" else {})
            if answer.status_code == 404 and collection in own:
                continue  # one's own, which the other does not see
            assert answer.status_code == 200, (path, answer.content)
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(answer.json(), {**schema, "components": document["components"]})
            _no_more_than_said(answer.json(), schema, document)
            asked += 1
    assert asked >= 40


def _no_more_than_said(value, schema, document):
    """No field is answered that the document does not name."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for several in ("oneOf", "allOf"):
        if several in schema and value is not None:
            schema = next((each for each in schema[several] if each != {"type": "null"}), {})
            return _no_more_than_said(value, schema, document)
    if isinstance(value, dict) and "properties" in schema:
        assert value.keys() <= schema["properties"].keys()
        for name, inner in value.items():
            _no_more_than_said(inner, schema["properties"][name], document)
    elif isinstance(value, list) and "items" in schema:
        for inner in value:
            _no_more_than_said(inner, schema["items"], document)
    return None


def test_the_page_shows_every_operation_with_a_line_for_curl(client, document):
    page = client.get(f"{ROOT}/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    for path, method, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in text
        assert f"{method.upper()} {path}" in text
    assert "curl -X POST -H &#34;Authorization: Bearer $KEY&#34;" in text
    assert client.post(f"{ROOT}/docs/").status_code == 405
