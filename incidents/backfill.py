"""What whoever joins later is given of what was said before."""

from __future__ import annotations

from typing import Any

from incidents.models import Incident, Participant
from portal.ledger.models import Event

# What everybody who takes part is told, and so whoever joins later. Not by the audience alone: while an incident is
# suspected everybody in it oversees it, and what is for overseers is no newcomer's.
FOR_ALL = (
    "incident.opened", "incident.joined", "incident.moved", "incident.edited", "incident.widened",
    "incident.handed_over", "update.sent", "standing.changed", "exercise.suspended", "exercise.resumed",
    "technique.changed", "technique.named",
)  # fmt: skip


def told_to_all(incident: Incident) -> list[dict[str, Any]]:
    """What everybody who took part at the time was told, oldest first; the caller leads the incident. Two queries.

    Whoever joined after an event is not among its readers, and it is for all the same: else of two who are told one
    after the other the second would get nothing of what was said before the first.
    """
    of_slug = dict(Participant.objects.filter(incident=incident).values_list("slug", "organisation_id"))
    took_part = set(incident.participants)
    found: list[dict[str, Any]] = []
    events = Event.objects.filter(incident_id=incident.pk, kind__in=FOR_ALL)
    for event in events.order_by("-pos", "-at").values("kind", "at", "data", "audience"):  # null, still open: newest
        if took_part <= set(event["audience"]):
            found.append(dict(event))
        if event["kind"] == "incident.joined":
            took_part -= {of_slug[slug] for slug in event["data"]["organisations"] if slug in of_slug}
    return found[::-1]
