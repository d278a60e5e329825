"""Rows of first sights and the pages beside them. See `access`."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg

from tests.gates.access_answers import LED, PEOPLE, WRITES_WRONG, page

# ---   nobody strngr partner lead obsrvr prvdr key  p-key narrow s-key  admin  tired
FOUND = "302   404    404     200  200    404   302  302   302    302   200    200"
SIGHTS = (
    page("first-sights", PEOPLE),
    page("first-sight", FOUND, finding_id="first-sight"),
    page("first-sight-open", LED, finding_id="first-sight"),
    page("first-sight-join", post=WRITES_WRONG, finding_id="first-sight"),
    page("first-sight-expect", post=LED, finding_id="first-sight"),
    page("first-sight-dismiss", post=LED, body={"because": "A drill"}, finding_id="first-sight"),
    page("first-sight-account", FOUND, home="ashbourne", account="account"),
)
ACCOUNT = "svc-backup@ashbourne"
PUT = """
INSERT INTO monitoring_finding (id, organisation_id, side, account, shown, account_kind, home_id, places, organisations,
    systems, rules, reasons, weight, sight_ids, change_ids, sights, changes, first_at, last_at, made_at, state, because,
    decided_by_name)
SELECT %s, a.id, 'home', %s, %s, 'service', a.id, ARRAY['file-services'], ARRAY[c.id],
    ARRAY(SELECT s.id FROM partners_sharedsystem s WHERE s.slug = 'file-services'), ARRAY['lapsed-permission'],
    ARRAY['lapsed', 'service'], 55, '{}', '{}', 1, 0, now(), now(), now(), 'waiting', '', ''
  FROM partners_organisation a, partners_organisation c WHERE a.slug = 'ashbourne' AND c.slug = 'coldharbour'
"""


def put_finding(owner_url: str) -> UUID:
    """One that waits for Ashbourne, committed: jobs alone write them."""
    made = uuid4()
    with psycopg.connect(owner_url) as owner:
        owner.execute(PUT, [made, ACCOUNT, ACCOUNT])
    return made
