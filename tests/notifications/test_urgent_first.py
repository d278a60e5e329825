"""B10 in small: an urgent message is not held up by fifty events a second of other kinds, from other organisations."""

from __future__ import annotations

import pytest

from notifications.sending import deliver_due
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = 150  # what has come in three seconds, and waits
BACKLOG = """
INSERT INTO notifications_delivery (id, organisation_id, incident_reference, exercise, event_id, contact_point_id,
    person_id, way, message, code, idempotency_key, created_at, due_at)
SELECT gen_random_uuid(), c.organisation_id, 'PLN-7K2M9X', false, gen_random_uuid(), c.id, c.person_id, c.kind,
       %s, 'x' || n, decode(md5('urgent first' || n), 'hex'), now() - interval '1 minute', now() - interval '1 minute'
  FROM generate_series(1, %s) n
 CROSS JOIN (SELECT c.* FROM partners_contactpoint c JOIN partners_organisation o ON o.id = c.organisation_id
              WHERE o.slug = 'gravenhurst' AND c.kind = 'email' AND c.trust = 'trusted' AND c.is_active
              ORDER BY c.id LIMIT 1) c
"""


@pytest.mark.parametrize("message", ["planned", "update_asked"])
def test_what_is_urgent_is_taken_in_turn_before_the_backlog(stage: Stage, mail: Mailbox, message: str):
    stage.owner(BACKLOG, [message, EVENTS])
    incident = stage.opens(severity=1)
    stage.plans()
    urgent = "SELECT count(*) FROM notifications_delivery WHERE message = 'opened' AND state = 'pending'"
    waiting = stage.owner(urgent)[0][0]
    assert waiting > 3
    batches = 0
    with as_worker():
        while stage.owner(urgent) != [(0,)]:
            assert deliver_due() > 0
            batches += 1
    sent = [each for each in mail.messages() if incident.reference in each["text"]]
    assert len(sent) == waiting, "each is there once"
    others = len(mail.messages()) - waiting
    # The worst case of turns: each organisation's next message goes beside one of the backlog.
    assert others <= waiting, (batches, others)
