"""Whoever owns or provides a system hears of urgent advisories that touch it: an event, of which messages are made."""

from __future__ import annotations

from django.db import connections, transaction

from monitoring.advisories.settling import match_due
from portal.tenancy.scope import queue_scope

LEFT = "SELECT EXISTS (SELECT 1 FROM monitoring_advisory WHERE loaded_at = now() AND matched_at IS NULL)"
# What was found in this transaction, and is urgent as `sec.tell_of_exposures` has it: what was found before, or becomes
# urgent later, is told. Ten minutes ago, so that the first news is not kept back.
KNOWN = """
INSERT INTO monitoring_exposuretold (exposure_id, organisation_id, at, known)
SELECT e.id, r, now() - interval '10 minutes', NOT e.exploited
  FROM monitoring_exposure e CROSS JOIN LATERAL unnest(sec.readers_of(e)) r
 WHERE e.state = 'open' AND e.found_at >= now()
   AND e.certainty <> 'possible' AND (e.exploited OR e.severity = 'critical')
   AND EXISTS (SELECT 1 FROM monitoring_exposuresource s JOIN monitoring_advisory a ON a.id = s.advisory_id
                WHERE s.exposure_id = e.id AND a.loaded_at = now())
ON CONFLICT DO NOTHING
"""


def tell_due() -> int:
    """Say what is new and urgent, an event for each organisation; how many were told. As the worker.

    At most one in ten minutes for each: what comes meanwhile is told by a later call, so it is called every minute.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.tell_of_exposures()")
        (told,) = cursor.fetchone()
    return int(told)


def hold_matching() -> None:
    """Nobody else matches or tells until this transaction ends. Before its first write: others hold this first, too."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(760562)")


def match_as_known() -> int:
    """Match what this transaction has loaded, and write down that everybody concerned knows of it; how many were left
    untold. As the owner of the database, in the transaction that loads: no worker tells of it meanwhile.
    """
    if not connections["default"].in_atomic_block:
        raise transaction.TransactionManagementError("what was loaded is known by the transaction that loaded it")
    with connections["default"].cursor() as cursor:
        while True:
            match_due()
            cursor.execute(LEFT)
            if cursor.fetchone() == (False,):
                break
        cursor.execute(KNOWN)
        return int(cursor.rowcount)
