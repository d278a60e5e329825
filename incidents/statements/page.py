"""What the pages on statements show, each to those who may read it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, LogEntry, Standing, Statement, StatementAsk, StatementVersion
from incidents.not_trusted import Suspicion, mark_of, suspicions_in
from incidents.statements.agreeing import all_agree, must_agree, objected_at, shown_status, status_words
from incidents.statements.forms import AUDIENCE_WORDS
from incidents.statements.saying import Says, Status
from partners.models import Person
from portal import clock

Shown = dict[str, Any]
MOST, MOST_DECISIONS = 200, 20
CUT_OFF = (3, 4)  # steps of isolation with which an organisation cannot take its own words back


def list_page(incident: Incident, *, me: UUID) -> Shown:
    """Those to answer, one's own, and others that the reader may read. Three queries."""
    rows = list(Statement.objects.filter(incident=incident).select_related("organisation")[:MOST])
    asks: dict[UUID, list[StatementAsk]] = {}
    for ask in StatementAsk.objects.filter(incident=incident, newest=True):
        asks.setdefault(ask.statement_id, []).append(ask)
    waits = {each for each, own in asks.items() if any(one.organisation_id == me and not one.answer for one in own)}
    found = suspicions_in(incident.pk)
    keys = {each.pk: shown_status(each, asks.get(each.pk, ()), found, me=me) for each in rows}
    shown = [
        {
            "title": each.title,
            "href": reverse("statement", args=[each.pk]),
            "audience": AUDIENCE_WORDS[each.audience],
            "status": status_words(keys[each.pk]),
            "key": keys[each.pk],
            "whose": each.organisation.name,
            "own": each.organisation_id == me,
            "waits": each.pk in waits and each.status == Status.ASKED,
            "at": each.issued_at or each.at,
        }
        for each in rows
    ]
    return {
        "waiting": [each for each in shown if each["waits"]],
        "own": [each for each in shown if each["own"]],
        "others": [each for each in shown if not each["own"] and not each["waits"]],
    }


def statement_page(statement: Statement, *, me: UUID, may_speak: bool, may_write: bool) -> Shown:
    """One statement: its newest text that the reader may read, the older ones, and who has said what."""
    now = clock.now()
    own = statement.organisation_id == me
    versions = list(StatementVersion.objects.filter(statement=statement))
    asks = list(StatementAsk.objects.filter(statement=statement, newest=True).select_related("organisation"))
    found = suspicions_in(statement.incident_id)
    names = dict(Standing.objects.filter(incident_id=statement.incident_id).values_list("organisation_id", "name"))
    people = {who for each in asks if each.organisation_id == me and (who := each.answered_by)}
    people |= {each.written_by for each in versions if own}
    by = dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))
    newest = versions[0] if versions else None
    current = newest is not None and newest.number == statement.version
    mine = next((each for each in asks if each.organisation_id == me), None)
    goes_on = statement.status == Status.ASKED
    open_draft = statement.status == Status.DRAFT
    must = must_agree(newest, asks) if own and newest else []
    nobody = newest is not None and not must
    cut_off = any(
        each.organisation_id == statement.organisation_id and each.step in CUT_OFF and each.lifted_at is None
        for each in found
    )
    may_issue = own and may_speak and (goes_on or (open_draft and nobody))
    overrides = not all_agree(statement, asks, found)
    return {
        "text": newest.text if newest else "",
        "version": newest.number if newest else 0,
        "stale": not current,
        "status": status_words(shown_status(statement, asks, found, me=me)),
        "must_agree": [names.get(each, "") for each in must],
        "answers": [{**_answer(each, by, now, goes_on), "mark": _mark(each, found, names)} for each in asks],
        "mine": _answer(mine, by, now, goes_on) if mine else None,
        "earlier": [
            {"number": each.number, "text": each.text, "at": each.at, "by": by.get(each.written_by, "")}
            for each in versions[1:]
        ],
        "may_answer": mine is not None and goes_on and current and may_speak,
        "may_ask": own and may_speak and open_draft and not nobody,
        "may_change": own and (may_speak if goes_on else open_draft and may_write),
        "may_issue": may_issue,
        "overrides": overrides,
        "decisions": _decisions(statement, newest, objected_at(asks, found), me)
        if may_issue and overrides and newest
        else [],
        "may_withdraw": may_speak
        and statement.status != Status.WITHDRAWN
        and (own or (cut_off and statement.incident.lead_id == me)),
        "overridden": _overriding(statement, names) if statement.decision_id else None,
    }


def _mark(each: StatementAsk, found: list[Suspicion], names: dict[UUID, str]) -> str:
    return mark_of(found, each.organisation_id, each.answered_at, names) if each.answered_at else ""


def _answer(each: StatementAsk, by: dict[UUID, str], now: Any, goes_on: bool) -> Shown:
    late = goes_on and each.answer == Says.NOTHING and each.due_at <= now
    return {
        "organisation": each.organisation.name,
        "answer": each.answer,
        "words": {
            Says.NOTHING: _("No answer: that is no agreement"),
            Says.AGREES: _("Agrees"),
            Says.OBJECTS: _("Objects"),
        }[Says(each.answer)],
        "reason": each.reason,
        "at": each.answered_at,
        "by": by.get(each.answered_by, "") if each.answered_by else "",
        "due_at": each.due_at,
        "late": late,
        "earlier": len(each.earlier),
    }


def _decisions(
    statement: Statement, newest: StatementVersion, objected: datetime | None, me: UUID
) -> list[tuple[str, str]]:
    """Decisions of one's own log that may let it go out: written since everybody was asked and nobody objected."""
    since = max(each for each in (newest.asked_at or newest.at, objected) if each)
    rows = LogEntry.objects.filter(
        Q(at__gte=since), incident_id=statement.incident_id, organisation_id=me, newest=True
    ).order_by("-at")
    return [(str(each.pk), each.decision[:80]) for each in rows[:MOST_DECISIONS]]


def _overriding(statement: Statement, names: dict[UUID, str]) -> Shown:
    """The decision that let it go out, in words where the reader may read it."""
    decision = LogEntry.objects.filter(pk__in=[statement.decision_id]).first()
    return {
        "whose": names.get(statement.organisation_id, ""),
        "words": decision.decision if decision else "",
        "href": reverse("incident-decisions", args=[statement.incident.reference]) if decision else "",
    }
