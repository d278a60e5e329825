"""Why an organisation is in an incident: the links of its paths as they are now, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Clearing, Incident, LinkDispute, Participant
from incidents.moving import cut_standing
from incidents.paths import listed
from partners import approvals
from partners.models import Dependency

KINDS = dict(Dependency.Kind.choices)


def why_page(incident: Incident, side: Participant, *, me: UUID, manages: bool, answers: bool) -> dict[str, Any]:
    """What `incidents/participant.html` says of *Why am I here*: links, clearing, and the acts that the reader has."""
    found = _why(incident, side)
    own = me == side.organisation_id
    open_now = incident.status != Incident.Status.CLOSED
    said = {each.dependency_id: each for each in LinkDispute.objects.filter(said_by_id=me)} if own else {}
    clearing = Clearing.objects.filter(incident=incident, organisation_id=side.organisation_id).last()
    in_force = clearing is not None and clearing.withdrawn_at is None
    return {
        "links": [_link(edge, said.get(UUID(edge["id"])), may_dispute=own and answers) for edge in found["edges"]],
        "say_url": reverse("incident-participant-say", args=[incident.reference, side.slug]),
        "clearing": clearing,
        "may_clear": own and manages and open_now and not in_force,
        "may_withdraw": own and manages and open_now and in_force,
        "from_systems": _own_systems(incident, found) if own and manages and open_now else [],
    }


def dispute(incident: Incident, *, link: UUID, words: str) -> None:
    """*This is wrong*: work for whoever runs an end. Raises approvals.NotAllowed: no link of one's own paths."""
    approvals.call("SELECT sec.dispute_link(%s, %s, %s)", [incident.pk, link, words])


def answer(dispute_id: UUID, *, outcome: str, words: str) -> None:
    """Whoever runs an end answers. Raises approvals.NotAllowed: runs none, or it is answered already."""
    approvals.call("SELECT sec.answer_dispute(%s, %s, %s)", [dispute_id, outcome, words])


def clear(incident: Incident, *, words: str) -> None:
    """State that nothing was found at one's own organisation. Raises approvals.NotAllowed."""
    approvals.call("SELECT sec.state_clear(%s, %s)", [incident.pk, words])


def withdraw(incident: Incident, *, words: str) -> None:
    """Take that statement back. Raises approvals.NotAllowed."""
    approvals.call("SELECT sec.withdraw_clear(%s, %s)", [incident.pk, words])


def _why(incident: Incident, side: Participant) -> Mapping[str, Any]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.why_here(%s, %s)::text", [incident.pk, side.organisation_id])
        row = cursor.fetchone()
    found: Mapping[str, Any] = orjson.loads(row[0]) if row and row[0] else {"systems": [], "edges": []}
    return found


def _own_systems(incident: Incident, found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Systems that a participant knows from this incident: those attacked, and those on its own paths."""
    known = {str(pk): name for pk, name in incident.systems.values_list("system_id", "name")}
    known.update((system["id"], system["name"]) for system in found["systems"])
    return sorted(known.items(), key=lambda pair: pair[1])


def systems_known(incident: Incident, side: Participant) -> list[tuple[str, str]]:
    """Id and name of the systems that a participant knows from this incident. Two queries."""
    return _own_systems(incident, _why(incident, side))


def links_known(incident: Incident, side: Participant) -> list[tuple[str, str]]:
    """Id and words of the links on a participant's paths. One query."""
    return [
        (edge["id"], _("%(source)s to %(target)s") % {"source": edge["source"], "target": edge["target"]})
        for edge in _why(incident, side)["edges"]
    ]


def _link(edge: Mapping[str, Any], said: LinkDispute | None, *, may_dispute: bool) -> dict[str, Any]:
    kind = str(KINDS.get(edge["kind"], edge["kind"]))
    waiting = said is not None and said.answered_at is None
    return {
        "id": edge["id"],
        "words": _("%(source)s to %(target)s") % {"source": edge["source"], "target": edge["target"]},
        "kind": f"{kind}: {edge['label']}" if edge["label"] and edge["label"].lower() != kind.lower() else kind,
        "barrier": _barrier(edge),
        "standing": cut_standing(edge) or _("in use"),
        "reviewed": _reviewed(edge),
        "runs": listed(dict.fromkeys([*edge["runs_source"], *edge["runs_target"]])) or _("nobody in the portal"),
        "said": said.words if said else "",
        "answer": said.answer if said else "",
        "waiting": waiting,
        "may_dispute": may_dispute and not waiting,
    }


def _barrier(edge: Mapping[str, Any]) -> str:
    if edge["barrier"] == "none":
        return _("no barrier")
    if edge["barrier"] == "claimed":
        return _("a barrier is claimed and was never tested: it counts as none")
    if edge["valid_until"] and edge["tested_on"]:
        return _("a barrier, tested on %(day)s, valid until %(end)s") % {
            "day": _day(edge["tested_on"]),
            "end": _day(edge["valid_until"]),
        }
    return _("a barrier, tested")


def _reviewed(edge: Mapping[str, Any]) -> str:
    if edge["reviewed_on"]:
        who = edge["reviewed_by"] or _("no name given")
        return _("%(who)s, %(day)s") % {"who": who, "day": _day(edge["reviewed_on"])}
    if edge["named"]:
        return _("nobody: named by %(who)s in this incident") % {"who": edge["named"]["by"]}
    if edge["entered"] and edge["entered"]["by"]:
        day = _day(datetime.fromisoformat(edge["entered"]["at"]).date().isoformat())
        return _("nobody; entered by %(who)s on %(day)s") % {"who": edge["entered"]["by"], "day": day}
    return _("nobody yet")


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"
