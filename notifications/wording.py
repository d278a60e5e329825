"""The own words of the entered organisation: what is kept, what would go out, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from notifications.messages import CAN_BE_ANSWERED, PLANNED, Text, compose
from notifications.models import Delivery, Wording
from notifications.own_words import (
    LONGEST_LINE,
    LONGEST_PREFACE,
    ONE_TEXT,
    USUAL,
    OwnWords,
    faults_in,
    filled,
    outside_alphabet,
    septets,
)
from partners.models import DutyDesk, Organisation, SharedSystem

LEAST_ROOM = 5  # letters: less says nothing


@dataclass(frozen=True, slots=True)
class House:
    """What the words are filled in with, and what they may not name."""

    name: str
    desk: str
    names: tuple[str, ...]


def house_of(organisation_id: UUID) -> House:
    """Three queries."""
    organisations = dict(Organisation.objects.values_list("pk", "name"))
    systems = SharedSystem.objects.filter(is_portal=False).values_list("name", flat=True)
    desk = DutyDesk.objects.filter(organisation_id=organisation_id).values_list("phone", flat=True).first()
    own = organisations.pop(organisation_id)
    return House(own, desk or "", (*organisations.values(), *systems))


def as_sent(message: str, own: OwnWords, *, exercise: bool = False) -> Text:
    """The message as the sender composes it; the letters X stand for what only a real one has."""
    link = f"{settings.PORTAL_URL}{reverse('message-answer', args=['XXXXXXXX'])}"
    return compose(
        message=message,
        reference="PLN-XXXXXX" if message in PLANNED else "INC-XXXXXX",
        code="XXXX-XXXX",
        exercise=exercise,
        link=link if message in CAN_BE_ANSWERED else "",
        replies=settings.NOTIFY_REPLIES,
        own=own,
    )


def room_in(message: str) -> int:
    """How many letters an own line of a text message may have; 0: there is no room."""
    usual = septets(as_sent(message, USUAL).short)
    room = ONE_TEXT - (ONE_TEXT if usual is None else usual) - 1
    return room if room >= LEAST_ROOM else 0


def faults_of(message: str, preface: str, line: str, house: House) -> dict[str, list[str]]:
    """What is wrong with the words, by field."""
    found: dict[str, list[str]] = {"preface": [], "line": []}
    for field, words, longest in (("preface", preface, LONGEST_PREFACE), ("line", line, LONGEST_LINE)):
        found[field] += faults_in(words, longest=longest, names=house.names, own_name=house.name)
    if line:
        found["line"] += _trouble_in_a_text(message, line, house)
    return found


def _trouble_in_a_text(message: str, line: str, house: House) -> list[str]:
    if "{desk}" in line and not house.desk:
        return [_("Your duty desk has no number in the register, so {desk} stands for nothing.")]
    words = filled("", line, organisation=house.name, desk=house.desk).line
    taken, room = septets(words), room_in(message)
    if taken is None:
        return [_("These letters do not fit in a text message: %(letters)s") % {"letters": outside_alphabet(words)}]
    if not room:
        return [_("This text message has no room for a line of yours.")]
    if taken > room:
        return [_("It takes %(n)s letters; this text message has room for %(room)s.") % {"n": taken, "room": room}]
    return []


def preview_of(message: str, preface: str, line: str, house: House) -> list[dict[str, Any]]:
    """`{"way", "subject", "text", "note"}` of each message as it would go out."""
    own = filled(preface, line, organisation=house.name, desk=house.desk)
    real = as_sent(message, own)
    shown = [
        {"way": _("E-mail"), "subject": real.subject, "text": real.body.rstrip(), "note": ""},
        {"way": _("Text message"), "subject": "", "text": real.short, "note": _note(real.short, own)},
    ]
    if message not in PLANNED and own.line:
        drill = as_sent(message, own, exercise=True)
        shown.append(
            {
                "way": _("Text message in an exercise"),
                "subject": "",
                "text": drill.short,
                "note": _note(drill.short, own),
            }
        )
    return shown


def _note(short: str, own: OwnWords) -> str:
    note = _("%(n)s of %(most)s letters.") % {"n": septets(short), "most": ONE_TEXT}
    if own.line and own.line not in short:
        note += " " + _("Your line is left out: it does not fit.")
    return note


def keep(organisation_id: UUID, message: str, band: str, *, preface: str, line: str) -> None:
    """Keep these words; empty ones are the usual. Only what differs is written."""
    row = Wording.objects.filter(organisation_id=organisation_id, message=message, band=band).first()
    if row is None:
        if preface or line:
            Wording.objects.create(
                organisation_id=organisation_id, message=message, band=band, preface=preface, line=line
            )
    elif not (preface or line):
        row.delete()
    elif (row.preface, row.line) != (preface, line):
        row.preface, row.line = preface, line
        row.save(update_fields=["preface", "line"])


def kept_in(message: str, band: str) -> Wording:
    """The words of that kind and severity, empty when there are none."""
    row = Wording.objects.filter(message=Delivery.Message(message), band=band).first()
    return row or Wording(message=message, band=band)
