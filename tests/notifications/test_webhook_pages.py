"""The pages of webhooks: made by an administrator, seen by the organisation, no business of anybody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
ADDRESS = "https://hooks.dunmere.example/SECRET-PATH"
WISH = {"label": "Ticketing", "address": ADDRESS, "kinds": ["incident.opened", "*"]}


@pytest.fixture
def administrator(client_of: Any) -> Client:
    return client_of("dunmere", "administrator", fresh=True)


def test_a_webhook_is_made_and_looked_after_and_its_secrets_are_shown_once(
    administrator: Client, client_of: Any
) -> None:
    made = administrator.post("/partners/webhooks/make/", WISH)
    page = made.content.decode()
    (key,) = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", page)
    assert "SECRET-PATH" not in page
    listed = administrator.get("/partners/webhooks/").content.decode()
    assert "Ticketing" in listed
    assert "hooks.dunmere.example" in listed
    (path,) = set(re.findall(r"/partners/webhooks/[0-9a-f-]{36}/", listed))

    assert administrator.post(f"{path}act/", {"act": "test"}).status_code == 302
    again = administrator.get(path).content.decode()
    assert "webhook.test" in again
    assert key not in again
    assert "whsec_" in administrator.post(f"{path}act/", {"act": "rotate"}).content.decode()
    assert administrator.post(f"{path}act/", {"act": "rotate"}).status_code == 422
    for act in ("end-key", "off", "on"):
        assert administrator.post(f"{path}act/", {"act": act}).status_code == 302
    late = administrator.post(f"{path}act/", {"act": "replay", "since": "2026-11-01T00:00"})
    assert late.status_code == 422

    colleague, stranger = client_of("dunmere", "responder"), client_of("gravenhurst", "administrator", fresh=True)
    seen = colleague.get(path).content.decode()
    assert "Ticketing" in seen
    assert "<form" not in seen.split("<h1", 1)[1].split("</main", 1)[0]
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}act/", {"act": "end"}).status_code == 404
    assert "Ticketing" not in stranger.get("/partners/webhooks/").content.decode()

    assert administrator.post(f"{path}act/", {"act": "end"}).status_code == 302
    assert administrator.get(path).status_code == 404


@pytest.mark.parametrize(
    "address", ["http://hooks.dunmere.example/", "https://127.0.0.1:8000/", "https://0x7f.1/", "x"]
)
def test_an_address_that_may_not_be_called_is_refused_with_what_was_typed(administrator: Client, address: str) -> None:
    refused = administrator.post("/partners/webhooks/make/", {**WISH, "address": address})
    assert refused.status_code == 422
    assert address in refused.content.decode()


def test_a_webhook_is_changed_and_keeps_its_address_when_none_is_typed(
    administrator: Client, client_of: Any, owner_url: str
) -> None:
    administrator.post("/partners/webhooks/make/", WISH)
    (path,) = set(
        re.findall(r"/partners/webhooks/[0-9a-f-]{36}/", administrator.get("/partners/webhooks/").content.decode())
    )
    shown = administrator.get(f"{path}change/").content.decode()
    assert "SECRET-PATH" not in shown
    assert re.search(r'value="\*"[^>]* checked', shown), "it is told of everything"
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    assert shown.index("Reaching people</p>") < shown.index('value="call.wanted"') < shown.index("Planned work</p>")
    wish = {"label": "Chat", "address": "", "kinds": ["incident.opened", "task.blocked"], "state": "off"}
    assert administrator.post(f"{path}change/", wish).status_code == 302
    page = administrator.get(path).content.decode()
    for words in ("Chat", "hooks.dunmere.example", "incident.opened, task.blocked", "Off"):
        assert words in page

    wrong = administrator.post(f"{path}change/", {**wish, "label": "Ours", "address": "http://x.example/", "kinds": []})
    assert wrong.status_code == 422
    assert "Choose at least one kind" in wrong.content.decode()
    assert "http://x.example/" in wrong.content.decode(), "what was typed is kept"
    moved = {**wish, "address": "https://other.dunmere.example/", "state": "on"}
    assert administrator.post(f"{path}change/", moved).status_code == 302
    assert "other.dunmere.example" in administrator.get(path).content.decode()

    stranger, responder = client_of("gravenhurst", "administrator", fresh=True), client_of("dunmere", "responder")
    assert stranger.get(f"{path}change/").status_code == stranger.post(f"{path}change/", wish).status_code == 404
    assert responder.get(f"{path}change/").status_code == responder.post(f"{path}change/", wish).status_code == 403
    stale = client_of("dunmere", "administrator")
    assert stale.post(f"{path}change/", wish).status_code == 403, "a passkey is asked for first"
    assert "other.dunmere.example" in administrator.get(path).content.decode()
