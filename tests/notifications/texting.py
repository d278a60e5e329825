"""A text message service on the loopback interface, and telephone numbers for people of the demonstration."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.mail_sink import Mailbox
from portal.mail_sink_page import page_server
from portal.notify_stand_in import NotifyStandIn
from tests.notifications.stage import Stage

KEY = f"tests-{uuid.UUID(int=1)}-{uuid.UUID(int=2)}"
WORD = "a word that only the service and we have"


@contextmanager
def service(settings: Any, *, report_to: str = "") -> Iterator[Mailbox]:
    """It runs, and the portal is set up to send over it; what it took is in the box."""
    box = Mailbox()
    box.stand_in = NotifyStandIn(box, KEY, report_to, WORD)  # type: ignore[attr-defined] - for tests that look inside
    page = page_server(box, 0, box.stand_in)
    threading.Thread(target=page.serve_forever, args=[0.05], daemon=True).start()
    settings.NOTIFY_API_URL = f"http://127.0.0.1:{page.server_address[1]}"
    settings.NOTIFY_API_KEY, settings.NOTIFY_SMS_TEMPLATE, settings.NOTIFY_CALLBACK_TOKEN = KEY, str(uuid.uuid4()), WORD
    settings.SENT_WAYS, settings.SUNK_WAYS = ["email", "sms"], ["email", "sms"]
    try:
        yield box
    finally:
        page.shutdown()
        page.server_close()


def number(stage: Stage, slug: str, person: str, address: str, *, order: int = 0, private: bool = False) -> uuid.UUID:
    """Give somebody a number; the first of their ways unless `order` says otherwise. Its id."""
    point = uuid.uuid4()
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, address, label, trust, is_active,"
        ' "order", is_private, trust_since, trust_because) SELECT %s, p.organisation_id, p.id, %s, %s, p.name, %s,'
        " true, %s, %s, now(), '' FROM partners_person p JOIN partners_organisation o ON o.id = p.organisation_id"
        " WHERE o.slug = %s AND p.email = %s",
        [point, "sms", address, "trusted", order, private, slug, person],
    )
    return point


_MIDNIGHT = "date_trunc('day', now(), 'UTC')"


def opens_again(at: str) -> str:
    """As SQL, whether `at` is when a service is asked again whose day is used up: the next midnight. What is refused in
    the first ten minutes of a day, when clocks may differ, waits ten minutes: these tests run at any hour."""
    then = f"({at} - interval '10 minutes')"
    early = f"{then} BETWEEN {_MIDNIGHT} AND least(now(), {_MIDNIGHT} + interval '10 minutes')"
    return f"({at} = {_MIDNIGHT} + interval '1 day' OR {early})"
