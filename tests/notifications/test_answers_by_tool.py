"""Answers of tools: signed with the webhook's key, for their own organisation's tasks, and never twice.

Signatures are made by the public library of Standard Webhooks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from standardwebhooks import Webhook as Signer

from notifications import api_hook_answers, hooks
from notifications.answers import settle_answers
from partners.approvals import NotAllowed
from partners.limits import Limit
from tests.cast import Cast
from tests.notifications.hooked import Hooks, hooked
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)


class Tool:
    """A tool with the key of a subscription that may answer."""

    def __init__(self, tools: Hooks, slug: str, *, may: bool = True) -> None:
        self.tools, self.slug = tools, slug
        wish = hooks.Wish(f"Tool of {slug}", f"{tools.url}{slug}", ("tasks.assigned",), may)
        with tools.administering(slug):
            self.hook, self.key = hooks.make(wish, organisation_id=tools.stage.ids[slug])

    def answers(
        self, body: Any, *, named: str = "", key: str = "", to: UUID | None = None, ago: float = 0, **change: str
    ) -> Any:
        """`change`: headers that are other than they were signed, and what is `sent` in place of the body."""
        raw = body if isinstance(body, str) else json.dumps(body)
        named, at = named or f"msg_{uuid4().hex}", datetime.now(UTC) - timedelta(seconds=ago)
        headers = {
            "webhook-id": named,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Signer(key or self.key).sign(named, at, raw),
        }
        sent = change.pop("sent", raw)
        kind = change.pop("content_type", "application/json")
        headers |= {name.replace("_", "-"): value for name, value in change.items()}
        where = f"/api/v1/webhooks/{to or self.hook}/answers/"
        return Client(enforce_csrf_checks=True).post(where, sent, content_type=kind, headers=headers)

    def says(self, incident: Any, what: str, status: int = 200, **more: Any) -> Any:
        said = self.answers({"incident": incident.reference, "answer": what, **more.pop("body", {})}, **more)
        assert said.status_code == status, said.content
        with as_worker():
            settle_answers()
        return said


@pytest.fixture
def tools(stage: Stage, cast: Cast, settings: Any) -> Iterator[Hooks]:
    with hooked(stage, cast, settings) as tools:
        yield tools


def kept(stage: Stage) -> list[tuple[Any, ...]]:
    return stage.owner("SELECT said, words FROM notifications_answer ORDER BY at")


def test_it_accepts_for_its_own_organisation_and_once(stage: Stage, tools: Hooks) -> None:
    dunmere, eastwick = Tool(tools, "dunmere"), Tool(tools, "eastwick")
    incident = stage.opens()
    stage.plans()
    first = dunmere.says(incident, "acknowledge", named="msg_1")
    assert set(first.json()) == {"incident", "answer", "at"}
    assert (first.json()["incident"], first.json()["answer"]) == (incident.reference, "acknowledge")
    assert stage.acknowledged(incident) == {"dunmere"}
    ((said, audience),) = stage.events("answer.given")
    assert said == {"organisation": "dunmere", "said": "has_it", "by": "tool", "trusted": True}
    assert stage.ids["ashbourne"] in audience
    assert not {stage.ids["gravenhurst"], stage.ids["eastwick"]} & set(audience)
    ((moved, _),) = stage.events("task.acknowledged")
    assert (moved["by"], moved["organisation"]) == ("tool", "dunmere")
    ladders = "SELECT o.slug, bool_or(s.state = 'waiting') FROM notifications_ladderstep s JOIN partners_organisation o"
    climbing = dict(stage.owner(f"{ladders} ON o.id = s.organisation_id GROUP BY 1"))
    assert not climbing["dunmere"]
    assert climbing["eastwick"], "an answer stops that organisation's ladder and no other"

    # The same message again, whatever it says now, and the same word soon afterwards.
    assert dunmere.says(incident, "acknowledge", named="msg_1").content == first.content
    assert dunmere.says(incident, "cut", named="msg_1").content == first.content
    assert dunmere.says(incident, "acknowledge").content == first.content
    assert kept(stage) == [("has_it", "")]
    assert len(stage.events("answer.given")) == len(stage.events("task.acknowledged")) == 1

    eastwick.says(incident, "acknowledge", named="msg_1")  # another tool's message of this name is another one
    assert stage.acknowledged(incident) == {"dunmere", "eastwick"}


def test_it_may_say_four_things_and_what_it_types_stays_at_home(stage: Stage, tools: Hooks, client_of: Any) -> None:
    tool = Tool(tools, "dunmere")
    incident = stage.opens()
    stage.plans()
    for wrong in ("not_affected", "done", "cleared", "unreadable", "has_it", "", None, 1, ["cut"]):
        assert tool.answers({"incident": incident.reference, "answer": wrong}).status_code == 422
    tool.says(incident, "call_us", body={"words": "kept out: only with somebody else"})
    assert stage.acknowledged(incident) == set(), "it asks to be rung, the silence goes on"
    calls = "SELECT o.slug FROM notifications_delivery d JOIN partners_organisation o ON o.id = d.organisation_id"
    assert stage.owner(f"{calls} WHERE d.way = 'phone' AND d.state = 'pending'") == [("dunmere",)]
    rung = "SELECT due_at <= now() FROM notifications_ladderstep WHERE organisation_id = %s AND state = 'waiting'"
    assert stage.owner(rung, [stage.ids["dunmere"]]) == [(False,)]
    tool.says(incident, "somebody_else", body={"words": "Night desk of Dunmere"})
    assert stage.owner(rung, [stage.ids["dunmere"]]) == [(True,)], "the next rung is called at once"
    tool.says(incident, "cut")
    assert stage.acknowledged(incident) == {"dunmere"}
    assert stage.owner("SELECT count(*) FROM partners_dependency WHERE cut_source_at IS NOT NULL") == [(0,)]
    assert kept(stage) == [("call", ""), ("other", "Night desk of Dunmere"), ("cut", "")]
    path = f"/partners/webhooks/{tool.hook}/"
    assert "Night desk of Dunmere" in client_of("dunmere", "responder").get(path).content.decode()
    assert client_of("gravenhurst", "administrator").get(path).status_code == 404
    shown = stage.as_app("ashbourne", "SELECT data::text FROM ledger_event WHERE kind = 'answer.given'")
    assert len(shown) == 3
    assert "Night desk" not in str(shown)
    for slug in ("ashbourne", "gravenhurst"):
        assert stage.as_app(slug, "SELECT 1 FROM notifications_answer") == []


def test_whoever_may_not_answer_is_answered_alike(stage: Stage, tools: Hooks) -> None:
    tool, silent = Tool(tools, "dunmere"), Tool(tools, "eastwick", may=False)
    stranger = Tool(tools, "gravenhurst")
    incident = stage.opens()
    body = {"incident": incident.reference, "answer": "acknowledge"}
    forged = json.dumps({**body, "answer": "cut"})
    refused = [
        tool.answers(body, to=uuid4()),
        silent.answers(body),
        stranger.answers(body, to=tool.hook),
        tool.answers(body, key=stranger.key),
        tool.answers(body, ago=301),
        tool.answers(body, ago=-302),
        tool.answers(body, sent=forged),
        tool.answers(body, sent=forged[:-1]),
        tool.answers(body, webhook_id="msg_other"),
        tool.answers(body, webhook_id="msg.1"),
        tool.answers(body, webhook_id=""),
        tool.answers(body, webhook_id="msg\x00"),
        tool.answers(body, webhook_timestamp=str(int(datetime.now(UTC).timestamp()) + 1)),
        tool.answers(body, webhook_timestamp="now"),
        tool.answers(body, webhook_timestamp="٣" * 10),
        tool.answers(body, webhook_signature=""),
        tool.answers(body, webhook_signature="v1,"),
        tool.answers(body, webhook_signature="v1,é " * 2000),
        tool.answers("\x00" * 4096, key=stranger.key),
    ]
    for answer in refused:
        assert answer.status_code == 401
        assert answer.content == refused[0].content
        assert answer.headers["Content-Type"] == "application/problem+json"
    for column in ("isolated_at", "own_tasks_at"):
        stage.owner(f"UPDATE sec.org_state SET {column} = now() WHERE org_id = %s", [stage.ids["dunmere"]])
        assert tool.answers(body).content == refused[0].content
        stage.owner(f"UPDATE sec.org_state SET {column} = NULL WHERE org_id = %s", [stage.ids["dunmere"]])
    for change in ("answers = false", "state = 'off', answers = true"):
        stage.owner(f"UPDATE notifications_webhook SET {change} WHERE id = %s", [tool.hook])
        assert tool.answers(body).content == refused[0].content
    assert kept(stage) == []
    with as_worker():
        settle_answers()
    assert stage.acknowledged(incident) == set()


def test_of_what_is_not_its_organisations_it_says_nothing(stage: Stage, tools: Hooks) -> None:
    tool, stranger = Tool(tools, "dunmere"), Tool(tools, "gravenhurst")
    incident = stage.opens()
    absent = tool.answers({"incident": "INC-0000", "answer": "acknowledge"})
    assert absent.status_code == 404
    outside = stranger.answers({"incident": incident.reference, "answer": "acknowledge"})
    assert (outside.status_code, outside.content) == (404, absent.content)
    stage.closes(incident)
    closed = tool.answers({"incident": incident.reference, "answer": "acknowledge"})
    assert (closed.status_code, closed.content) == (404, absent.content)
    assert kept(stage) == []


READ_STRICTLY = (
    ("{", 400),
    ("[]", 422),
    ('{"incident": "INC-0000", "answer": "cut", "note": "x"}', 422),
    ('{"incident": "INC-0000", "answer": "cut", "answer": "call_us"}', 400),
    ('{"incident": "a\\u0000b", "answer": "cut"}', 422),
    ('{"incident": "INC-0000", "answer": "somebody_else", "words": "\\ud800"}', 422),
    ('{"incident": "INC-0000", "answer": "somebody_else", "words": "' + "x" * 101 + '"}', 422),
    ('"' + "x" * 4095 + '"', 413),
    ("x" * 1_000_000, 413),
)


def test_a_signed_body_is_read_strictly(stage: Stage, tools: Hooks) -> None:
    tool = Tool(tools, "dunmere")
    for body, status in READ_STRICTLY:
        assert tool.answers(body).status_code == status, body[:100]
    assert tool.answers({"incident": "INC-0000", "answer": "cut"}, content_type="text/plain").status_code == 415
    assert kept(stage) == []


def test_both_keys_sign_while_they_change(stage: Stage, tools: Hooks) -> None:
    tool = Tool(tools, "dunmere")
    incident = stage.opens()
    with tools.administering("dunmere"):
        newer = hooks.rotate(tools.hook(tool.hook))
    tool.says(incident, "call_us", key=newer)
    tool.says(incident, "acknowledge")
    with tools.administering("dunmere"):
        hooks.end_old_key(tools.hook(tool.hook))
    tool.says(incident, "cut", status=401)
    tool.says(incident, "cut", key=newer)
    assert [said for said, _ in kept(stage)] == ["call", "has_it", "cut"]


@pytest.mark.usefixtures("time_stands")
def test_tries_are_limited_and_only_after_the_signature_by_webhook(
    stage: Stage, tools: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, other = Tool(tools, "dunmere"), Tool(tools, "eastwick")
    incident = stage.opens()
    monkeypatch.setattr(api_hook_answers, "WRONG", Limit("wrong signatures from an address", 2))
    monkeypatch.setattr(api_hook_answers, "ANSWERED", Limit("answers of a webhook", 2))
    for status in (401, 401, 429):
        tool.says(incident, "cut", key=other.key, status=status)
    for status in (200, 200):  # whoever guesses from there does not keep the tool from answering
        tool.says(incident, "cut", status=status)
    slowed = tool.says(incident, "cut", status=429)
    assert int(slowed.headers["Retry-After"]) > 0
    other.says(incident, "cut")


def test_an_administrator_lets_it_answer_with_a_passkey(stage: Stage, tools: Hooks, client_of: Any) -> None:
    tool = Tool(tools, "dunmere", may=False)
    assert stage.owner("SELECT answers FROM notifications_webhook") == [(False,)]
    path = f"/partners/webhooks/{tool.hook}/change/"
    wish = {"label": "Tool", "address": "", "kinds": ["tasks.assigned"], "state": "on", "answers": "on"}
    for client in (client_of("dunmere", "administrator"), client_of("dunmere", "responder", fresh=True)):
        assert client.post(path, wish).status_code == 403
    assert client_of("gravenhurst", "administrator", fresh=True).post(path, wish).status_code == 404
    with stage.as_person("gravenhurst", role="administrator", fresh=True), pytest.raises(NotAllowed):
        hooks._let_answer(tool.hook, hooks.Wish("", "", (), True))
    assert stage.owner("SELECT answers FROM notifications_webhook") == [(False,)]
    mine = client_of("dunmere", "administrator", fresh=True)
    assert mine.post(path, wish).status_code == 302
    assert stage.owner("SELECT answers FROM notifications_webhook") == [(True,)]
    assert " checked" in mine.get(path).content.decode().partition('name="answers"')[2].partition(">")[0]
    ((data, audience),) = [row for row in stage.events("webhook.changed") if "answers" in row[0]]
    assert (data["answers"], audience) == (True, [stage.ids["dunmere"]])
