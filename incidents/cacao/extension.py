"""What the portal needs to know of a step and CACAO has no place for: a declared extension of our own.

CACAO 2.0 section 8 lets a playbook carry extensions under an identifier that it declares; other tools ignore it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from incidents.cacao.notes import Notes, Place
from incidents.cacao.shapes import Flag, Record, Shape, Text, Whole

EXTENSION = "extension-definition--77fb2c0a-9f29-478f-bcd7-fb5e6967d9e8"

# Or `organisation:` and the short name of one.
Audience = str
Join = Literal["own", "all", "all_not_exempt", "lead"]
AUDIENCES = {
    "all": "all", "each": "councils", "councils": "councils", "provider": "provider", "lead": "lead",
    "deputy_lead": "deputy_lead",
}  # fmt: skip
ONE = re.compile(r"organisation:([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)")
JOINS = ("own", "all", "all_not_exempt", "lead")
TEXTS = ("who", "stops", "worked", "undo", "cannot")
FIELDS: dict[str, Shape] = {
    **dict.fromkeys(("position", "acknowledge_minutes", "finish_minutes"), Whole()),
    **dict.fromkeys(("audience", "join", "short_title", "evidence"), Text()),
    **dict.fromkeys(("contains", "confirmed_by_council", "typed_confirmation"), Flag()),
    "texts": Record(dict.fromkeys(TEXTS, Text())),
}
# Of a while step: after how many rounds a person is asked whether to go on.
LOOP = Record({"at_most": Whole(1, 100)})
ACKNOWLEDGE_MINUTES, FINISH_MINUTES = 15, 60  # where the step says nothing
LONGEST = 60 * 24 * 30  # minutes
LONGEST_WAIT = LONGEST * 60_000  # milliseconds, as delays and timeouts are
LONGEST_SHORT_TITLE = 16


@dataclass(frozen=True, slots=True)
class Details:
    """The extension of one step, with defaults where it says nothing.

    `audience`: all (every participant but observers), councils (all that are not the provider; "each" means the
    same), provider, lead, deputy_lead, or `organisation:SLUG` for that one alone, where it takes part. `join` says
    whose tasks of this step must be done before a next step may begin: *own*, the organisation's own (or, where it has
    none, as all_not_exempt); *all*; *all_not_exempt*, which passes over those that declined or are not affected;
    *lead*. `short_title` heads the step's column on the board.
    `typed_confirmation`: the step stops what stands on the system, so an organisation whose safety-critical service has
    no recorded fallback types a confirmation when it is done. `evidence` says what to keep as proof.
    """

    position: int | None = None
    short_title: str = ""
    audience: Audience = "all"
    acknowledge_minutes: int = ACKNOWLEDGE_MINUTES
    finish_minutes: int = FINISH_MINUTES
    contains: bool = False
    confirmed_by_council: bool = False
    typed_confirmation: bool = False
    join: Join = "own"
    evidence: str = ""
    who: str = ""
    stops: str = ""
    worked: str = ""
    undo: str = ""
    cannot: str = ""


def one_named(audience: str) -> str:
    """The short name of the one organisation that an audience names, in words; "" when it names none."""
    one = ONE.fullmatch(audience)
    return " ".join(part.capitalize() for part in one[1].split("-")) if one else ""


def details_of(step: dict[str, Any], place: Place, notes: Notes) -> Details:
    """Read a step's extension; a step without one gets the defaults, and its `timeout` as time to finish."""
    given = step.get("step_extensions", {}).get(EXTENSION, {})
    place = (*place, "step_extensions", EXTENSION)
    before = len(notes.errors)
    Record(FIELDS).check(given, place, notes)
    if len(notes.errors) > before:
        return Details()
    texts = given.get("texts", {})
    values = {name: given[name] for name in FIELDS.keys() & given.keys() if name != "texts"} | texts
    if "audience" in values:
        said = values["audience"]
        values["audience"] = said if ONE.fullmatch(said) else AUDIENCES.get(said, "")
    timeout = step.get("timeout", 0) // 60_000
    if timeout:
        values.setdefault("finish_minutes", min(timeout, LONGEST))
    values.setdefault("acknowledge_minutes", min(ACKNOWLEDGE_MINUTES, max(1, values.get("finish_minutes", LONGEST))))
    details = Details(**values)
    if not details.audience:
        notes.error((*place, "audience"), f"The audience must be one of: {', '.join(AUDIENCES)}, organisation:NAME.")
    if details.join not in JOINS:
        notes.error((*place, "join"), f"The join rule must be one of: {', '.join(JOINS)}.")
    if len(details.short_title) > LONGEST_SHORT_TITLE:
        notes.error((*place, "short_title"), f"A short title has at most {LONGEST_SHORT_TITLE} characters.")
    for name in ("acknowledge_minutes", "finish_minutes"):
        if not 1 <= getattr(details, name) <= LONGEST:
            notes.error((*place, name), f"This must lie between 1 and {LONGEST} minutes.")
    if details.acknowledge_minutes > details.finish_minutes:
        notes.error((*place, "acknowledge_minutes"), "A step is to be acknowledged before it is to be finished.")
    return details
