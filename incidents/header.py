"""What every page of an incident shows of it: its header, and the others in one word each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident
from incidents.promised import in_words
from incidents.words import INCIDENT_STATUS, ROLES, STANDINGS, severity
from partners.models import ContactPoint
from partners.next_door import names_next_door
from portal import clock
from portal.postgres.prepared import prepared_cursor

Row = Mapping[str, Any]


def header_of(incident: Incident, standings: Sequence[Row], sides: Sequence[Row]) -> dict[str, Any]:
    """The header of board and other pages of the incident."""
    names = {each["organisation_id"]: each["name"] for each in standings}
    phones = {side["organisation_id"]: side["duty_phone"] for side in sides}
    return {
        "reference": incident.reference,
        "title": incident.title,
        "href": reverse("incident-board", args=[incident.reference]),
        "status": str(INCIDENT_STATUS[incident.status]),
        "closed": incident.status == "closed",
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "severity": severity(incident.severity),
        "tlp": incident.tlp,
        "exercise": incident.exercise,
        "suspected": incident.status == "suspected",
        "suspended_at": incident.suspended_at,
        "lead": _callable(names.get(incident.lead_id, ""), incident.lead_phone),
        "deputy": _callable(names[incident.deputy_lead_id], phones.get(incident.deputy_lead_id, ""))
        if incident.deputy_lead_id in names
        else None,
        "meeting_point": incident.meeting_point,
        "next_update_at": incident.next_update_at,
        "next_update": in_words(incident.next_update_at, clock.now()),
    }


def _callable(name: str, number: str) -> dict[str, Any]:
    return {"name": name, "call": {"name": name, "number": number} if number else None}


def silence(incident_id: UUID) -> int:
    """How many participants have not answered: a count, never who."""
    with prepared_cursor() as cursor:
        cursor.execute("SELECT sec.silence(%s)", [incident_id])
        return cursor.fetchone()[0] or 0


def others_of(standings: Sequence[Row], silent: int, me: UUID, *, answered: bool) -> dict[str, Any]:
    """`others` and `counts`: each other participant's one word; who is silent is not said, only how many are."""
    others = [each for each in standings if each["organisation_id"] != me]
    counted = Counter(each["word"] for each in others)
    silent = max(0, silent - (0 if answered else 1))
    acting = max(0, counted["acting"] - silent)
    parts = [f"{acting} {STANDINGS['acting']}"] if acting else []
    parts += [f"{counted[word]} {STANDINGS[word]}" for word in ("contained", "cut_off") if counted[word]]
    if silent:
        parts.append(ngettext("1 has not answered", "%(n)s have not answered", silent) % {"n": silent})
    if not parts:
        parts.append(_("nobody else takes part"))
    return {
        "others": [
            {
                "name": each["name"],
                "role": str(ROLES[each["role"]] or _("takes part")),
                "word": str(STANDINGS[each["word"]]),
            }
            for each in others
        ],
        "counts": ", ".join(parts),
    }


def do_not_trust() -> list[str]:
    """One's own contact points that ride on what is attacked. Two queries."""
    doubtful = ContactPoint.objects.exclude(trust="trusted").order_by("order", "label")
    names = names_next_door()
    return [
        _("%(label)s: it rides on %(system)s") % {"label": point.label, "system": names[point.rides_on_id]}
        if point.rides_on_id
        else point.label
        for point in doubtful
    ]
