"""What the newest radius says of each side: a job writes it into the other organisations' rows, inside the lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.db import connections

from incidents.models import Incident, Participant, RadiusVersion
from incidents.paths import listed
from incidents.reach_words import ENDED, ENDED_BY
from portal.ledger.record import Actor, Entry, record_many
from portal.pages import local_time

REACHED = frozenset({"direct", "reachable"})


def settle_sides(incident: Incident) -> int:
    """Bring every side up to the newest version; how many changed. Safe to repeat.

    Each side whose exposure, path or reach changed is told in one event of its own. Who is reached no longer goes on
    taking part, and reads until when it was reachable and who ended that; a clearing stays what its owner said.
    """
    latest = RadiusVersion.objects.filter(incident=incident).order_by("-number").first()
    if latest is None:
        return 0
    sides = list(Participant.objects.filter(incident=incident))
    found = {each["id"]: each for each in latest.document["organisations"]}
    new = {side.pk: _of(side, found.get(str(side.organisation_id)), latest) for side in sides}
    changed = [(side, row) for side in sides if (row := new[side.pk]) is not None and _differs(side, row)]
    if not changed:
        return 0
    with connections["default"].cursor() as cursor:
        rows = [{"organisation": side.organisation_id, **row} for side, row in changed]
        cursor.execute("SELECT sec.settle_sides(%s, %s::jsonb)", [incident.pk, orjson.dumps(rows).decode()])
    record_many(
        [
            Entry(
                "exposure.changed",
                [side.organisation_id],
                side.organisation_id,
                {"organisation": side.slug, "exposure": row["exposure"], "because": row["because"]},
            )
            for side, row in changed
        ],
        actor=Actor(incident.lead_id),
        incident_id=incident.pk,
        incident_reference=incident.reference,
    )
    return len(changed)


def _of(side: Participant, entry: Mapping[str, Any] | None, latest: RadiusVersion) -> dict[str, Any] | None:
    """What the row should say, or None where the radius says nothing of it: added by hand, or out of reach already."""
    if entry is not None:
        return {
            "exposure": entry["exposure"],
            "distance": entry["distance"],
            "because": entry["because"],
            "other_paths": entry["other_paths"],
            "ended_at": None,
        }
    was_reached = side.distance is not None or side.exposure in REACHED
    if side.reach_ended_at is not None or not was_reached:
        return None
    return {
        "exposure": Participant.Exposure.NONE,
        "distance": None,
        "because": f"{side.name}: {ended(latest)}",
        "other_paths": [],
        "ended_at": latest.at,
    }


def ended(version: RadiusVersion) -> str:
    """`was reachable until 14:05 on 25 November, when Northgate and Dunmere confirmed the cut`."""
    when = local_time(version.at, "%H:%M on %-d %B")
    by = sorted({name for each in version.causes if each["what"] == "cut" for name in each["by"]})
    if not by:
        return ENDED % {"when": when}
    return ENDED_BY % {"when": when, "names": listed(by)}


def _differs(side: Participant, row: Mapping[str, Any]) -> bool:
    kept = (side.distance, side.because, side.other_paths, side.reach_ended_at)
    wanted = (row["distance"], row["because"], row["other_paths"], row["ended_at"])
    return kept != wanted or side.exposure not in {row["exposure"], Participant.Exposure.CLEARED}
