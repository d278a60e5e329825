"""What the page of the decision log shows: own decisions, shared ones, and the answers to the playbook's questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.decisions.forms import SHARES
from incidents.models import Decision, Incident, LogEntry
from incidents.running.deciding import question, words_of
from partners.models import Organisation, Person
from portal import clock

Shown = dict[str, Any]
SHARE_WORDS: dict[str, Any] = dict(SHARES)
MOST = 500  # lines of a page; the API pages through more


def log_page(incident: Incident, *, me: UUID, may_write: bool, may_lead: bool, may_judge: bool) -> Shown:
    """`{"due", "lines"}`: lines in the order of their times, the newest first; a fixed number of queries.

    A line is a decision with its earlier revisions, or of the playbook (`"plan": True`), read by those who read that.
    """
    now = clock.now()
    rows = list(LogEntry.objects.filter(incident=incident).select_related("organisation", "incident")[:MOST])
    names = _names(each.written_by for each in rows if each.organisation_id == me)
    chains: dict[UUID, list[LogEntry]] = {}
    for each in sorted(rows, key=lambda row: -row.number):
        chains.setdefault(each.root, []).append(each)
    lines = []
    for newest, *earlier in chains.values():
        shown = entry_shown(newest, names, now)
        mine = me == (incident.lead_id if newest.as_lead else newest.organisation_id)
        may = may_lead if newest.as_lead else may_write and (may_judge or not newest.shared)
        lines.append(
            {
                **shown,
                "earlier": [entry_shown(each, names, now) for each in earlier],
                "revise_href": _revise(incident, newest) if mine and may and newest.newest else "",
                "may_share": mine and may_judge and newest.newest,
                "due": shown["due"] and mine,
            }
        )
    lines += _plan_lines(incident)
    lines.sort(key=lambda line: line["decided_at"], reverse=True)
    return {"due": [line for line in lines if line["due"]], "lines": lines}


def _revise(incident: Incident, entry: LogEntry) -> str:
    return reverse("incident-decision-write", args=[incident.reference]) + f"?revises={entry.pk}"


def _names(people: Iterable[UUID]) -> dict[UUID, str]:
    """Names of colleagues; of other organisations' people nobody reads a name. One query."""
    return dict(Person.objects.filter(pk__in=set(people)).values_list("pk", "name"))


def entry_shown(each: LogEntry, names: dict[UUID, str], now: datetime) -> Shown:
    return {
        "plan": False,
        "id": each.pk,
        "title": each.decision,
        "whose": each.organisation.name,
        "as_lead": each.as_lead,
        "decided_by": each.decided_by,
        "decided_role": each.decided_role,
        "decided_at": each.decided_at,
        "review_at": each.review_at,
        "due": each.newest and each.review_at is not None and each.review_at <= now,
        "facts": [
            (words, said)
            for words, said in (
                (_("What was known"), each.known),
                (_("Options"), each.options),
                (_("Why"), each.why),
                (_("Who disagreed"), each.dissent),
            )
            if said
        ],
        "change": each.change,
        "number": each.number,
        "at": each.at,
        "written_by": names.get(each.written_by, ""),
        "shared": each.shared,
        "shared_words": SHARE_WORDS.get(each.shared, ""),
    }


def _plan_lines(incident: Incident) -> Sequence[Shown]:
    """Answers to the playbook's questions, from their own table and for its own readers. Two queries, one when none."""
    answered = list(Decision.objects.filter(incident=incident, chosen__isnull=False).order_by("-chosen_at")[:MOST])
    leads = {each.chosen_by_organisation_id for each in answered if each.chosen_by_organisation_id}
    names = dict(Organisation.objects.filter(pk__in=leads).values_list("pk", "name")) if leads else {}
    return [
        {
            "plan": True,
            "title": question(each),
            "answer": words_of(each, each.chosen or ""),
            "whose": names.get(each.chosen_by_organisation_id, "") if each.chosen_by_organisation_id else "",
            "decided_at": each.chosen_at or each.asked_at,
            "why": each.why,
            "href": reverse("decision", args=[each.pk]),
            "due": False,
        }
        for each in answered
    ]
