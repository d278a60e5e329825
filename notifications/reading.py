"""What pages and API show of deliveries: one's own side with names, an overseen one without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from incidents.models import Incident
from notifications.models import Delivery
from notifications.outcome import way_in_words
from partners.models import ContactPoint, Person

DESK = "Duty desk"
SOMEBODY = "One person"
SANDBOX = "Kept inside the portal, because this is an exercise. Nothing was sent."


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message to a person in words. `to` and `label` name people inside one's own organisation only.

    `next` says what happens now, `next_at` when; null when nothing is due. `because` is why it went wrong, or ''.
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


QUIET = frozenset({Delivery.Message.PLANNED, Delivery.Message.PLANNED_CHANGED})
QUIET_NEXT = {
    Delivery.State.PENDING: "It goes out by day, when somebody is on duty.",
    Delivery.State.CLAIMED: "It goes out within seconds.",
    Delivery.State.ACCEPTED: "The mail server has it. Whether you know of the work you say on its page.",
    Delivery.State.DEAD: "The next way is tried. Nobody is woken.",
}
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
    return [_row(row, labels, names) for row in rows]


def _row(row: dict, labels: dict[UUID, str], names: dict[UUID, str]) -> DeliveryRow:
    person, state = row["person_id"], Delivery.State(row["state"])
    trying_again = state == Delivery.State.PENDING and row["attempts"] > 0
    quiet = row["message"] in QUIET
    return DeliveryRow(
        id=row["id"],
        organisation=row["organisation__slug"],
        organisation_name=row["organisation__name"],
        to=DESK if person is None else names.get(person, SOMEBODY),
        label=labels.get(row["contact_point_id"], ""),
        way=way_in_words(row["way"]),
        message=row["message"],
        message_word=str(Delivery.Message(row["message"]).label),
        state=state.value,
        state_word="Trying again" if trying_again else str(state.label),
        created_at=row["created_at"],
        accepted_at=row["accepted_at"],
        delivered_at=row["delivered_at"],
        answered_at=row["answered_at"],
        attempts=row["attempts"],
        because=row["error"],
        next=_next(state, row["message"], sandboxed=row["transport"] == "sandbox", trying_again=trying_again),
        next_at=row["due_at"] if trying_again or (quiet and state == Delivery.State.PENDING) else None,
    )


def _next(state: Delivery.State, message: str, *, sandboxed: bool, trying_again: bool) -> str:
    if trying_again:
        return "It is sent again."
    if sandboxed:
        return SANDBOX
    if message in QUIET:
        return QUIET_NEXT.get(state, "")
    match state:
        case Delivery.State.PENDING | Delivery.State.CLAIMED:
            return "It goes out within seconds."
        case Delivery.State.ACCEPTED if message != Delivery.Message.STOOD_DOWN:
            return "The mail server has it. Bulkhead hears nothing more until they open it or answer."
        case Delivery.State.DEAD if message != Delivery.Message.STOOD_DOWN:
            return "Their next way is tried; when there is none, call the duty desk."
        case Delivery.State.DEAD:
            return "Call the duty desk: they do not know that it is over."
    return ""
