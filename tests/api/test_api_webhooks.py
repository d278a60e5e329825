"""/webhooks/…: an organisation's own subscriptions and their log, read only; nothing of them to anybody else."""

from __future__ import annotations

from uuid import uuid4

import pytest

from notifications import hooks
from tests.api.asking import check_problem, send

pytestmark = pytest.mark.django_db
ADDRESS = "https://tickets.dunmere.example/SECRET-PATH"


@pytest.fixture
def hook(cast, inside) -> str:
    """Dunmere's, with two tests in its log."""
    with inside("dunmere", "administrator", fresh=True):
        pk, _ = hooks.make(hooks.Wish("Ticketing", ADDRESS, ["incident.opened"]), organisation_id=cast.id("dunmere"))
        made = hooks.Webhook.objects.defer("address").get(pk=pk)
        for _ in range(2):
            hooks.send_test(made)
    return str(pk)


def test_an_organisation_reads_its_webhooks_and_their_log(api_of, hook):
    own = api_of("dunmere")
    (listed,) = send(own, "get", "/webhooks/").json()["results"]
    assert {name: listed[name] for name in ("id", "label", "host", "kinds", "state", "failures")} == {
        "id": hook,
        "label": "Ticketing",
        "host": "tickets.dunmere.example",
        "kinds": ["incident.opened"],
        "state": "on",
        "failures": 0,
    }
    first = send(own, "get", f"/webhooks/{hook}/deliveries/?limit=1")
    assert b"SECRET-PATH" not in first.content + send(own, "get", "/webhooks/").content
    rows = first.json()["results"] + own.get(first.json()["next"]).json()["results"]
    assert [(row["kind"], row["seq"], row["state"], row["tries"], row["status"]) for row in rows] == [
        ("webhook.test", None, "pending", 0, None)
    ] * 2
    assert rows[0]["id"] != rows[1]["id"]


def test_a_stranger_reads_nothing_and_cannot_tell_it_from_absent(api_of, hook):
    stranger = api_of("gravenhurst")
    assert send(stranger, "get", "/webhooks/").json()["results"] == []
    refused = send(stranger, "get", f"/webhooks/{hook}/deliveries/")
    check_problem(refused, 404)
    assert refused.content == send(stranger, "get", f"/webhooks/{uuid4()}/deliveries/").content


def test_no_key_makes_or_changes_one(api_of, hook):
    own = api_of("dunmere")
    for method in ("post", "put", "patch", "delete"):
        assert send(own, method, "/webhooks/", {}).status_code == 405
        assert send(own, method, f"/webhooks/{hook}/deliveries/", {}).status_code == 405
