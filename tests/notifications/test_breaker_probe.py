"""A shut way is tried with whatever waits for it: also when that is planned work alone, which wakes nobody."""

from __future__ import annotations

import pytest

from notifications.sending import deliver_due
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_planned_work_alone_opens_the_way_again(stage: Stage, mail: Mailbox, settings):
    stage.opens()
    stage.plans()
    stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER kept_quiet")
    stage.owner("UPDATE notifications_delivery SET message = 'planned' WHERE state = 'pending'")
    stage.owner(
        "INSERT INTO notifications_wayout (id, transport, host, recent, opened_at, probe_at)"
        " VALUES (gen_random_uuid(), 'smtp', %s, '[]', now() - interval '1 hour', now())",
        [f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"],
    )
    with as_worker():
        assert deliver_due() == 1, "one tries it"
    assert stage.owner("SELECT opened_at FROM notifications_wayout WHERE transport = 'smtp'") == [(None,)]
    stage.sends()
    assert (
        len(mail.messages())
        == stage.owner("SELECT count(*) FROM notifications_delivery WHERE way = 'email' AND state = 'accepted'")[0][0]
    )
    assert len(mail.messages()) > 1
