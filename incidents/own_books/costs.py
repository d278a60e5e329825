"""The cost diary: lines of hours or pounds, struck rather than changed, totals, and a file that no spreadsheet runs.

An organisation's own: neither lead nor provider ever reads one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from incidents.errors import Fault, Invalid
from incidents.models import Cost, Incident
from incidents.personal_data.saying import asked
from partners.importing.sheets import sheet
from portal import clock
from portal.pages import LOCAL

LONGEST, LONGEST_SHORT = 500, 100
MOST_PENCE = 100_000_000_000
COLUMNS = ("day", "what", "hours", "grade", "pounds", "invoice", "written at", "struck", "because")


@dataclass(frozen=True, slots=True)
class Line:
    """Hours of a grade, or an amount in pence; never both. `once` is made with the form: sent twice, it is one line."""

    on: date
    what: str
    hours: Decimal | None = None
    grade: str = ""
    pence: int | None = None
    invoice: str = ""
    once: UUID | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the lines that count. `hours` by grade."""

    pence: int
    hours: dict[str, Decimal]


def put_cost(incident: Incident, line: Line) -> Cost:
    """Write a line of one's own diary.

    Raises:
        Invalid: no day, nothing said, or neither hours with a grade nor an amount.
        NotYours: a role that only watches, or a key. WrongMoment: the exercise is put aside.
    """
    faults = []
    if not 1 <= len(line.what.strip()) <= LONGEST:
        faults.append(Fault("/what", f"Between 1 and {LONGEST} characters."))
    if line.on > clock.now().astimezone(LOCAL).date():  # the day of whoever writes, also just after a summer midnight
        faults.append(Fault("/on", "Not in the future."))
    if (line.hours is None) == (line.pence is None):
        faults.append(Fault("/hours", "Give hours with a grade, or an amount: one of the two."))
    if line.hours is not None and not 0 < line.hours <= 10_000:
        faults.append(Fault("/hours", "More than none, at most 10,000."))
    if (line.hours is not None) != bool(line.grade.strip()):
        faults.append(Fault("/grade", "Name the grade of hours, and only of hours."))
    if line.pence is not None and not 0 < line.pence <= MOST_PENCE:
        faults.append(Fault("/pence", "More than nothing, at most a thousand million pounds."))
    faults += [
        Fault(f"/{name}", f"At most {LONGEST_SHORT} characters.")
        for name, words in (("grade", line.grade), ("invoice", line.invoice))
        if len(words) > LONGEST_SHORT
    ]
    if faults:
        raise Invalid(faults)
    made = asked(
        "SELECT sec.put_cost(%s, %s, %s, %s, %s, %s, %s, %s)",
        [incident.pk, line.once or uuid4(), line.on, line.what, line.hours, line.grade, line.pence, line.invoice],
        None,
    )
    return Cost.objects.get(pk=made)


def strike_cost(cost: Cost, *, because: str) -> bool:
    """Say that a line does not count; whether that is new. It stays, with who and why.

    Raises: as `put_cost`.
    """
    new: bool = asked("SELECT sec.strike_cost(%s, %s)", [cost.pk, because], None)
    return new


def totals(costs: Iterable[Cost]) -> Totals:
    pence, hours = 0, dict[str, Decimal]()
    for cost in costs:
        if cost.struck_at is None:
            pence += cost.pence or 0
            if cost.hours is not None:
                hours[cost.grade] = hours.get(cost.grade, Decimal(0)) + cost.hours
    return Totals(pence, dict(sorted(hours.items())))


def pounds(pence: int) -> str:
    """`£1,234.05`"""
    return f"£{pence // 100:,}.{pence % 100:02}"


def as_csv(costs: Iterable[Cost]) -> bytes:
    """One line each, struck ones too. `sheet` writes what a spreadsheet would run as a formula as text."""
    rows: list[list[str]] = [list(COLUMNS)]
    for cost in costs:
        amount = "" if cost.pence is None else f"{cost.pence // 100}.{cost.pence % 100:02}"
        hours = "" if cost.hours is None else str(cost.hours)
        rows.append(
            [
                cost.on.isoformat(), cost.what, hours, cost.grade, amount, cost.invoice,
                cost.at.isoformat(timespec="seconds"), "struck" if cost.struck_at else "", cost.struck_because,
            ]
        )  # fmt: skip
    return sheet(rows)
