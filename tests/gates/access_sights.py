"""Rows of first sights and the pages beside them. See `access`."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg

from tests.gates.access_answers import LED, PEOPLE, READERS, WRITES_WRONG, api, page

# ---   nobody strngr partner lead obsrvr prvdr key  p-key narrow s-key  admin  tired
FOUND = "302   404    404     200  200    404   302  302   302    302   200    200"
GONE = " 302   404    404     404  403    404   302  302   302    302   404    404"
MINE = " 401   404    404     200  403    404   200  404   403    404   200    200"
ASKS = " 302   404    404     422  403    404   302  302   302    302   422    403"
SETTLES = "302 422    422     422  403    422   302  302   302    302   422    403"
NO_JOIN = "401 404    404     422  403    404   422  404   403    404   422    422"
SAID = " 401   201    201     201  403    201   201  201   403    201   201    201"
SIGHTS = (
    page("first-sights", PEOPLE),
    page("first-sight", FOUND, finding_id="first-sight"),
    page("first-sight-open", LED, finding_id="first-sight"),
    page("first-sight-join", post=WRITES_WRONG, finding_id="first-sight"),
    page("first-sight-expect", post=LED, body={"stand": "0.1.1"}, finding_id="first-sight"),
    page("first-sight-dismiss", post=LED, body={"because": "A drill", "stand": "0.1.1"}, finding_id="first-sight"),
    page("access-sources", PEOPLE),
    page("access-source-learn", post=GONE, body={"days": "14"}, source_id="contact"),
    page("access-map", PEOPLE),
    page("access-quality", PEOPLE),
    page("access-suppressions", PEOPLE),
    page("first-sight-suppress", post=ASKS, body={"until": "x"}, finding_id="first-sight"),
    page("access-suppression-agree", post=SETTLES, suppression_id="contact"),
    page("access-suppression-end", post=SETTLES, suppression_id="contact"),
    page("access-names", PEOPLE, post=GONE, body={"act": "drop", "id": "x"}),
    api("api-access-findings", GET=READERS),
    api("api-access-findings-ocsf", GET=READERS),
    api("api-access-finding-open", POST=MINE, body={}, args="finding_id=first-sight"),
    api("api-access-finding-join", POST=NO_JOIN, body={"incident": "INC-0000"}, args="finding_id=first-sight"),
    api("api-access-finding-expect", POST=MINE, body={}, args="finding_id=first-sight"),
    api("api-access-finding-dismiss", POST=MINE, body={"because": "A drill"}, args="finding_id=first-sight"),
    api("api-first-sights", GET=READERS),
    api("api-identifiers", GET=READERS, POST=SAID, body={"kind": "domain", "value": "old.example"}),
    api("api-access-sources", GET=READERS),
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
