"""Writing a decision down, revising it, and letting others read it. Functions of the database judge who may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from incidents.errors import Fault, Invalid
from incidents.models import Incident, LogEntry
from incidents.personal_data.saying import asked
from portal import clock

LONGEST, LONGEST_NAME, LONGEST_CHANGE = 2000, 200, 500
LATEST_REVIEW = timedelta(days=3 * 366)
MOST_DUE = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision as it is written down. `shared` None: as the one before, or as usual. `revises`: any id of a former
    revision that is still the newest, with `change`: what is different now and why."""

    known: str
    options: str
    decision: str
    why: str
    decided_by: str
    decided_role: str
    decided_at: datetime
    dissent: str = ""
    review_at: datetime | None = None
    as_lead: bool = False
    shared: str | None = None
    revises: UUID | None = None
    change: str = ""


def faults_of(taken: Taken) -> list[Fault]:
    """What is not valid, before anybody is asked."""
    now = clock.now()
    needed = [
        ("known", taken.known, LONGEST), ("options", taken.options, LONGEST), ("decision", taken.decision, LONGEST),
        ("why", taken.why, LONGEST), ("decided_by", taken.decided_by, LONGEST_NAME),
        ("decided_role", taken.decided_role, LONGEST_NAME),
    ]  # fmt: skip
    if taken.revises is not None:
        needed.append(("change", taken.change, LONGEST_CHANGE))
    faults = [
        Fault(f"/{name}", f"Between 1 and {most} characters.")
        for name, words, most in needed
        if not 1 <= len(words.strip()) <= most
    ]
    if taken.revises is None and taken.change.strip():
        faults.append(Fault("/change", "Only a revision says what is different."))
    if len(taken.dissent) > LONGEST:
        faults.append(Fault("/dissent", f"At most {LONGEST} characters."))
    if taken.decided_at > now:
        faults.append(Fault("/decided_at", "Say when it was decided: not in the future."))
    if taken.review_at is not None and not taken.decided_at < taken.review_at < now + LATEST_REVIEW:
        faults.append(Fault("/review_at", "After the time of the decision, and within three years."))
    if taken.as_lead and taken.shared == LogEntry.Shared.NOBODY:
        faults.append(Fault("/shared", "What is decided for the incident is read by deputy lead and provider too."))
    return faults


def write_decision(incident: Incident, taken: Taken) -> LogEntry:
    """Write a decision into the log, or a revision of one; what stood before is kept. The same again is the one that
    stands already. Of a closed incident too: its review is when much of it is written.

    Raises:
        Invalid: something is missing, too long, or of the future.
        NotYours: a role that only watches, a key; for the incident whoever does not lead; somebody else's former one.
        WrongMoment: there is a newer revision, it is shared with others than said, or the exercise is put aside.
    """
    if faults := faults_of(taken):
        raise Invalid(faults)
    made = asked(
        "SELECT sec.write_decision(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            incident.pk, taken.as_lead, taken.known, taken.options, taken.decision, taken.why, taken.dissent,
            taken.decided_by, taken.decided_role, taken.decided_at, taken.review_at, taken.revises, taken.change,
            taken.shared,
        ],
        "decision.written",
    )  # fmt: skip
    return LogEntry.objects.select_related("organisation").get(pk=made)


def share_decision(entry_id: UUID, *, shared: str) -> bool:
    """Let others read the newest revision, or fewer than before every revision; whether that is new.

    Raises:
        NotYours: it is somebody else's, or a role that does not say who reads it, or a key.
        WrongMoment: not the newest revision, the lead's for nobody, or the exercise is put aside.
    """
    new: bool = asked("SELECT sec.share_decision(%s, %s)", [entry_id, shared], "decision.shared")
    return new


def due_decisions(me: UUID) -> list[LogEntry]:
    """One's own decisions whose review time has passed, the longest first, of closed incidents too. One query."""
    mine = Q(as_lead=False, organisation_id=me) | Q(as_lead=True, incident__lead_id=me)
    due = LogEntry.objects.filter(mine, newest=True, review_at__lte=clock.now(), incident__suspended_at=None)
    return list(due.select_related("incident").order_by("review_at", "id")[:MOST_DUE])
