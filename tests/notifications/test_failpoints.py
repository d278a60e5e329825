"""B8: a process kills itself at each labelled point, once, while it sends by mail and by text: none lost, one twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as settings_of_all
from django.db import connections

from notifications import planning, receipts, sending
from notifications.planning import plan_due
from notifications.receipts import settle_receipts
from notifications.sending import deliver_due
from portal import failpoints
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker
from tests.notifications.texting import number, service

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = {
    "email": ["alan.birtles@dunmere.example", "grace.holloway@dunmere.example"],
    "sms": ["+447700900201", "+447700900202"],
}
# What has gone out at the moment of death, and what is written down of it: two messages are due.
AT_DEATH: dict[str, tuple[int, dict[str, int]]] = {
    "in planning": (0, {}),
    "after claim": (0, {"claimed": 2}),
    "before send": (0, {"claimed": 2}),
    "after send": (1, {"claimed": 2}),
    "before settle": (1, {"claimed": 2}),
    "after settle": (1, {"claimed": 1, "accepted": 1}),
    "in receipts": (2, {"accepted": 2}),
}
OUT_AND_NOT_WRITTEN_DOWN = {"after send", "before settle"}


def in_a_child(work: Callable[[], object]) -> int:
    """Run it in a process of its own, with a worker's connection; how that ended, as waitpid has it."""
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            with as_worker():
                work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize("point", failpoints.POINTS)
@pytest.mark.parametrize("way", ["email", "sms"])
def test_killed_at(point: str, way: str, stage: Stage, mail: Mailbox, settings, monkeypatch, tmp_path: Path):
    settings.FAILPOINT, settings.FAILPOINT_MARK = point, str(tmp_path / "hit")
    for module in (planning, receipts, sending):
        monkeypatch.setattr(module, "reach", failpoints._die_once)
    with service(settings) as texts:
        number(stage, "dunmere", "ben.ashcroft@dunmere.example", PEOPLE["sms"][0])
        number(stage, "dunmere", "sunita.rao@dunmere.example", PEOPLE["sms"][1])
        mine = PEOPLE[way]
        stage.owner("UPDATE partners_contactpoint SET is_active = address = ANY (%s)", [mine])
        incident = stage.opens()
        works = {"in planning": plan_due, "in receipts": settle_receipts}.get(point, deliver_due)
        if works is not plan_due:
            stage.plans()
        if works is settle_receipts:
            with as_worker():
                deliver_due()
            stage.owner(  # a mail server's bounce would come the same way
                "INSERT INTO notifications_receipt (id, delivery_id, provider_ref, status, at)"
                " SELECT gen_random_uuid(), id, provider_ref, 'delivered', now() FROM notifications_delivery"
                " WHERE state = 'accepted'"
            )
        ended = in_a_child(works)
        assert os.WIFSIGNALED(ended)
        assert os.WTERMSIG(ended) == signal.SIGKILL
        assert Path(settings.FAILPOINT_MARK).exists(), "the point was reached"
        box = mail if way == "email" else texts
        states = Counter(state for _, state in stage.deliveries(incident, "dunmere") if state != "skipped")
        assert (len(box.messages()), states) == AT_DEATH[point], "and was where it says"

        stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'claimed'")  # the lease has run out
        stage.works()
        stage.settles()
        taken = Counter(message["to"][0] for message in box.messages())
        assert set(taken) == set(mine), "none is lost"
        # A mail server cannot be asked whether it has taken a message; a service for text messages is.
        twice = 1 if way == "email" and point in OUT_AND_NOT_WRITTEN_DOWN else 0
        assert taken.total() - len(mine) == twice
        ends = {"delivered"} if works is settle_receipts else {"accepted"}
        assert {state for _, state in stage.deliveries(incident, "dunmere")} - {"skipped"} == ends


def test_production_has_no_points(monkeypatch):
    assert not hasattr(settings_of_all, "FAILPOINT")
    assert failpoints.reach is failpoints._pass
    monkeypatch.setenv("FAILPOINT", "after send")  # the environment arms nothing
    for module in (planning, receipts, sending):
        module.reach("after send")
