"""Writing, asking, agreeing, issuing and withdrawing a statement. Functions of the database judge who may.

Silence is never agreement: a statement goes out when all who must agree have, or by a decision in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.errors import Fault, Invalid
from incidents.models import Incident, Statement, StatementAsk
from incidents.personal_data.notices import addressees_of
from incidents.personal_data.saying import asked
from portal.ledger.signals import announce
from portal.pages import local_time
from portal.tenancy.scope import queue_scope

LONGEST, LONGEST_TITLE, LONGEST_REASON = 4000, 200, 1000
USUAL_HOURS, MOST_HOURS = 4, 72
MOST_SHOWN = 5
Audience, Status, Says = Statement.Audience, Statement.Status, StatementAsk.Says


@dataclass(frozen=True, slots=True)
class Draft:
    """`must_agree`: slugs of other participants. `hours`: within which each is to answer once it is asked."""

    title: str
    audience: str
    text: str
    must_agree: Sequence[str] = ()
    hours: int = USUAL_HOURS


def _faults(incident: Incident, text: str, must_agree: Sequence[str], hours: int, me: UUID) -> list[Fault]:
    faults = []
    if not {slug for slug, _name in addressees_of(incident, me=me)} >= set(must_agree):
        faults.append(Fault("/must_agree", "Name other organisations that take part and do not only watch."))
    if not 1 <= len(text.strip()) <= LONGEST:
        faults.append(Fault("/text", f"Between 1 and {LONGEST} characters."))
    if not 1 <= hours <= MOST_HOURS:
        faults.append(Fault("/hours", f"Between 1 and {MOST_HOURS}."))
    return faults


def write_statement(incident: Incident, draft: Draft, *, me: UUID) -> Statement:
    """Write a draft, which one's own organisation alone reads. The same again is the draft that stands already.

    Raises:
        Invalid: no title, no text, too long; whoever must agree takes no part, only watches, or is oneself.
        NotYours: a role that only watches, or a key. WrongMoment: the exercise is put aside.
    """
    faults = _faults(incident, draft.text, draft.must_agree, draft.hours, me)
    if not 1 <= len(draft.title.strip()) <= LONGEST_TITLE:
        faults.append(Fault("/title", f"Between 1 and {LONGEST_TITLE} characters."))
    if faults:
        raise Invalid(faults)
    made = asked(
        "SELECT sec.write_statement(%s, %s, %s, %s, %s::text[], %s)",
        [incident.pk, draft.title, draft.audience, draft.text, list(draft.must_agree), draft.hours],
        "statement.written",
    )
    return Statement.objects.select_related("organisation", "incident").get(pk=made)


def change_statement(statement: Statement, *, text: str, must_agree: Sequence[str], hours: int = USUAL_HOURS) -> bool:
    """Another text, or others who must agree: a new version, which everybody is asked about anew. Whether it is new.

    Raises:
        Invalid: no text, or too long. NotYours: somebody else's, a role that may not, or a key.
        WrongMoment: it went out or was withdrawn; somebody who was asked is left out.
    """
    if faults := _faults(statement.incident, text, must_agree, hours, statement.organisation_id):
        raise Invalid(faults)
    new: bool = asked(
        "SELECT sec.change_statement(%s, %s, %s::text[], %s)",
        [statement.pk, text, list(must_agree), hours],
        "statement.asked",
    )
    return new


def ask_for_agreement(statement: Statement, *, version: int) -> bool:
    """Ask everybody who must agree to the version that was read; False: they were asked already.

    Raises:
        NotYours: as `change_statement`. WrongMoment: the text has changed meanwhile, nobody is named, the incident is
            closed, or it went out.
    """
    new: bool = asked("SELECT sec.ask_statement(%s, %s)", [statement.pk, version], "statement.asked")
    return new


def answer_statement(statement: Statement, *, version: int, says: str, reason: str = "") -> bool:
    """Agree or object for one's own organisation, to the version that was read; whether that is new.

    Raises:
        Invalid: an objection without a reason, or too long. NotYours: not asked, a role that may not, or a key.
        WrongMoment: the text has changed meanwhile, it went out or was withdrawn.
    """
    if says == Says.OBJECTS and not reason.strip():
        raise Invalid([Fault("/reason", "Say why you object.")])
    if len(reason) > LONGEST_REASON:
        raise Invalid([Fault("/reason", f"At most {LONGEST_REASON} characters.")])
    new: bool = asked(
        "SELECT sec.answer_statement(%s, %s, %s, %s)", [statement.pk, version, says, reason], "statement.answered"
    )
    return new


def issue_statement(statement: Statement, *, version: int, decision: UUID | None = None) -> bool:
    """Say that it went out: from now on all participants read it. Whether that is new.

    Raises:
        NotYours: as `change_statement`.
        WrongMoment: not everybody has agreed and `decision` is none of one's own log written since they were asked
            and since the newest objection.
    """
    new: bool = asked("SELECT sec.issue_statement(%s, %s, %s)", [statement.pk, version, decision], "statement.issued")
    return new


def withdraw_statement(statement: Statement, *, reason: str) -> bool:
    """Take it back, also after it went out; what was read stays readable as withdrawn. Whether that is new.

    For an author that is cut off the lead does it, of what the lead reads.

    Raises: as `change_statement`; Invalid without a reason.
    """
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid([Fault("/reason", f"Say why, in at most {LONGEST_REASON} characters.")])
    new: bool = asked("SELECT sec.withdraw_statement(%s, %s)", [statement.pk, reason], "statement.withdrawn")
    return new


def waiting_statements(me: UUID, incident: Incident | None = None) -> list[dict[str, Any]]:
    """What waits for one's own organisation to agree or object, as `_notices.html` wants it. One query."""
    rows = StatementAsk.objects.filter(
        organisation_id=me, answer=Says.NOTHING, newest=True, statement__status=Status.ASKED,
        incident__suspended_at=None,
    )  # fmt: skip
    if incident is not None:
        rows = rows.filter(incident=incident)
    return [
        {
            "title": _("%(name)s asks you to agree to a statement") % {"name": each.author.name},
            "words": _("“%(title)s”, by %(time)s. Your silence is not agreement.")
            % {"title": each.statement.title, "time": local_time(each.due_at, "%H:%M, %-d %B")},
            "reference": each.incident.reference,
            "name": each.statement.title,
            "due_at": each.due_at,
            "link": _("Read it"),
            "href": reverse("statement", args=[each.statement_id]),
        }
        for each in rows.select_related("author", "statement", "incident").order_by("due_at", "id")[:MOST_SHOWN]
    ]


def remind_of_statements() -> int:
    """Remind who has not answered: at half of their time and when it is over. Safe to repeat."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.remind_of_statements()")
        count: int = cursor.fetchone()[0]
        if count:
            announce(connections["default"], {"statement.reminded"})
        return count
