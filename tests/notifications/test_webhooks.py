"""Webhooks of an organisation to its tools: what goes out, signed how, to whom, and what failures do."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError

from notifications import hook_queue, hook_sending, hooks
from notifications.hook_answers import retry_after
from notifications.hook_kinds import KINDS
from partners.approvals import NotAllowed
from portal.claims import claimant
from portal.ledger.stream import events_after
from portal.webhook_stand_in import Received
from tests.cast import Cast
from tests.notifications.hooked import KIND, Hooks, hooked
from tests.notifications.stage import Stage, as_worker, in_threads
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
CUT_OFF = "UPDATE sec.org_state SET {} = now() WHERE org_id = %s"


@pytest.fixture
def tools(stage: Stage, cast: Cast, settings: Any) -> Iterator[Hooks]:
    with hooked(stage, cast, settings) as tools:
        yield tools


def kinds_at(tools: Hooks, path: str) -> list[str]:
    return [each.body["type"] for each in tools.tool.to(path)]


def test_each_organisations_tool_gets_what_its_stream_has_and_no_other(tools: Hooks, stage: Stage) -> None:
    """Two take part, Gravenhurst is a stranger: each tool gets exactly what `GET /events/` answers there."""
    for slug in ("ashbourne", "dunmere", "gravenhurst"):
        tools.subscribe(slug, "*")
    # A subscription to everything begins with that it was made.
    before = {slug: len(stage_events(stage, slug)) - 1 for slug in ("ashbourne", "dunmere", "gravenhurst")}
    stage.opens()
    tools.happens("gravenhurst", 3)
    tools.sends()
    for slug, known in before.items():
        got = sorted((each.body for each in tools.tool.to(f"/{slug}")), key=lambda body: body["data"]["seq"])
        expected = stage_events(stage, slug)[known:]
        assert [body["data"] for body in got] == expected
        assert [(body["type"], body["timestamp"]) for body in got] == [(e["kind"], e["at"]) for e in expected]
        assert all(each.verified for each in tools.tool.to(f"/{slug}"))
    assert len(tools.tool.to("/gravenhurst")) == 4
    assert "incident.opened" in kinds_at(tools, "/dunmere")
    assert tools.tool.happened == Counter()


def stage_events(stage: Stage, slug: str) -> list[Any]:
    with stage.acting(slug):
        return list(events_after(0, 1000)["results"])


def test_only_the_kinds_that_were_asked_for_are_queued(tools: Hooks, stage: Stage) -> None:
    some = tools.subscribe("dunmere", "incident.opened", "tasks.assigned", path="some")
    stage.opens()
    tools.sends()
    assert set(kinds_at(tools, "/some")) == {"incident.opened", "tasks.assigned"}
    assert {row[0] for row in tools.rows(some, "kind")} == {"incident.opened", "tasks.assigned"}
    assert set(kinds_at(tools, "/some")) <= KINDS


@pytest.mark.parametrize("fault", ["lost", "late"])
def test_the_id_stays_and_the_signature_is_new_when_it_is_sent_again(tools: Hooks, monkeypatch, fault: str) -> None:
    """The tool has taken it, and the answer does not come, or not in time."""
    monkeypatch.setattr(hook_sending, "CALL_SECONDS", 1.0)
    pk = tools.subscribe("dunmere")
    tools.happens("dunmere")
    tools.tool.set_fault("/dunmere", fault)
    tools.sends()
    assert tools.tool.happened["/dunmere", fault] == 1
    assert len(tools.tool.to("/dunmere")) == 1
    assert tools.rows(pk, "state, status, tries") == [("pending", None, 1)]
    tools.tool.set_fault("/dunmere", None)
    tools.due_now(pk)
    claim = hook_queue.claim

    def a_minute_later(*args, **kwargs):
        batch, clock = claim(*args, **kwargs)
        return batch, clock + 60

    monkeypatch.setattr(hook_queue, "claim", a_minute_later)  # it is the database's clock that signs
    tools.sends()
    first, second = tools.tool.to("/dunmere")
    assert int(second.at) - int(first.at) >= 60
    assert first.verified
    assert second.verified
    assert first.id == second.id == f"msg_{tools.rows(pk, 'id')[0][0].hex}"
    assert tools.rows(pk, "state, status, tries") == [("delivered", 204, 2)]
    assert tools.state(pk) == ("on", "", 0, False)


def test_two_keys_sign_while_they_change_and_the_old_one_ends(tools: Hooks, stage: Stage) -> None:
    pk = tools.subscribe("dunmere")
    (first,) = tools.tool.keys
    with tools.administering("dunmere"):
        second = hooks.rotate(tools.hook(pk))
    assert second != first
    assert all(24 <= len(base64.b64decode(key.removeprefix("whsec_"))) <= 64 for key in (first, second))
    assert both_signed(tools, 2, first, second)
    with tools.administering("dunmere"), pytest.raises(NotAllowed, match="end the old one first"):
        hooks.rotate(tools.hook(pk))
    with tools.administering("dunmere"):
        hooks.end_old_key(tools.hook(pk))
    assert both_signed(tools, 1, second)
    with tools.administering("dunmere"):
        third = hooks.rotate(tools.hook(pk))
    stage.owner("UPDATE notifications_webhooksecret SET ends_at = now() WHERE ends_at IS NOT NULL")
    assert both_signed(tools, 1, third), "the old key ends by itself"
    stored = b"".join(bytes(row[0]) for row in stage.owner("SELECT sealed FROM notifications_webhooksecret"))
    assert base64.b64decode(third.removeprefix("whsec_")) not in stored


def both_signed(tools: Hooks, signatures: int, *keys: str) -> bool:
    """The library verifies the next message with each key alone, and it carries so many signatures."""
    for key in keys:
        tools.tool.keys[:] = [key]
        tools.happens("dunmere")
        tools.sends()
        message: Received = tools.tool.received[-1]
        if not message.verified or message.signatures != signatures:
            return False
    return tools.tool.happened == Counter()


FAULTS = {
    "302": ("pending", 302, True),
    "400": ("dead", 400, False),
    "410": ("dead", 410, False),
    "429": ("pending", 429, True),
    "500": ("pending", 500, True),
    "503": ("pending", 503, True),
    "refuse": ("pending", None, True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_failure_means(tools: Hooks, stage: Stage, fault: str) -> None:
    pk, (state, status, rests) = tools.subscribe("dunmere"), FAULTS[fault]
    tools.tool.set_fault("/dunmere", fault)
    tools.happens("dunmere")
    tools.sends()
    assert tools.tool.happened["/dunmere", fault] == 1
    ((its_state, its_status, error),) = tools.rows(pk, where=f"kind = '{KIND}'")
    assert (its_state, its_status, bool(error)) == (state, status, True)
    assert tools.url not in error
    gone = fault == "410"
    assert tools.state(pk) == (
        ("off", "Its server says that it is gone (410).", 0, False) if gone else ("on", "", int(rests), rests)
    )
    assert not tools.tool.received, "nothing was taken"
    work = stage.owner("SELECT kind FROM partners_workitem WHERE organisation_id = %s AND state = 'open' AND key = %s",
                       [stage.ids["dunmere"], f"webhook:{pk}"])  # fmt: skip
    assert work == ([("webhook_gone",)] if gone else [])
    assert tools.sends() == 0, "nothing is tried again at once"


def test_what_a_server_asks_for_is_obeyed(tools: Hooks) -> None:
    pk = tools.subscribe("dunmere")
    tools.tool.set_fault("/dunmere", "429")
    tools.tool.retry_after = "3600"
    tools.happens("dunmere", 20)
    tools.sends()
    assert tools.tool.happened["/dunmere", "429"] >= 1
    (rest,) = tools.stage.owner("SELECT rests_until > now() + interval '59 minutes' FROM notifications_webhook")
    assert rest == (True,)
    assert tools.sends() == 0
    assert [retry_after(text, 0) for text in ("7", " 90000000 ", "x", "-1", "", "Thu, 01 Jan 1970 00:01:00 GMT")] == [
        7.0, 86400.0, 0.0, 0.0, 0.0, 60.0,
    ]  # fmt: skip
    assert len(tools.rows(pk)) == 20


def test_a_tool_that_hangs_holds_up_no_other_and_gets_one_probe_when_it_has_rested(tools: Hooks, monkeypatch) -> None:
    monkeypatch.setattr("notifications.hook_sending.CALL_SECONDS", 2)
    hanging, works = tools.subscribe("dunmere"), tools.subscribe("eastwick")
    tools.tool.set_fault("/dunmere", "hang")
    tools.happens("dunmere", 60)
    tools.happens("eastwick", 60)
    tools.sends()
    assert {row[0] for row in tools.rows(works)} == {"delivered"}
    asked = tools.tool.happened["/dunmere", "hang"]
    assert 1 <= asked <= 20, "after a few failures the rest of it is not tried"
    assert {row[0] for row in tools.rows(hanging)} == {"pending"}
    assert tools.sends() == 0
    tools.due_now(hanging)
    assert tools.sends() == 1
    assert tools.tool.happened["/dunmere", "hang"] == asked + 1
    tools.tool.set_fault("/dunmere", None)
    tools.due_now(hanging)
    tools.sends()
    tools.sends()
    assert {row[0] for row in tools.rows(hanging)} == {"delivered"}


def test_organisations_share_a_batch_fairly(tools: Hooks) -> None:
    many, few = tools.subscribe("dunmere"), tools.subscribe("eastwick")
    tools.happens("dunmere", 300)
    tools.happens("eastwick", 20)
    with as_worker():
        batch, _ = hook_queue.claim(claimant(), most=40)
    assert Counter(held.hook for held in batch) == {many: 20, few: 20}
    with as_worker():
        rest, _ = hook_queue.claim(claimant(), most=40)
    assert Counter(held.hook for held in rest) == {many: 40}


@pytest.mark.parametrize("step", ["isolated_at", "own_tasks_at"])
def test_an_organisation_that_is_cut_off_sends_nothing_until_that_is_lifted(
    tools: Hooks, stage: Stage, step: str
) -> None:
    pk = tools.subscribe("dunmere")
    tools.happens("dunmere", 4)
    with as_worker():
        worker = claimant()
        batch, _ = hook_queue.claim(worker)
        assert len(batch) == 4
    stage.owner(CUT_OFF.format(step), [stage.ids["dunmere"]])
    with as_worker():  # at the next statement, also for who holds it already
        assert hook_queue.opened(worker, [pk]) == ({}, {})
        assert hook_queue.still_open([pk]) == set()
        assert hook_queue.settle(worker, [hook_queue.Settlement(held, "kept") for held in batch]) == 4
    assert tools.sends() == 0
    assert not tools.tool.received
    assert {row[0] for row in tools.rows(pk)} == {"pending"}
    stage.owner(f"UPDATE sec.org_state SET {step} = NULL WHERE org_id = %s", [stage.ids["dunmere"]])
    tools.sends()
    assert len(tools.tool.to("/dunmere")) == 4


def test_what_is_on_its_way_stops_when_its_organisation_is_cut_off(tools: Hooks, stage: Stage, monkeypatch) -> None:
    """A batch waits for its turns at a slow tool: when the organisation is cut off, what has not begun stays here."""
    monkeypatch.setattr("notifications.hook_sending.PER_HOOK", 1)
    ask, looks = hook_queue.still_open, []

    def noted(asked: Any) -> set[Any]:
        looks.append(ask(asked))
        return looks[-1]

    monkeypatch.setattr(hook_queue, "still_open", noted)
    pk = tools.subscribe("dunmere")
    tools.happens("dunmere", 5)
    tools.tool.set_fault("/dunmere", "hang")
    raised: list[BaseException] = []
    sending = threading.Thread(target=lambda: raised.extend(in_threads(tools.sends)))
    sending.start()
    wait_for(lambda: tools.tool.happened["/dunmere", "hang"] == 1, seconds=10)
    stage.owner(CUT_OFF.format("isolated_at"), [stage.ids["dunmere"]])
    tools.tool.set_fault("/dunmere", None)
    wait_for(lambda: looks[-2:] == [set(), set()], seconds=10)
    tools.tool.let_go.set()
    sending.join(20)
    assert (sending.is_alive(), raised) == (False, [])
    assert tools.tool.happened == {("/dunmere", "hang"): 1}, "none of the others has begun"
    assert not tools.tool.received
    assert {row[0] for row in tools.rows(pk)} == {"pending"}


def test_a_worker_that_was_thought_dead_cannot_overwrite_its_successor(tools: Hooks, stage: Stage) -> None:
    pk = tools.subscribe("dunmere")
    tools.happens("dunmere")
    slow, quick = claimant(), claimant()
    with as_worker():
        (held,), _ = hook_queue.claim(slow)
        assert hook_queue.claim(quick)[0] == [], "it is held"
        stage.owner("UPDATE notifications_webhookdelivery SET claimed_until = now()")
        (taken_over,), _ = hook_queue.claim(quick)
        assert (taken_over.id, taken_over.attempts) == (held.id, 2)
        assert hook_queue.settle(slow, [hook_queue.Settlement(held, "dead", 400, "x")]) == 0
        assert hook_queue.settle(quick, [hook_queue.Settlement(held, "dead", 400, "x")]) == 0, "an earlier attempt"
        assert hook_queue.settle(quick, [hook_queue.Settlement(taken_over, "delivered", 200)]) == 1
        assert hook_queue.settle(quick, [hook_queue.Settlement(taken_over, "dead", 400)]) == 0
    assert tools.rows(pk, "state, status") == [("delivered", 200)]


def test_when_the_database_fails_the_rest_is_given_up_and_the_next_job_goes_on(
    tools: Hooks, stage: Stage, monkeypatch
) -> None:
    """What was on its way waits for the end of its lease, comes again under its id, and holds up nothing."""
    pk = tools.subscribe("dunmere")
    tools.happens("dunmere", 300)

    def fails(*_: Any) -> int:
        raise DatabaseError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(hook_queue, "settle", fails)
        with pytest.raises(DatabaseError):
            tools.sends()
    taken = len(tools.tool.to("/dunmere"))
    assert 0 < taken < 300, "nothing goes out that nobody would settle"
    assert tools.sends() == 0, "it is held"
    stage.owner("UPDATE notifications_webhookdelivery SET claimed_until = now() WHERE claimed_until IS NOT NULL")
    assert tools.sends() == 300
    assert {row[0] for row in tools.rows(pk)} == {"delivered"}
    assert {each.id for each in tools.tool.to("/dunmere")} == {f"msg_{row[0].hex}" for row in tools.rows(pk, "id")}


def test_a_day_of_failures_is_the_end_and_its_people_are_told(tools: Hooks, stage: Stage) -> None:
    pk = tools.subscribe("dunmere")
    tools.tool.set_fault("/dunmere", "500")
    tools.happens("dunmere", 3)
    stage.owner("UPDATE notifications_webhookdelivery SET queued_at = now() - interval '25 hours', tries = 12"
                " WHERE seq = (SELECT min(seq) FROM notifications_webhookdelivery)")  # fmt: skip
    stage.owner("UPDATE notifications_webhookdelivery SET queued_at = now() - interval '25 hours'"
                " WHERE seq = (SELECT max(seq) FROM notifications_webhookdelivery)")  # fmt: skip
    stage.owner("UPDATE notifications_webhook SET failures = 30, failing_since = now() - interval '25 hours'")
    tools.sends()
    assert tools.tool.happened["/dunmere", "500"] == 1
    assert [row[0] for row in tools.rows(pk)] == ["dead", "pending", "dead"]
    page = f"/partners/webhooks/{pk}/"
    assert stage.owner("SELECT kind, page FROM partners_workitem WHERE key = %s", [f"webhook:{pk}"]) == [
        ("webhook_failing", page)
    ]
    tools.tool.set_fault("/dunmere", None)
    tools.due_now(pk)
    tools.sends()
    assert stage.owner("SELECT state FROM partners_workitem WHERE key = %s", [f"webhook:{pk}"]) == [("cleared",)]


def test_a_replay_sends_one_or_a_time_again_under_the_same_ids(tools: Hooks, stage: Stage) -> None:
    pk = tools.subscribe("dunmere", KIND)
    tools.tool.set_fault("/dunmere", "400")
    tools.happens("dunmere", 2)
    tools.sends()
    tools.tool.set_fault("/dunmere", None)
    tools.happens("dunmere", 2)
    tools.sends()
    rows = tools.rows(pk, "id, state")
    assert [row[1] for row in rows] == ["dead", "dead", "delivered", "delivered"]
    ((since, until),) = stage.owner("SELECT now() - interval '1 hour', now()")
    with tools.administering("dunmere"):
        assert hooks.replay_range(tools.hook(pk), since, until, undelivered=True) == 2
    tools.sends()
    with tools.administering("dunmere"):
        assert hooks.replay_one(tools.hook(pk), rows[3][0]) == 1
        assert hooks.replay_one(tools.hook(pk), stage.ids["dunmere"]) == 0
    tools.sends()
    assert Counter(each.id for each in tools.tool.to("/dunmere")) == {
        f"msg_{row[0].hex}": 2 if nth == 3 else 1 for nth, row in enumerate(rows)
    }
    assert [data["count"] for data, _ in stage.events("webhook.replayed")] == [2, 1]
    assert all(audience == [stage.ids["dunmere"]] for _, audience in stage.events("webhook.replayed"))


def test_switching_off_gives_up_what_waits_and_ending_forgets_keys_and_address(tools: Hooks, stage: Stage) -> None:
    pk = tools.subscribe("dunmere")
    tools.happens("dunmere")
    with tools.administering("dunmere"):
        hooks.switch(tools.hook(pk), "off")
    assert tools.sends() == 0
    assert tools.rows(pk, "state, error")[0] == ("superseded", "The webhook was switched off.")
    tools.happens("dunmere")
    assert len(tools.rows(pk)) == 1, "nothing is written for what is off"
    with tools.administering("dunmere"):
        hooks.switch(tools.hook(pk), "on")
        hooks.send_test(tools.hook(pk))
    tools.sends()
    assert kinds_at(tools, "/dunmere")[-1] == "webhook.test"
    with tools.administering("dunmere"):
        hooks.switch(tools.hook(pk), "ended")
    assert stage.owner("SELECT count(*) FROM notifications_webhooksecret WHERE webhook_id = %s", [pk]) == [(0,)]
    assert stage.owner("SELECT address FROM notifications_webhook WHERE id = %s", [pk]) == [("",)]
    with tools.administering("dunmere"), pytest.raises(NotAllowed):
        hooks.switch(tools.hook(pk), "on")


def test_ten_are_the_most_and_another_organisations_are_not_ones_own(tools: Hooks, cast: Cast, inside) -> None:
    for nth in range(10):
        pk = tools.subscribe("dunmere", path=f"dunmere/{nth}")
    with pytest.raises(NotAllowed, match="Ten webhooks"):
        tools.subscribe("dunmere")
    theirs = tools.subscribe("gravenhurst")
    for act in (lambda hook: hooks.switch(hook, "off"), hooks.rotate, hooks.send_test, hooks.end_old_key):
        with tools.administering("gravenhurst"):
            hook = tools.hook(theirs)
            hook.pk = pk
            with pytest.raises((NotAllowed, DatabaseError)):
                act(hook)
        with inside("dunmere", "administrator"), pytest.raises(NotAllowed):  # no passkey just now
            act(tools.hook(pk))
        with inside("dunmere", "responder", fresh=True), pytest.raises(NotAllowed):
            act(tools.hook(pk))
