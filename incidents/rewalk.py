"""Walking again while an incident is open: versions of its radius, who joins, and what changes for each side.

The opening radius stays for ever; each walk that finds something else is a version beside it. The lead walks in its own
request; what happens to a link that somebody else runs is walked by a job inside the lead, and so are the rows of the
other organisations' sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connections, transaction

from incidents.blast_radius import blast_radius
from incidents.changes import difference, same
from incidents.errors import WrongMoment
from incidents.frozen import contain_first, frozen
from incidents.models import Incident, Radius, RadiusVersion, Rewalk
from incidents.register import estate_of_incident
from incidents.transitions import locked_incident
from portal import clock
from portal.ledger.record import Actor, record
from portal.postgres.prepared import prepared_cursor

Document = Mapping[str, Any]
What = Rewalk.What


@dataclass(frozen=True, slots=True)
class Walked:
    """What walking again found. `number` is the new version, None when nothing has changed."""

    document: Document
    changed: Mapping[str, Any]
    number: int | None


def versions_of(incident: Incident) -> list[RadiusVersion]:
    """Every later version without its document, oldest first, as the reader may see them."""
    return list(RadiusVersion.objects.filter(incident=incident).defer("document"))


def current_document(incident: Incident) -> Document | None:
    """The newest radius, or None for who may not read it."""
    latest = RadiusVersion.objects.filter(incident=incident).order_by("-number").first()
    return latest.document if latest else opening_document(incident)


def opening_document(incident: Incident) -> Document | None:
    opened = Radius.objects.filter(pk=incident.pk).first()
    return opened.document if opened else None


def board_cuts(incident: Incident) -> list[dict[str, Any]]:
    """The few best cuts of the newest radius; empty for who may not read it. One query, and no document is read."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT x.first::text FROM (SELECT v.contain_first AS first, v.number::integer AS number"
            " FROM incidents_radiusversion v WHERE v.incident_id = %s UNION ALL"
            " SELECT r.contain_first, 0 FROM incidents_radius r WHERE r.incident_id = %s) x"
            " ORDER BY x.number DESC LIMIT 1",
            [incident.pk, incident.pk],
        )
        row = cursor.fetchone()
    return orjson.loads(row[0]) if row else []


@transaction.atomic(using="default")
def ask_again(*, incident_id: UUID, actor: Actor) -> Walked:
    """The lead walks again, over the register as it is now. Whoever is newly reached joins by a job soon after.

    Raises:
        Incident.DoesNotExist, NotYours: as `locked_incident`. WrongMoment: it is closed.
    """
    incident = locked_incident(incident_id, actor=actor)
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    return walk_again(incident, causes=[cause(What.ASKED, by=[incident.lead.name])], actor=actor)


def cause(what: str, *, by: Iterable[str], at: datetime | None = None, words: str = "") -> dict[str, Any]:
    """One reason of a version, as it is kept: see `RadiusVersion`."""
    return {"what": str(what), "at": (at or clock.now()).isoformat(), "by": list(by), "words": words}


def walk_again(incident: Incident, *, causes: Sequence[Mapping[str, Any]], actor: Actor) -> Walked:
    """Walk from all that the incident names; a version is kept when the walk finds something else than the last one.

    The caller leads the incident. Who was named or reported the intruder at the opening stays so.
    """
    opened, before = opening_document(incident), current_document(incident)
    assert opened is not None
    assert before is not None
    estate = estate_of_incident(incident.pk, reason="walking-again")
    named = [each for each in opened["organisations"] if each.get("named")]
    document = frozen(
        estate,
        blast_radius(
            estate,
            on=clock.now().date(),
            starts=list(incident.systems.values_list("system_id", flat=True)),
            organisations=[UUID(each["id"]) for each in named if not each["reported_by"]],
            confirmed={UUID(each["id"]): each["reported_by"] for each in named if each["reported_by"]},
            assumed=opened["assumed"],
        ),
    )
    changed = difference(before, document)
    if same(before, document):
        return Walked(before, changed, None)
    number = _keep(incident, document, changed, causes)
    record(
        "radius.moved",
        actor=actor,
        audience=incident.overseers,
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        number=number,
        causes=[each["what"] for each in causes],
        joined=[each["slug"] for each in changed["joined"]],
        left=[each["slug"] for each in changed["left"]],
    )
    return Walked(document, changed, number)


def _keep(
    incident: Incident, document: Document, changed: Mapping[str, Any], causes: Sequence[Mapping[str, Any]]
) -> int:
    parts = (document, contain_first(document), changed, list(causes))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.keep_radius(%s, %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb)",
            [incident.pk, *(orjson.dumps(part).decode() for part in parts)],
        )
        return cursor.fetchone()[0]
