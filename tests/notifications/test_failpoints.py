"""B8: a process kills itself at each labelled point, once, while it sends by each way: none is lost, one twice."""

from __future__ import annotations

import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as settings_of_all
from django.db import connections

from notifications import planning, receipts, sending
from notifications.planning import plan_due
from notifications.receipts import settle_receipts
from notifications.sending import deliver_due
from portal import failpoints
from portal.mail_sink import Mailbox
from tests.notifications.channels import WAYS, Channels, channels
from tests.notifications.stage import Stage, as_worker
from tests.notifications.texting import number, service

pytestmark = pytest.mark.django_db(transaction=True)
TWO = ("Ben Ashcroft", "Sunita Rao")
PEOPLE = {
    "email": ["alan.birtles@dunmere.example", "grace.holloway@dunmere.example"],
    "notify-email": ["alan.birtles@dunmere.example", "grace.holloway@dunmere.example"],
    "sms": ["+447700900201", "+447700900202"],
    **{way: [f"/{way}/first", f"/{way}/second"] for way in WAYS},
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


# A service that is asked by reference what it has taken takes nothing twice; the others cannot be asked.
CAN_BE_ASKED = {"sms", "notify-email"}
# Mail and text messages meet every point. Of the other ways each meets one between handing over and writing down, where
# they differ; the others are shared out among them, because there the same lines run for all, and each pair takes more
# than a second. Left out for good: channels and browsers "in receipts": nobody reports what became of those.
PAIRS = [
    *((point, way) for way in ("email", "sms") for point in failpoints.POINTS),
    *((point, "notify-email") for point in ("after send", "before settle", "in receipts")),
    *((point, "teams") for point in ("in planning", "after send")),
    *((point, "slack") for point in ("after claim", "before settle")),
    *((point, "push") for point in ("before send", "after send", "after settle")),
]


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


@pytest.mark.parametrize(("point", "way"), PAIRS)
def test_killed_at(point: str, way: str, stage: Stage, mail: Mailbox, settings, monkeypatch, tmp_path: Path):
    settings.FAILPOINT, settings.FAILPOINT_MARK = point, str(tmp_path / "hit")
    for module in (planning, receipts, sending):
        monkeypatch.setattr(module, "reach", failpoints._die_once)
    with service(settings) as texts, channels(stage, settings) if way in WAYS else nullcontext() as chat:
        taken = {"email": lambda: to_whom(mail), "sms": lambda: to_whom(texts), "notify-email": lambda: to_whom(texts)}
        took = taken[way] if chat is None else lambda: [each.path for each in chat.service.received]
        mine = ready(stage, chat, settings, way)
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
        states = Counter(state for _, state in stage.deliveries(incident, "dunmere") if state != "skipped")
        assert (len(took()), states) == AT_DEATH[point], "and was where it says"

        stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'claimed'")  # the lease has run out
        stage.works()
        stage.settles()
        assert set(took()) == set(mine), "none is lost"
        twice = 1 if way not in CAN_BE_ASKED and point in OUT_AND_NOT_WRITTEN_DOWN else 0
        assert len(took()) - len(mine) == twice
        if chat is not None and way == "push":  # the one that comes again takes the first one's place
            topics = {(each.path, each.headers["Topic"]) for each in chat.service.received}
            assert len(topics) == len(mine)
        ends = {"delivered"} if works is settle_receipts else {"accepted"}
        assert {state for _, state in stage.deliveries(incident, "dunmere")} - {"skipped"} == ends


def ready(stage: Stage, chat: Channels | None, settings: Any, way: str) -> list[str]:
    """Two people of Dunmere can be told by this way, and nobody by any other; where their messages arrive."""
    mine = PEOPLE[way]
    if chat is not None:
        points = [chat.add(way, "dunmere", who, name=to.split("/")[2]) for who, to in zip(TWO, mine, strict=True)]
        stage.owner("UPDATE partners_contactpoint SET is_active = id = ANY (%s)", [points])
        return mine
    for who, to in zip(("ben.ashcroft", "sunita.rao"), PEOPLE["sms"], strict=True):
        number(stage, "dunmere", f"{who}@dunmere.example", to)
    if way == "notify-email":
        settings.NOTIFY_EMAIL_TEMPLATE, settings.NOTIFY_EMAIL_FIRST = str(uuid.uuid4()), True
    stage.owner("UPDATE partners_contactpoint SET is_active = address = ANY (%s)", [mine])
    return mine


def to_whom(box: Mailbox) -> list[str]:
    return [message["to"][0] for message in box.messages()]


def test_production_has_no_points(monkeypatch):
    assert not hasattr(settings_of_all, "FAILPOINT")
    assert failpoints.reach is failpoints._pass
    monkeypatch.setenv("FAILPOINT", "after send")  # the environment arms nothing
    for module in (planning, receipts, sending):
        module.reach("after send")
