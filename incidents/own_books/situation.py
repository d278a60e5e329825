"""M/ETHANE for a cyber incident: seven answers, kept revision by revision, shared with the lead by choice, as text.

Source: JESIP's M/ETHANE (Major incident, Exact location, Type, Hazards, Access, Number of casualties, Emergency
services), read for systems, kind of attack, spread and data risk, ways out of band, people affected, agencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.errors import Fault, Invalid
from incidents.models import Incident, SituationReport
from incidents.personal_data.saying import asked
from portal.pages import local_time

LONGEST = 2000
MAJOR = {"yes": lazy("Yes, declared"), "standby": lazy("Standby"), "no": lazy("No")}
# Letter, field, question.
LETTERS: list[tuple[str, str, Any]] = [
    ("M", "major", lazy("Major incident declared?")),
    ("E", "exact", lazy("Exact systems and sites")),
    ("T", "type", lazy("Type of attack")),
    ("H", "hazards", lazy("Hazards: how it may spread, which data is at risk")),
    ("A", "access", lazy("Access: by which ways you can be reached that the attacker does not have")),
    ("N", "number_affected", lazy("Number and kind of residents and services affected")),
    ("E", "engaged", lazy("Engaged: agencies on it and still wanted")),
]


def write_situation(incident: Incident, words: Mapping[str, str], *, shared: str = "") -> SituationReport:
    """Write the next report; the same words again within a minute are the one that stands.

    Raises:
        Invalid: no word on whether it is a major incident, or too long.
        NotYours: a role that only watches, or a key. WrongMoment: the exercise is put aside.
    """
    said = {field: words.get(field, "").strip() for _letter, field, _question in LETTERS}
    faults = [Fault(f"/{name}", f"At most {LONGEST} characters.") for name, text in said.items() if len(text) > LONGEST]
    if said["major"] not in MAJOR:
        faults.append(Fault("/major", "Say whether a major incident is declared."))
    if faults:
        raise Invalid(faults)
    made = asked(
        "SELECT sec.write_situation(%s, %s::jsonb, %s)",
        [incident.pk, orjson.dumps(said).decode(), shared],
        "situation_report.shared",
    )
    return SituationReport.objects.get(pk=made)


def share_situation(report: SituationReport, *, shared: str) -> bool:
    """Let lead and deputy lead read a report, or nobody any more; whether that is new. Raises as `write_situation`."""
    new: bool = asked("SELECT sec.share_situation(%s, %s)", [report.pk, shared], "situation_report.shared")
    return new


def as_text(report: SituationReport, incident: Incident, name: str) -> str:
    """To be pasted where people talk, or read aloud."""
    first = _("EXERCISE") + " " if incident.exercise else ""
    lines = [
        f"{first}M/ETHANE {report.number}, {incident.reference}, {name}, {local_time(report.at, '%H:%M %Z, %-d %B')}"
    ]
    for letter, field, question in LETTERS:
        answer = getattr(report, field)
        words = str(MAJOR[answer]) if field == "major" else answer or _("not known yet")
        lines.append(f"{letter} – {question}: {words}")
    return "\n".join(lines)
