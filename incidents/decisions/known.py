"""The card of what is known, believed and not known: kept by the lead, read by everybody who takes part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from incidents.errors import Fault, Invalid
from incidents.models import Incident, KnownCard, Update
from incidents.personal_data.saying import asked

MOST_LINES, LONGEST_LINE = 10, 200  # `sec.good_lines` says the same
LISTS = ("known", "believed", "not_known")


@dataclass(frozen=True, slots=True)
class Known:
    known: Sequence[str] = ()
    believed: Sequence[str] = ()
    not_known: Sequence[str] = ()


def faults_of(said: Known) -> list[Fault]:
    """What is not valid, before anybody is asked."""
    faults = []
    for name in LISTS:
        lines = getattr(said, name)
        if len(lines) > MOST_LINES or any(not 1 <= len(line.strip()) <= LONGEST_LINE for line in lines):
            faults.append(Fault(f"/{name}", f"At most {MOST_LINES} lines, each of at most {LONGEST_LINE} characters."))
    if not any(getattr(said, name) for name in LISTS):
        faults.append(Fault("/known", "Say at least one thing that is known, believed or not known."))
    return faults


def say_known(incident: Incident, said: Known) -> bool:
    """Put a new revision of the card on every participant's page; whether it says anything new.

    Raises:
        Invalid: nothing said, too many lines, or one too long.
        NotYours: somebody else leads, a role that does not lead, or a key.
        WrongMoment: the incident is closed, or the exercise is put aside.
    """
    if faults := faults_of(said):
        raise Invalid(faults)
    lists = [[line.strip() for line in getattr(said, name)] for name in LISTS]
    new: bool = asked(
        "SELECT sec.say_known(%s, %s::text[], %s::text[], %s::text[])", [incident.pk, *lists], "known_card.revised"
    )
    return new


def current_card(incident: Incident) -> dict[str, Any] | None:
    """The card as `incidents/_known.html` wants it, None while the lead has said nothing. One query."""
    newest = KnownCard.objects.filter(incident=incident).order_by("-number").first()
    return card_shown(newest) if newest else None


def cards_of(update_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """By update, the card as it stood when it was sent. One query, none without updates."""
    if not update_ids:
        return {}
    rows = Update.objects.filter(pk__in=update_ids, card__isnull=False).select_related("card")
    return {each.pk: card_shown(each.card) for each in rows if each.card}


def card_shown(card: KnownCard) -> dict[str, Any]:
    return {"number": card.number, "at": card.at, **{name: list(getattr(card, name)) for name in LISTS}}
