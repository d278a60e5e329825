"""What pages and API show of deliveries: one's own side with names, an overseen one without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from incidents.models import Incident
from notifications.models import Delivery
from notifications.next_words import next_words
from notifications.outcome import way_in_words
from partners.models import ContactPoint, Person
from portal import clock

DESK = _("Duty desk")
SOMEBODY = _("One person")
TRYING_AGAIN = _("Trying again")


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message to a person in words. `to` and `label` name people inside one's own organisation only.

    `next` says what happens now, `next_at` when, if that lies ahead. `because` is why it went wrong, or ''.
    """

    id: UUID
    organisation: str  # slug
    organisation_name: str
    to: str
    label: str
    way: str
    message: str
    message_word: str
    state: str
    state_word: str
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    attempts: int
    because: str
    next: str
    next_at: datetime | None


COLUMNS = (
    "id", "organisation__slug", "organisation__name", "contact_point_id", "person_id", "way", "message", "state",
    "transport", "error", "created_at", "due_at", "accepted_at", "delivered_at", "answered_at", "attempts",
)  # fmt: skip


def deliveries_of(incident: Incident, *, organisation_id: UUID | None = None) -> list[DeliveryRow]:
    """The messages about an incident that the reader may know of, oldest first; three queries.

    `organisation_id` narrows to one side.
    """
    deliveries = Delivery.objects.filter(incident=incident).order_by("organisation__name", "created_at", "id")
    if organisation_id is not None:
        deliveries = deliveries.filter(organisation_id=organisation_id)
    return in_words(deliveries.values(*COLUMNS))


def in_words(rows: Iterable[dict[str, Any]]) -> list[DeliveryRow]:
    """Rows of deliveries with `COLUMNS`, in words; two queries, beside the one that may still stand behind `rows`."""
    labels = dict(ContactPoint.objects.values_list("id", "label"))
    names = dict(Person.objects.values_list("id", "name"))
    now = clock.now()
    return [_row(row, labels, names, now) for row in rows]


def _row(row: dict, labels: dict[UUID, str], names: dict[UUID, str], now: datetime) -> DeliveryRow:
    person, state = row["person_id"], Delivery.State(row["state"])
    waits, tried = state == Delivery.State.PENDING, row["attempts"] > 0
    ahead = waits and row["due_at"] > now
    return DeliveryRow(
        id=row["id"],
        organisation=row["organisation__slug"],
        organisation_name=row["organisation__name"],
        to=str(DESK) if person is None else names.get(person, str(SOMEBODY)),
        label=labels.get(row["contact_point_id"], ""),
        way=way_in_words(row["way"]),
        message=row["message"],
        message_word=str(Delivery.Message(row["message"]).label),
        state=state.value,
        state_word=str(TRYING_AGAIN if waits and tried else state.label),
        created_at=row["created_at"],
        accepted_at=row["accepted_at"],
        delivered_at=row["delivered_at"],
        answered_at=row["answered_at"],
        attempts=row["attempts"],
        because=row["error"],
        next=next_words(state, row["message"], row["way"], transport=row["transport"], tried=tried, ahead=ahead),
        next_at=row["due_at"] if ahead else None,
    )
