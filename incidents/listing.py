"""Lists of incidents as pages want them."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from incidents.models import Incident, Participant
from incidents.words import INCIDENT_STATUS, STANDINGS
from portal import clock

PAGE = 20
MOST_OPEN = 100  # shown at once; the others are paged on to


# What a list may be narrowed to; planned work stands in tables of its own (`incidents.planned_pages`).
KINDS = {"": lazy("All"), "incident": lazy("Incidents"), "exercise": lazy("Exercises"), "planned": lazy("Planned work")}


def kinds_shown(kind: str, state: str = "") -> list[dict[str, Any]]:
    """The kinds for `incidents/_kinds.html`, the state left as it is; an unknown one shows all."""
    here = kind if kind in KINDS else ""
    return [
        {"words": str(words), "href": address_of(key, "" if key == "planned" else state), "current": key == here}
        for key, words in KINDS.items()
    ]


def states_shown(kind: str, state: str) -> list[dict[str, Any]]:
    """The states to narrow the list to, the kind left as it is. Each is an address, to be kept as a bookmark."""
    words = {"": _("Every state"), **INCIDENT_STATUS}
    return [{"words": str(each), "href": address_of(kind, key), "current": key == state} for key, each in words.items()]


def address_of(kind: str, state: str) -> str:
    """Where the list is, narrowed to these."""
    asked = {name: value for name, value in (("kind", kind), ("state", state)) if value}
    return reverse("incident-list") + (f"?{urlencode(asked)}" if asked else "")


def open_page(
    me: UUID, *, kind: str = "", state: str = "", after: str = ""
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Open incidents, newest first, as `incidents/_list_rows.html` wants them, and `{"next", "others"}`: where the list
    goes on, and how many are not on this page. One query, a second one where there are more; none for closed ones."""
    page: dict[str, Any] = {"next": None, "others": 0}
    if state == Incident.Status.CLOSED:
        return [], page
    sides = _sides(me, kind).exclude(incident__status=Incident.Status.CLOSED)
    everything = sides = sides.filter(incident__status=state) if state else sides
    cursor = _read(after)
    if cursor is not None:
        sides = _later(sides, cursor)
    found = list(sides[: MOST_OPEN + 1])
    if len(found) > MOST_OPEN:
        last = found[MOST_OPEN - 1].incident
        base = address_of(kind, state)
        page["next"] = f"{base}{'&' if '?' in base else '?'}{urlencode({'open': _write(last.opened_at, last.pk)})}"
    if cursor is not None or page["next"]:
        page["others"] = everything.count() - min(len(found), MOST_OPEN)
    return [_row(side, me) for side in found[:MOST_OPEN]], page


def closed_page(
    me: UUID, *, after: str, kind: str = "", state: str = ""
) -> tuple[list[dict[str, Any]], dict[str, str | None]]:
    """One page of closed incidents and its pager. An `after` that is no cursor of ours starts at the beginning."""
    page: dict[str, str | None] = {"next": None, "previous": None}
    if state not in ("", Incident.Status.CLOSED):
        return [], page
    sides = _sides(me, kind).filter(incident__status=Incident.Status.CLOSED)
    cursor = _read(after)
    if cursor is not None:
        sides = _later(sides, cursor)
    found = list(sides[: PAGE + 1])
    base = address_of(kind, state)
    if len(found) > PAGE:
        last = found[PAGE - 1].incident
        page["next"] = f"{base}{'&' if '?' in base else '?'}after={_write(last.opened_at, last.pk)}"
    if cursor is not None:
        page["previous"] = base
    return [_row(side, me) for side in found[:PAGE]], page


def peacetime(*, may_open: bool) -> list[dict[str, str]]:
    """What an empty page suggests (RULES 15)."""
    found = [{"words": _("Check who is told."), "href": reverse("contact-list"), "link": _("Your contact points")}]
    if may_open:
        found.append(
            {
                "words": _("Ten minutes are enough for an exercise: nothing leaves the portal."),
                "href": reverse("exercise-list"),
                "link": _("Run an exercise"),
            }
        )
    return found


def _sides(me: UUID, kind: str) -> QuerySet[Participant]:
    sides = Participant.objects.filter(organisation_id=me)
    if kind:
        sides = sides.filter(incident__exercise=kind == "exercise")
    return sides.select_related("incident__lead").order_by(F("incident__opened_at").desc(), F("incident__id").desc())


def _later(sides: QuerySet[Participant], cursor: tuple[datetime, UUID]) -> QuerySet[Participant]:
    """Those after it in the list, which is the newest first."""
    compared = RawSQL("(incidents_incident.opened_at, incidents_incident.id) < (%s, %s)", cursor)
    return sides.annotate(later=compared).filter(later=True)


def _row(side: Participant, me: UUID) -> dict[str, Any]:
    incident: Incident = side.incident
    open_tasks = side.tasks_open if incident.status != "closed" else 0
    if side.acknowledged_at is None and open_tasks:
        needs = _("we have not answered yet")
    elif open_tasks:
        needs = ngettext("%(n)s step open", "%(n)s steps open", open_tasks) % {"n": open_tasks}
    else:
        needs = ""
    contained = side.containing_open == 0 and side.acknowledged_at is not None
    return {
        "reference": incident.reference,
        "title": incident.title,
        "href": reverse("incident-board", args=[incident.reference]),
        "status": str(INCIDENT_STATUS[incident.status]),
        "exercise": incident.exercise,
        "suspected": incident.status == "suspected",
        "lead": incident.lead.name,
        "opened_at": incident.opened_at,
        "word": _("lead") if incident.lead_id == me else str(STANDINGS["contained" if contained else "acting"]),
        "needs_you": needs,
    }


def _write(at: datetime, pk: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {pk.hex}".encode()).decode()


def _read(cursor: str) -> tuple[datetime, UUID] | None:
    try:
        at, _space, pk = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        found = datetime.fromisoformat(at), UUID(hex=pk)
    except (ValueError, binascii.Error):
        return None
    return found if found[0].tzinfo is not None and found[0] <= clock.now() else None
