"""What an organisation says of its own standing on a system: its services, what they fall back on, who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from partners.approvals import NotAllowed
from partners.critical_dates import in_words
from partners.models import Participation, Person, PublicService
from partners.systems import Changed, Said, digest, keep_rows, written
from portal import clock

OF_A_STAND = (
    "status", "left_on", "data_categories", "decision_owner_id", "decision_deputy_id", "isolation_orderer_id",
)  # fmt: skip
OF_A_SERVICE = ("position", "category", "name", "safety_critical", "people_served", "fallback", "critical_dates")


def services_of(stands: Sequence[Participation]) -> dict[UUID, list[PublicService]]:
    """The single services of each of these, in their order. One query."""
    found: dict[UUID, list[PublicService]] = {each.pk: [] for each in stands}
    for service in PublicService.objects.filter(participation__in=stands):
        found[service.participation_id].append(service)
    return found


def services_said(stand: Participation, services: Sequence[PublicService]) -> list[dict[str, Any]]:
    """Services as rows of a form. Where only the summary was loaded, its words become rows."""
    if not services:
        return [
            {
                "category": PublicService.Category.OTHER,
                "name": name,
                "safety_critical": stand.safety_critical,
                "people_served": stand.people_served,
                "fallback": stand.fallback or "",
            }
            for name in stand.services
        ]
    return [
        {
            "id": each.pk,
            **{name: getattr(each, name) for name in OF_A_SERVICE if name not in {"critical_dates", "position"}},
            "fallback": each.fallback or "",
            "critical_dates": "\n".join(in_words(item) for item in each.critical_dates),
        }
        for each in services
    ]


def state_of_stand(stand: Participation, services: Sequence[PublicService]) -> str:
    return digest(
        stand.version,
        [getattr(stand, name) for name in OF_A_STAND],
        [[each.pk, *(getattr(each, name) for name in OF_A_SERVICE)] for each in services],
    )


def keep_standing(stand: Participation, columns: Mapping[str, Any], services: Said, *, denied: bool, seen: str) -> None:
    """Write all of it, and with it that the organisation has answered.

    Raises:
        Changed: it is no longer as it was seen.
        NotAllowed: it is somebody else's, or somebody named is not one of one's own people.
    """
    with written():
        row = Participation.objects.select_for_update().filter(pk=stand.pk).first()
        if row is None:
            raise NotAllowed(_("This is not yours to write."))
        there = {each.pk: each for each in PublicService.objects.filter(participation=row)}
        if state_of_stand(row, list(there.values())) != seen:
            raise Changed
        now = clock.now()
        answer = {
            "confirmed_at": None if denied else row.confirmed_at or now,
            "denied_at": (row.denied_at or now) if denied else None,
        }
        differs = {name: value for name, value in {**columns, **answer}.items() if getattr(row, name) != value}
        if differs:
            Participation.objects.filter(pk=row.pk).update(**differs)
        listed = [(pk, {**fields, "position": nth}) for nth, (pk, fields) in enumerate(services, start=1)]
        keep_rows(PublicService, there, listed, participation=row)


def people_who_decide() -> list[tuple[str, str]]:
    """One's own people who can be named as deciding, as a choice."""
    people = Person.objects.filter(is_active=True, break_glass=False).exclude(role__in=["guest", "service_account"])
    return [(str(each.pk), f"{each.name}, {each.duty}" if each.duty else each.name) for each in people]
