"""The job that walks again: it claims the reasons of one incident, enters its lead, walks once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _

from incidents.fanout import joining_of
from incidents.models import Incident, Rewalk
from incidents.outside import agreed_to
from incidents.rewalk import cause, current_document, walk_again
from incidents.sides import settle_sides
from incidents.widening import join
from portal.claims import claimant
from portal.ledger.record import Actor
from portal.tenancy.scope import queue_scope

LEASE_SECONDS = 60
AT_MOST = 50
_DUE = "r.done_at IS NULL AND (r.claimed_until IS NULL OR r.claimed_until < now())"


def rewalk_due() -> int:
    """Walk again in every incident that has a reason to; in how many. Safe to run twice at once."""
    with queue_scope():
        rows = _all(
            f"SELECT r.incident_id FROM incidents_rewalk r WHERE {_DUE} GROUP BY 1 ORDER BY min(r.at) LIMIT %s",  # noqa: S608
            [AT_MOST],
        )
    return sum(rewalk(incident_id, worker=claimant()) for (incident_id,) in rows)


def rewalk(incident_id: UUID, *, worker: str) -> bool:
    """One incident: a version if the walk finds something else, whoever is newly reached joins, the sides follow."""
    with queue_scope():
        claimed = _all(
            "UPDATE incidents_rewalk r SET claimed_by = %s, claimed_until = now() + make_interval(secs => %s)"  # noqa: S608
            f" WHERE r.incident_id = %s AND {_DUE} RETURNING 1",
            [worker, LEASE_SECONDS, incident_id],
        )
    if not claimed:
        return False
    with queue_scope():
        _all("SELECT sec.enter_rewalk(%s, %s)", [incident_id, worker])
        causes = _all("SELECT * FROM sec.rewalk_causes(%s, %s)", [incident_id, worker])
        incident = Incident.objects.select_related("lead").get(pk=incident_id)
        if incident.status != Incident.Status.CLOSED:
            _walk(incident, causes)
        _all(
            "UPDATE incidents_rewalk SET done_at = now(), claimed_by = '', claimed_until = NULL"
            " WHERE incident_id = %s AND claimed_by = %s RETURNING 1",
            [incident_id, worker],
        )
    return True


def _walk(incident: Incident, rows: Sequence[tuple[Any, ...]]) -> None:
    actor = Actor(incident.lead_id)
    reasons = [
        cause(what, at=at, by=by, words=_link(source, target))
        for what, at, _dependency, source, target, by in rows
        if what != Rewalk.What.SIDES
    ]
    if reasons:
        walk_again(incident, causes=reasons, actor=actor)
    if incident.status != Incident.Status.SUSPECTED:
        # Also after the lead's own walk, whose newcomers are let in here when it could not do so itself.
        document = current_document(incident)
        assert document is not None
        join(incident, [*joining_of(document, lead_id=incident.lead_id), *agreed_to(incident)], actor=actor)
        settle_sides(incident)


def _link(source: str | None, target: str | None) -> str:
    return _("%(source)s to %(target)s") % {"source": source, "target": target} if source and target else ""


def _all(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
