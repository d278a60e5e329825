"""The part of a partnership file that says who answers when: contractors, rotas, roles, private numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Literal

from django.conf import settings

from partners.contacts import FIELD
from partners.models import (
    ContactPoint,
    Contractor,
    DutyShift,
    LadderRung,
    Organisation,
    Person,
    PrivateNumber,
    ToldAlongside,
)
from partners.phone_numbers import masked
from portal import clock
from portal.vault.sealing import seal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
Put = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ContractorEntry:
    """Who answers out of hours. `number` is E.164."""

    organisation: str
    name: str
    number: str
    script: str
    hours: str = ""


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """Lines of the rota on some days of the week, for a person (by e-mail) or a contractor (by name)."""

    organisation: str
    days: tuple[str, ...]
    starts: str
    ends: str
    person: str | None = None
    contractor: str | None = None
    order: int = 1


@dataclass(frozen=True, slots=True)
class AlongsideEntry:
    """Somebody told at opening because of what they are; `severity` null: always."""

    organisation: str
    role: Literal["data_protection_officer", "risk_owner", "communications", "emergency_planning"]
    person: str
    severity: int | None = None


@dataclass(frozen=True, slots=True)
class RungEntry:
    """Somebody on a rung of the ladder above the duty contact."""

    organisation: str
    rung: Literal["deputy", "head_of_it", "chief_executive"]
    person: str


def wrong_in_duty(entry: DutyEntry) -> Iterable[tuple[str, str]]:
    """What contradicts itself, as (field, words)."""
    if not set(entry.days) <= set(DAYS):
        yield "days", f"Days are {', '.join(DAYS)}."
    for name in ("starts", "ends"):
        if not CLOCK.fullmatch(getattr(entry, name)):
            yield name, "This must be a time such as 08:00."
    if (entry.person is None) == (entry.contractor is None):
        yield "person", "Name a person or a contractor, one of the two."


def wrong_in_number(entry: ContractorEntry) -> Iterable[tuple[str, str]]:
    if not re.fullmatch(r"\+[1-9]\d{6,14}", entry.number):
        yield "number", "This must be a number such as +441632960101."


def wrong_in_alongside(entry: AlongsideEntry) -> Iterable[tuple[str, str]]:
    if entry.severity is not None and not 1 <= entry.severity <= 6:
        yield "severity", "Categories go from 1 to 6."


def load_duty(file: Any, *, organisations: Mapping[str, Organisation], people: Mapping[str, Person], put: Put) -> None:
    """Write them as `loading.load` writes the rest. A line of a rota that is there is not written again."""
    contractors: dict[tuple[str, str], Contractor] = {}
    for each in file.contractors:
        key = {"organisation": organisations[each.organisation], "name": each.name}
        values = {"number": each.number, "script": each.script, "hours": each.hours}
        contractors[each.organisation, each.name] = put(Contractor, key, values)
    for line in file.duty:
        for day in line.days:
            key = {
                "organisation": organisations[line.organisation],
                "weekday": DAYS.index(day),
                "starts": time.fromisoformat(line.starts),
                "ends": time.fromisoformat(line.ends),
                "person": people[line.person] if line.person else None,
                "contractor": contractors[line.organisation, line.contractor] if line.contractor else None,
            }
            put(DutyShift, key, {"order": line.order})
    for told in file.told_alongside:
        key = {
            "organisation": organisations[told.organisation], "role": told.role, "person": people[told.person],
        }  # fmt: skip
        put(ToldAlongside, key, {"severity": told.severity})
    for each in file.ladder:
        put(
            LadderRung,
            {"organisation": organisations[each.organisation], "rung": each.rung},
            {"person": people[each.person]},
        )


def address_kept(entry: Any) -> str:
    """What the contact point holds: of a private number its last digits."""
    return masked(entry.address) if entry.is_private else entry.address


def finish_contact(point: ContactPoint, entry: Any) -> None:
    """Seal a private number that is not here yet, and date the test of a contact that has never been touched."""
    if entry.is_private and settings.MASTER_KEY and not PrivateNumber.objects.filter(pk=point.pk).exists():
        sealed = seal(entry.address.encode(), organisation_id=point.organisation_id, field=FIELD, row_id=point.pk)
        PrivateNumber.objects.create(contact_point=point, organisation_id=point.organisation_id, sealed=sealed)
    if entry.tested_days_ago is not None and point.tested_at is None and point.changed_at is None:
        point.tested_at = clock.now() - timedelta(days=entry.tested_days_ago)
        point.save(update_fields=["tested_at"])
