"""The register of who has told whom: reports of an organisation to bodies outside, with references and follow-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.errors import Fault, Invalid
from incidents.models import Incident, OutsideReport
from incidents.personal_data.bodies import BODIES, OTHER
from incidents.personal_data.saying import LONGEST, asked
from portal import clock

LONGEST_NAME, LONGEST_REFERENCE = 200, 100


@dataclass(frozen=True, slots=True)
class Report:
    """`body`: an id of `BODIES`, or `other` with `body_name`. `told_by` and `words` stay at home whatever is shared."""

    body: str
    told_at: datetime
    told_by: str
    body_name: str = ""
    route: str = ""
    reference: str = ""
    words: str = ""
    follows: UUID | None = None
    shared: str = ""


def write_report(incident: Incident, report: Report) -> OutsideReport:
    """Write down that a body outside was told. The same again is the entry that stands already.

    Raises:
        Invalid: no body, nobody named, too long, or told in the future.
        NotYours: a role that only watches, a key; to share at once takes a role that judges personal data.
        WrongMoment: it follows no report of one's own to that body, or the exercise is put aside.
    """
    faults = []
    if report.body != OTHER and report.body not in BODIES:
        faults.append(Fault("/body", "Choose a body of the list, or “other” with its name."))
    if (report.body == OTHER) != bool(report.body_name.strip()):
        faults.append(Fault("/body_name", "Name the body when it stands in no list, and only then."))
    if not report.told_by.strip():
        faults.append(Fault("/told_by", "Say who told them."))
    if report.told_at > clock.now():
        faults.append(Fault("/told_at", "Say when they were told: not in the future."))
    for name, words, most in (
        ("body_name", report.body_name, LONGEST_NAME), ("route", report.route, LONGEST_NAME),
        ("reference", report.reference, LONGEST_REFERENCE), ("told_by", report.told_by, LONGEST_NAME),
        ("words", report.words, LONGEST),
    ):  # fmt: skip
        if len(words) > most:
            faults.append(Fault(f"/{name}", f"At most {most} characters."))
    if faults:
        raise Invalid(faults)
    made = asked(
        "SELECT sec.put_outside_report(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            incident.pk, report.body, report.body_name, report.route, report.reference, report.told_at, report.told_by,
            report.words, report.follows, report.shared,
        ],
        "outside_report.written",
    )  # fmt: skip
    return OutsideReport.objects.select_related("organisation", "note", "incident").get(pk=made)


def share_report(report_id: UUID, *, shared: str) -> bool:
    """Let others read one entry without its words and people, or nobody any more; whether that is new.

    Raises:
        NotYours: it is somebody else's, or a role that does not judge personal data, or a key.
        WrongMoment: the exercise is put aside.
    """
    new: bool = asked("SELECT sec.share_outside_report(%s, %s)", [report_id, shared], "outside_report.shared")
    return new


def visible_reports(incident: Incident) -> Sequence[OutsideReport]:
    """One's own and those that others share with the reader, the newest first. One query."""
    rows = OutsideReport.objects.filter(incident=incident).select_related("organisation", "note", "incident")
    return list(rows.order_by("-told_at", "-id"))
