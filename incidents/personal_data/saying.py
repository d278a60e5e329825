"""What an organisation says of personal data, and whom it lets read that. Functions of the database judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import DataPosition, Incident
from incidents.personal_data.categories import CATEGORIES
from incidents.planned import missing_right
from partners import approvals
from portal.ledger.signals import announce

LONGEST = 2000
State, Range, Touched = DataPosition.State, DataPosition.Range, DataPosition.Touched


@dataclass(frozen=True, slots=True)
class Said:
    """One revision as it is said. `shared`: whom it is for; None: as the one before."""

    state: str
    categories: Sequence[str] = ()
    people: str = ""
    records: str = ""
    touched: Sequence[str] = ()
    words: str = ""
    shared: str | None = None


def faults_of(said: Said) -> list[Fault]:
    """What is not valid, before anybody is asked."""
    faults = []
    empty = not (said.categories or said.people or said.records or said.touched)
    if said.state == State.NONE and not empty:
        faults.append(Fault("/state", "Where there is no personal data, say no categories, numbers or damage."))
    if said.state == State.NONE and not said.words.strip():
        faults.append(Fault("/words", "Say how you know that there is no personal data."))
    if said.state == State.PERSONAL and not said.categories:
        faults.append(Fault("/categories", "Choose at least one; “Not yet known” is one too."))
    if len(said.words) > LONGEST:
        faults.append(Fault("/words", f"At most {LONGEST} characters."))
    return faults


def say_position(incident: Incident, said: Said) -> bool:
    """Say how things stand for one's own organisation; whether that is anything new. What was said before is kept.

    Raises:
        Invalid: no category where there is personal data, or a reason missing where there is none.
        NotYours: neither administrator, incident manager nor data protection officer; or a key, which judges nothing.
        WrongMoment: the exercise is put aside.
    """
    if faults := faults_of(said):
        raise Invalid(faults)
    categories = [key for key in CATEGORIES if key in said.categories]
    touched = [each for each in Touched.values if each in said.touched]
    new: bool = asked(
        "SELECT sec.say_data_position(%s, %s, %s::text[], %s, %s, %s::text[], %s, %s)",
        [incident.pk, said.state, categories, said.people, said.records, touched, said.words, said.shared],
        "data_position.said",
    )
    return new


def share_position(incident: Incident, *, shared: str) -> bool:
    """Let others read what one says, or nobody any more; whether that is new. Raises as `say_position` does."""
    new: bool = asked("SELECT sec.share_data_position(%s, %s)", [incident.pk, shared], "data_position.shared")
    return new


def asked(sql: str, params: Sequence[Any], kind: str | None) -> Any:
    """Call a function of the database that records an event of `kind`, None: none; its answer.

    Raises:
        NotYours: the right to do this is somebody else's.
        WrongMoment: refused for what it says.
    """
    try:
        found = approvals.call(sql, list(params))
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused
    if kind is not None:
        announce(connections["default"], {kind})
    return found
