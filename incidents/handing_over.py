"""Handing the lead over: whom it can go to, asking, answering, and what each side is shown of it.

The rules stand in the database (`incidents/migrations/0008_hand_over_security.py`); here they get their Python names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Handover, Incident, Standing
from incidents.words import ROLES
from partners import approvals
from partners.models import Organisation
from portal import clock
from portal.ledger.signals import announce
from portal.pages import local_time
from portal.tenancy.scope import queue_scope

AT_MOST = 100
NEWS_FOR = timedelta(minutes=30)  # a no stands on the board for as long as an offer would have


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that can take the lead; `place` is its place in the agreed succession, None: not in it."""

    id: UUID
    slug: str
    name: str
    role: str
    place: int | None


def candidates(incident: Incident) -> list[Candidate]:
    """Who can take the lead, in the order in which they are asked: the deputy, then the agreed succession."""
    standings = Standing.objects.filter(incident=incident).exclude(role="observer").exclude(word="cut_off")
    places = dict(Organisation.objects.values_list("pk", "succession"))
    found = [
        Candidate(each.organisation_id, each.slug, each.name, each.role, places.get(each.organisation_id))
        for each in standings
        if each.organisation_id != incident.lead_id
    ]
    deputy = incident.deputy_lead_id
    return sorted(found, key=lambda each: (each.id != deputy, each.place is None, each.place or 0, each.name))


def in_words(candidate: Candidate, *, deputy_id: UUID | None) -> str:
    """What stands below the name in the form: why it stands at this place."""
    parts = [_("deputy lead")] if candidate.id == deputy_id else [str(ROLES[candidate.role])]
    parts.append(
        _("number %(n)s in the agreed succession") % {"n": candidate.place}
        if candidate.place
        else _("not in the agreed succession")
    )
    return ", ".join(part for part in parts if part)


def offer(incident: Incident, *, to: UUID, reason: str) -> UUID:
    """Ask an organisation to take the lead; its people are told, and it has 30 minutes.

    Raises:
        approvals.NotAllowed: not the lead, no fresh passkey, nobody who can lead, or somebody has been asked already.
    """
    return _announced("lead.offered", "SELECT sec.offer_lead(%s, %s, %s)", [incident.pk, to, reason])


def accept(handover: Handover) -> None:
    """Take the lead: from this statement on the rights are ours, and the earlier lead's are gone.

    Raises:
        approvals.NotAllowed: not asked, not open any more, or no fresh passkey.
    """
    _announced("incident.handed_over", "SELECT sec.accept_lead(%s)", [handover.pk])


def decline(handover: Handover, *, because: str = "") -> None:
    """Say no with a reason; for the lead itself: take the offer back, and go on leading.

    Raises:
        approvals.NotAllowed: see `accept`; or no reason.
    """
    _announced("lead.declined", "SELECT sec.decline_lead(%s, %s)", [handover.pk, because])


def _announced(kind: str, sql: str, parameters: list[Any]) -> Any:
    with transaction.atomic(using="default"):
        answer = approvals.call(sql, parameters)
        announce(connections["default"], {kind})
    return answer


def offer_for_the_silent() -> int:
    """For leads that nobody answers at: ask the next in the succession; how many were asked. Safe to repeat.

    One query looks; each asking is a transaction of its own, so that one that fails does not stop the others.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT s FROM sec.silent_leads() s LIMIT %s", [AT_MOST])
        silent = [row[0] for row in cursor.fetchall()]
    asked = 0
    for incident_id in silent:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.offer_silent_lead(%s)", [incident_id])
            if cursor.fetchone()[0]:
                announce(connections["default"], {"lead.offered"})
                asked += 1
    return asked


def open_offers(incident: Incident) -> list[Handover]:
    """Offers that can still be answered and that the reader may see."""
    return [each for each in _offers(incident) if is_open(each, incident)]


def is_open(offer: Handover, incident: Incident) -> bool:
    answered = offer.accepted_at or offer.declined_at or offer.lapsed_at
    return not answered and offer.expires_at > clock.now() and offer.from_organisation_id == incident.lead_id


def _offers(incident: Incident) -> Iterable[Handover]:
    return Handover.objects.filter(incident=incident).order_by("offered_at")


def notices_of(incident: Incident, *, me: UUID, names: Mapping[UUID, str], may_answer: bool) -> list[dict[str, Any]]:
    """What stands first on board and My tasks: `{"title", "words", "link", "href"}`. One query.

    The asked side reads what is asked of it, the lead whom it asked or that it was silent, and whoever led until just
    now that its rights as lead have ended.
    """
    if incident.status == Incident.Status.CLOSED:
        return []
    mine = Handover.objects.filter(incident=incident).filter(Q(from_organisation_id=me) | Q(to_organisation_id=me))
    offers = list(mine.order_by("offered_at"))
    href = reverse("incident-hand-over", args=[incident.reference])
    notices = []
    for each in offers:
        if not is_open(each, incident):
            continue
        until = local_time(each.expires_at)
        if each.to_organisation_id == me:
            title = _("You are asked to take the lead of %(reference)s") % {"reference": incident.reference}
            why = (
                _("Nobody at %(lead)s has answered.")
                if each.kind == Handover.Kind.SILENT
                else _("%(lead)s asks you: “%(reason)s”")
            ) % {"lead": names.get(each.from_organisation_id, ""), "reason": each.reason}
            words = f"{why} " + _("Answer by %(time)s.") % {"time": until}
            link = _("Take the lead, or decline")
        else:
            title = _("%(name)s is asked to take the lead from us") % {"name": names.get(each.to_organisation_id, "")}
            why = _("Nobody here had answered, so Bulkhead asked.") if each.kind == Handover.Kind.SILENT else ""
            words = f"{why} " + _("It has until %(time)s to answer; until then we lead.") % {"time": until}
            link = _("See the offer, or go on leading")
        if not may_answer:
            words += " " + _("Your incident manager or administrator answers.")
        notices.append({"title": title, "words": words.strip(), "link": link if may_answer else "", "href": href})
    return notices or _over(offers, incident, me=me, names=names, href=href if may_answer else "")


def _over(
    offers: Sequence[Handover], incident: Incident, *, me: UUID, names: Mapping[UUID, str], href: str
) -> list[dict[str, Any]]:
    """What became of the last offer: a no and why, for the lead; for the lead before, that its rights have ended."""
    last = offers[-1] if offers else None
    declined_at = last.declined_at if last is not None else None
    if last is not None and declined_at and incident.lead_id == me and clock.now() - declined_at < NEWS_FOR:
        title = _("%(name)s declined to take the lead") % {"name": names.get(last.to_organisation_id, "")}
        words = _("“%(why)s” We go on leading.") % {"why": last.declined_because}
        return [{"title": title, "words": words, "link": _("Ask somebody else") if href else "", "href": href}]
    given = [each for each in offers if each.accepted_at and each.from_organisation_id == me]
    if not given or incident.lead_id == me:
        return []
    last = given[-1]
    title = _("%(name)s leads now, since %(time)s") % {
        "name": names.get(incident.lead_id, ""),
        "time": local_time(last.accepted_at),
    }
    words = _("We led until then. What only the lead may do is theirs: adding, checking, calling off and closing.")
    return [{"title": title, "words": words, "link": "", "href": ""}]
