"""The ways to reach the organisation that was entered, as its register has them."""

from __future__ import annotations

from django.conf import settings

from notifications.recipients import Way
from notifications.trust import brought_by_incident
from partners.mail_marks import marks, not_used
from partners.models import ContactPoint, Person

NOT_TRUSTED = "It is not trusted at present."


def active_ways() -> list[Way]:
    """The active contact points of the organisation that was entered, the preferred first.

    A number that is only called by a person is none: no transport sends to it, nor to a private one. Mail in a domain
    that is marked is doubted. Whoever oversees an incident reads why, so that what an organisation judges for itself, a
    contact or somebody else's mail, says in one and the same sentence that the way is not trusted.
    """
    active = set(Person.objects.filter(is_active=True).values_list("pk", flat=True))
    points = ContactPoint.objects.filter(is_active=True, is_private=False, kind__in=settings.SENT_WAYS).order_by(
        "order", "label", "id"
    )
    marked = not_used()
    known = {mark.id: mark for mark in marks()} if marked else {}
    ways = []
    for point, person, kind, trust, because in points.values_list("pk", "person_id", "kind", "trust", "trust_because"):
        if person is not None and person not in active:
            continue
        doubt = "" if trust == ContactPoint.Trust.TRUSTED else because if brought_by_incident(because) else NOT_TRUSTED
        if not doubt and point in marked:
            mark = known.get(marked[point])
            doubt = mark.why_not_used if mark is not None and mark.for_all else NOT_TRUSTED
        ways.append(Way(point, person, kind, doubt))
    return ways
