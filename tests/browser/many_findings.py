"""More findings within an hour than stand alone: accounts of Eastwick at Dunmere, the last of them of services."""

from __future__ import annotations

import psycopg

from monitoring.findings.rules import AN_HOUR

ACCOUNT = "case%@eastwick"


def put_many_findings(database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "INSERT INTO monitoring_sight (id, kind, account, shown, account_kind, home_id, organisation_id, place,"
            " resource, first_at, last_at, days, reporter_id, learned)"
            " SELECT gen_random_uuid(), 'success', c.name, c.name, CASE WHEN n <= %s THEN 'person' ELSE 'service' END,"
            " e.id, d.id, 'ledger-01', 'ledger-01', c.at, c.at, ARRAY[(c.at AT TIME ZONE 'UTC')::date], d.id, false"
            " FROM generate_series(1, %s) n, partners_organisation e, partners_organisation d, LATERAL ("
            "SELECT 'case' || n || '@eastwick' AS name, now() - interval '2 hours' + n * interval '1 second' AS at) c"
            " WHERE e.slug = 'eastwick' AND d.slug = 'dunmere'",
            [AN_HOUR, AN_HOUR + 3],
        )
        owner.execute("SELECT sec.judge_access(2000)")


def take_them_away(database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "DELETE FROM monitoring_finding f USING partners_organisation o WHERE o.id = f.organisation_id"
            " AND o.slug IN ('eastwick', 'dunmere') AND (f.account LIKE %s OR f.folded > 0)",
            [ACCOUNT],
        )
        owner.execute("DELETE FROM monitoring_sight WHERE account LIKE %s", [ACCOUNT])
