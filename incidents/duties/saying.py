"""Saying something of one's own duty. Functions of the database check who may and when, keep what was said, record it.

Sources of the rules: UK GDPR Art 33(1), (2), (5); DPA 2018 s.67 (STANDARDS 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.errors import Doubtful, NotYours, WrongMoment
from incidents.models import Duty
from incidents.planned import missing_right
from partners import approvals
from portal import clock

LONG_BEFORE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said. `act`: aware, correct, report, no_report, follow_up, close, reopen, share.

    `moment`: when we became aware, or when the report or follow-up was made. `words`: who decided and on what
    evidence, or why. `whom`: of sharing, nobody (""), the lead or all. `sure`: a time that looks like a slip is right.
    """

    act: str
    moment: datetime | None = None
    words: str = ""
    route: str = ""
    reference: str = ""
    delay: str = ""
    whom: str = ""
    sure: bool = False


def say(duty: Duty, said: Saying) -> bool:
    """Say it; whether anything changed.

    Raises:
        NotYours: another organisation's duty, or a role that does not judge this.
        Doubtful: we became aware long before the incident, and nobody has said that this is right.
        WrongMoment: it cannot be said now, or something that it needs is missing; the sentence says what.
    """
    if said.act in {"aware", "correct"} and said.moment is not None and not said.sure:
        _ask_about(said.moment, opened=duty.incident.opened_at)
    try:
        return approvals.call(
            "SELECT sec.say_duty(%s, %s, %s, %s, %s, %s, %s, %s)",
            [duty.pk, said.act, said.moment, said.words, said.route, said.reference, said.delay, said.whom],
        )
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused


def _ask_about(moment: datetime, *, opened: datetime) -> None:
    """A year typed wrong would start a clock that is over; a day typed ahead is refused by the database.

    Raises:
        Doubtful: more than a month before the incident was opened.
    """
    days = (clock.now() - moment).days
    if opened - moment <= LONG_BEFORE:
        return
    if days >= 365:
        long = ngettext("That is %(n)s year ago. Is it right?", "That is %(n)s years ago. Is it right?", days // 365)
        raise Doubtful(long % {"n": days // 365})
    raise Doubtful(_("That is %(n)s days ago, long before the incident. Is it right?") % {"n": days})


def begin_assessment(incident_id: UUID, organisation_id: UUID, because: str) -> UUID:
    """See to it that one's own duty to the Commissioner is *to assess*; starts no clock of it. Returns the duty's id.

    Asked again for the same reason it changes nothing. A duty that was decided not to need a report is to be assessed
    again, because something new is known. What the catalogue starts by a notice runs from now on.

    Raises:
        NotYours: not one's own organisation, one that only watches, or a role that answers nothing.
    """
    try:
        return approvals.call("SELECT sec.begin_assessment(%s, %s, %s)", [incident_id, organisation_id, because])
    except approvals.NotAllowed as refused:
        raise NotYours(str(refused)) from refused


def judged_by_me(incident_id: UUID) -> set[UUID]:
    """Of which duties of the incident the person who asks sets *aware* and decides that no report is needed."""
    return set(approvals.call("SELECT sec.duties_i_judge(%s)", [incident_id]))
