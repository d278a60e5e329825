"""Canaries of channels and of webhooks; what nothing watches is said to be that, and never to work."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from notifications.canary import send_canaries
from notifications.hook_canary import send_hook_canary
from portal import health
from portal.egress.hosts import host_of
from portal.signing import new_key, written
from portal.tenancy.scope import at_the_door
from tests.cast import Cast
from tests.notifications.channels import channels
from tests.notifications.hooked import hooked
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
LOST = "nothing gets out since"


@pytest.fixture(autouse=True)
def just_started(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A web process that remembers nothing."""
    settings.WATCH_PROCESSES, settings.CANARIES = True, {}
    for name, value in {"heard": {}, "blocked": [], "ways": None, "read_at": -10.0}.items():
        monkeypatch.setattr(health._Memory, name, value)


def sends(stage: Stage, send: Callable[[], int] = send_canaries) -> int:
    """The next minute's."""
    stage.owner("UPDATE notifications_wayout SET canary_due_at = now()")
    with as_worker():
        return send()


def probe(field: str) -> dict[str, Any]:
    """What the probe says while every process beats: a way that is not watched makes nothing unhealthy."""
    with at_the_door(), connections["auth"].cursor() as cursor:
        for process in health.OTHERS:
            cursor.execute("SELECT sec.beat(%s)", [process])
    said = Client().get("/healthz").json()
    assert said["status"] == ("ok" if set(said["ways_out"].values()) <= {"ok"} else "degraded")
    return said[field]


def page(client_of: Any, monkeypatch: pytest.MonkeyPatch, name: str = "start", slug: str = "dunmere") -> str:
    monkeypatch.setattr(health._Memory, "read_at", -10.0)
    return client_of(slug).get(reverse(name)).content.decode()


