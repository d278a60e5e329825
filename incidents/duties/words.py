"""Duties in words: the rule in our own, with its reference; state as word, shape and colour; what to do next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.models import Duty
from incidents.words import span
from portal.pages import local_time

State = Duty.State
DAY_AND_TIME = "%a %-d %b %H:%M"
# Word, shape, class of the style sheet. Red is for overdue alone (RULES 3).
STATES = {
    State.ASSESSING: (lazy("To assess"), "◇", "state--told"),
    State.RUNNING: (lazy("Clock runs"), "◐", "state--doing"),
    State.REPORTED: (lazy("Reported"), "✓", "state--done"),
    State.FOLLOWED_UP: (lazy("Follow-up sent"), "✓", "state--done"),
    State.NOT_REPORTABLE: (lazy("No report needed"), "–", "state--not-needed"),
    State.CLOSED: (lazy("Closed"), "✓✓", "state--checked"),
}
# In our own words; the law's own stand where the source says. STANDARDS 7.1-7.3.
RULES = {
    "ico_72h": (
        lazy(
            "A personal data breach is reported to the Commissioner without undue delay, where feasible no later than"
            " 72 hours after you became aware of it, unless it is unlikely to put people at risk. A later report says"
            " why it is late."
        ),
        lazy(
            "You are aware when you are reasonably certain that personal data have been compromised. Data that cannot"
            " be reached count too. You need not know everything: the rest can follow in phases, Article 33(4)."
        ),
        lazy(
            "An incident by itself, or a notice from your provider, starts no clock: each is a reason to assess. Every"
            " breach is documented, reported or not, Article 33(5)."
        ),
    ),
    "controllers_told": (
        lazy(
            "Whoever processes personal data for others tells each of them without undue delay after becoming aware"
            " of a breach. There is no number of hours."
        ),
    ),
    "enforcement_72h": (
        lazy("The same 72 hours for personal data that you process for law enforcement, beside those of the UK GDPR."),
    ),
    "nis_72h": (
        lazy(
            "An operator of an essential service tells its competent authority in writing, within 72 hours of becoming"
            " aware, of an incident with a significant impact on that service."
        ),
    ),
}
OTHER_RULE = lazy("What this asks stands in its source. Read it before you decide.")


def rule_of(duty: Duty) -> list[str]:
    return [str(each) for each in RULES.get(duty.kind, (OTHER_RULE,))]


def overdue(duty: Duty, now: datetime) -> bool:
    return duty.state == State.RUNNING and duty.due_at is not None and duty.due_at < now


def state_of(duty: Duty, now: datetime) -> dict[str, str]:
    if overdue(duty, now):
        return {"word": _("Overdue"), "shape": "!", "css": "state--overdue"}
    word, shape, css = STATES[State(duty.state)]
    return {"word": str(word), "shape": shape, "css": css}


def length_of(hours: int, rule: str) -> str:
    if hours == 0:
        return _("without undue delay")
    if rule == "working":
        return _("%(n)s working hours, Monday to Friday, 9 to 17") % {"n": hours}
    return _("%(n)s hours, nights and weekends included") % {"n": hours}


def to_do(duty: Duty, now: datetime) -> str:
    """What stands to be done, in one sentence."""
    if duty.state == State.ASSESSING:
        return _("Assess: are we aware? The clock starts when a person says so.")
    if duty.state == State.RUNNING and duty.due_at is None:
        return _("Report without undue delay.")
    if duty.state == State.RUNNING and overdue(duty, now):
        return _("Late by %(time)s. Report now, and say why it is late.") % {"time": span(now - duty.due_at)}  # type: ignore[operator]
    if duty.state == State.RUNNING:
        return _("Report within %(time)s.") % {"time": span(duty.due_at - now)}  # type: ignore[operator]
    if duty.state == State.NOT_REPORTABLE:
        return _("No report needed: %(why)s") % {"why": duty.decision}
    if duty.state == State.CLOSED:
        return _("Nothing more to do.")
    return _("Send what was not yet known as a follow-up, then close it.")


def facts_of(duty: Duty) -> list[tuple[str, str]]:
    """Both times of each instant: local with its zone, and UTC."""
    pairs = [
        (_("Source"), duty.source),
        (_("How long"), length_of(duty.hours, duty.rule)),
        (_("Judged by"), duty.get_judge_display()),
    ]
    for words, at in (
        (_("Aware since") if duty.starts == "aware" else _("Began"), duty.aware_at),
        (_("Due"), duty.due_at),
        (_("Reported at"), duty.reported_at),
    ):
        if at is not None:
            pairs.append((words, both_times(at)))
    for words, said in (
        (_("Route"), duty.route),
        (_("Reference"), duty.reference),
        (_("Why it was late"), duty.delay),
        (_("Why no report"), duty.decision),
    ):
        if said:
            pairs.append((words, said))
    return pairs


def both_times(at: datetime) -> str:
    return f"{local_time(at, DAY_AND_TIME + ' %Z')} ({at:%a %-d %b %H:%M} UTC)"


def shared_words(duty: Duty) -> str:
    return {
        "": _("Only we see this."),
        "lead": _("Shared with whoever leads, now or later."),
        "all": _("Shared with everybody who takes part."),
    }[duty.shared]


def row_of(duty: Duty, now: datetime) -> dict[str, Any]:
    return {
        "name": duty.name,
        "source": duty.source,
        "state": state_of(duty, now),
        "to_do": to_do(duty, now),
        "due": both_times(duty.due_at) if duty.due_at and not duty.settled_at else "",
        "shared": shared_words(duty),
    }
