"""The ways to reach the organisation that was entered, as its register has them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from notifications.recipients import Way
from notifications.trust import brought_by_incident
from partners.mail_marks import marks, not_used
from partners.models import ContactPoint, Person
from partners.preferences import Wishes, wishes_by_person
from portal.reasons import reason

NOT_TRUSTED = reason("It is not trusted at present.")


def active_ways() -> list[Way]:
    """The active contact points of the organisation that was entered, the preferred first, channels and browsers last.

    People's own wishes are in the order, and leave out what they do not want beside. No wish takes away a way that
    counts.

    A number that is only called by a person is none: no transport sends to it, nor to a private one. Mail in a domain
    that is marked is doubted. Whoever oversees an incident reads why, so that what an organisation judges for itself, a
    contact or somebody else's mail, says in one and the same sentence that the way is not trusted.
    """
    active = set(Person.objects.filter(is_active=True).values_list("pk", flat=True))
    kinds = [*settings.SENT_WAYS, *settings.BESIDE_WAYS]
    points = ContactPoint.objects.filter(is_active=True, is_private=False, kind__in=kinds).order_by(
        "order", "label", "id"
    )
    marked = not_used()
    known = {mark.id: mark for mark in marks()} if marked else {}
    ways, wishes, plain = [], wishes_by_person(), Wishes()
    for point, person, kind, trust, because in points.values_list("pk", "person_id", "kind", "trust", "trust_because"):
        if person is not None and person not in active:
            continue
        doubt = "" if trust == ContactPoint.Trust.TRUSTED else because if brought_by_incident(because) else NOT_TRUSTED
        if not doubt and point in marked:
            mark = known.get(marked[point])
            doubt = mark.why_not_used if mark is not None and mark.for_all else NOT_TRUSTED
        way = Way(point, person, kind, doubt)
        if not way.is_beside or person is None or kind in wishes.get(person, plain).beside:
            ways.append(way)
    return sorted(ways, key=lambda way: (way.is_beside, _later(way, wishes)))


def _later(way: Way, wishes: Mapping[UUID, Wishes]) -> bool:
    """Whether its person wants another kind first. The order is otherwise as it was."""
    wish = wishes.get(way.person_id) if way.person_id is not None else None
    return wish is not None and wish.first not in {"", way.kind}