def row(body: str, way: str) -> str:
    """What the page of the ways out says of one."""
    (found,) = re.findall(rf'<tr><th scope="row">{way}</th>(.*?)</tr>', body, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def fell_silent(stage: Stage) -> None:
    """Three minutes and a half ago the last one was taken."""
    stage.owner("UPDATE notifications_wayout SET canary_accepted_at = now() - interval '210 seconds'")


def test_a_channel_that_refuses_its_canary_is_silent_after_three_minutes_until_it_takes_one(
    stage: Stage, settings, client_of, monkeypatch
):
    with channels(stage, settings) as there:
        settings.CANARIES = {"slack": f"{there.url}/slack/canary", "teams": f"{there.url}/teams/canary"}
        # A council's own channel elsewhere, whose host does not answer.
        stage.owner(
            "INSERT INTO notifications_wayout (id, transport, host, recent, opened_at, probe_at)"
            " VALUES (gen_random_uuid(), 'slack', '0123456789abcdef', '[]', now(), now())"
        )
        assert sends(stage) == 2
        assert [len(there.service.to(f"/{each}/canary")) for each in ("slack", "teams")] == [1, 1]
        assert probe("ways_out") == {"slack": "ok", "teams": "ok"}, "one council's channel is nobody else's to know"
        assert probe("not_watched") == {"smtp": "CANARY_EMAIL", "push": None, "webhook": "CANARY_WEBHOOK"}
        known = stage.owner(
            "SELECT host = left(encode(sha256(convert_to(%s, 'UTF8')), 'hex'), 16) FROM notifications_wayout"
            " WHERE canary_tried_at IS NOT NULL",
            [host_of(there.url)],
        )
        assert known == [(True,), (True,)], "its breaker is that of everybody's messages there"
        there.service.set_fault("/slack/canary", "refuse")
        assert sends(stage) == 1
        assert probe("ways_out")["slack"] == "ok", "not yet three minutes"
        fell_silent(stage)
        assert sends(stage) == 1
        assert probe("ways_out") == {"slack": "silent", "teams": "ok"}
        for slug in ("dunmere", "gravenhurst"):
            assert f"Slack: {LOST}" in page(client_of, monkeypatch, slug=slug)
        body = page(client_of, monkeypatch, "ways-out", "gravenhurst")
        assert row(body, "Slack").startswith("Silent")
        assert row(body, "Microsoft Teams").startswith("Works")
        assert host_of(there.url) not in body
        assert "0123456789abcdef" not in body
        there.service.set_fault("/slack/canary", None)
        assert sends(stage) == 2
        assert LOST not in page(client_of, monkeypatch)
        elsewhere = "SELECT opened_at IS NOT NULL FROM notifications_wayout WHERE host = '0123456789abcdef'"
        assert stage.owner(elsewhere) == [(True,)], "a canary knows nothing of other hosts"


def test_a_way_that_is_not_watched_is_called_so_and_never_well(stage: Stage, settings, client_of, monkeypatch):
    settings.BESIDE_WAYS = ["slack", "push"]
    body = page(client_of, monkeypatch, "ways-out")
    assert row(body, "Slack").startswith("Not watched")
    assert "CANARY_SLACK" in row(body, "Slack")
    assert row(body, "E-mail").startswith("Not watched")
    assert "CANARY_EMAIL" in row(body, "E-mail")
    assert row(body, "Notices in browsers").startswith("Not watched")
    assert "Works" not in body
    assert "Webhooks" not in body, "nobody has a tool"
    unwatched = {"smtp": "CANARY_EMAIL", "slack": "CANARY_SLACK", "push": None, "webhook": "CANARY_WEBHOOK"}
    assert probe("not_watched") == unwatched
    settings.CANARIES = {"slack": "http://127.0.0.1:9/services/x"}  # not a host that is listed
    assert sends(stage) == 0
    stage.owner("UPDATE notifications_wayout SET begun_at = now() - interval '181 seconds'")
    assert probe("ways_out") == {"slack": "silent"}, "set up wrong is not well either"


def test_the_webhooks_canary_goes_the_way_of_all_webhooks_and_only_whoever_has_a_tool_hears_of_it(
    stage: Stage, cast: Cast, settings, client_of, monkeypatch
):
    with hooked(stage, cast, settings) as tools:
        before = probe("not_watched")
        assert before["webhook"] == "CANARY_WEBHOOK"
        tools.subscribe("dunmere")
        assert probe("not_watched") == before, "who asks without a sign-in learns of nobody's tool"
        assert row(page(client_of, monkeypatch, "ways-out"), "Webhooks to your tools").startswith("Not watched")
        assert "Webhooks" not in page(client_of, monkeypatch, "ways-out", "gravenhurst")
        key = written(new_key())
        tools.tool.keys[:] = [key]
        settings.CANARY_WEBHOOK, settings.CANARY_WEBHOOK_KEY = f"{tools.url}canary", key
        assert sends(stage, send_hook_canary) == 1
        (taken,) = tools.tool.to("/canary")
        assert (taken.verified, taken.body["type"], taken.body["data"]) == (True, "webhook.canary", {})
        assert "webhook" not in probe("not_watched")
        assert probe("ways_out") == {"webhook": "ok"}
        assert stage.owner("SELECT count(*) FROM notifications_webhookdelivery") == [(0,)], "it is nobody's event"
        tools.tool.set_fault("/canary", "refuse")
        fell_silent(stage)
        assert sends(stage, send_hook_canary) == 0
        assert probe("ways_out") == {"webhook": "silent"}
        assert f"Webhooks to your tools: {LOST}" in page(client_of, monkeypatch)
        assert LOST not in page(client_of, monkeypatch, slug="gravenhurst")
        tools.tool.set_fault("/canary", None)
        assert sends(stage, send_hook_canary) == 1
        assert LOST not in page(client_of, monkeypatch)
        settings.CANARY_WEBHOOK_KEY = written(new_key())
        fell_silent(stage)
        assert sends(stage, send_hook_canary) == 0, "a signature that the sink does not know"
        assert probe("ways_out") == {"webhook": "silent"}
