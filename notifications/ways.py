"""The ways to reach the organisation that was entered, as its register has them."""

from __future__ import annotations

from django.conf import settings

from notifications.recipients import Way
from partners.models import ContactPoint, Person

NOT_TRUSTED = "It is not trusted at present."


def active_ways() -> list[Way]:
    """The active contact points of the organisation that was entered, the preferred first.

    A number that is only called by a person is none: no transport sends to it, nor to a private one.
    """
    active = set(Person.objects.filter(is_active=True).values_list("pk", flat=True))
    points = ContactPoint.objects.filter(is_active=True, is_private=False, kind__in=settings.SENT_WAYS).order_by(
        "order", "label", "id"
    )
    return [
        Way(point, person, kind, "" if trust == ContactPoint.Trust.TRUSTED else because or NOT_TRUSTED)
        for point, person, kind, trust, because in points.values_list(
            "pk", "person_id", "kind", "trust", "trust_because"
        )
        if person is None or person in active
    ]
