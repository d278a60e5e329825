"""What the pages of techniques show: the list, one technique, what the plan answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, IncidentTechnique, TechniqueSaying
from incidents.not_trusted import suspicions_in
from incidents.techniques.coverage import Answer, Covered, answered_by, coverage, tactics_of
from incidents.techniques.facts import countermeasures, facts, search, technique
from incidents.techniques.plan import names_of, others_that_answer, plan_steps
from incidents.techniques.said import cut_off, cut_off_of_them
from incidents.techniques.words import named_in_short, seen_at

State = IncidentTechnique.State
SHOWN_FIRST = [State.OBSERVED, State.HYPOTHESISED, State.RULED_OUT]
Visible = dict[str, Any]


def versions() -> Visible:
    return {"attack_version": facts().attack_version, "d3fend_version": facts().d3fend_version}


def list_page(incident: Incident, *, me: UUID, words: str) -> Visible:
    """Techniques on the incident, those seen first; and what the search found, each with its page. Three queries."""
    seen_by: dict[UUID, list[str]] = defaultdict(list)
    apart: Counter[UUID] = Counter()
    gone = cut_off(suspicions_in(incident.pk))
    in_force = TechniqueSaying.objects.filter(incident=incident, in_force=True).order_by("organisation__name")
    for pk, organisation, name in in_force.values_list(
        "subject_id", "organisation_id", "organisation__name"
    ).distinct():
        seen_by[pk].insert(0 if organisation == me else len(seen_by[pk]), _("your own") if organisation == me else name)
        apart[pk] += organisation in gone
    rows = list(IncidentTechnique.objects.filter(incident=incident))
    rows.sort(key=lambda row: (SHOWN_FIRST.index(State(row.state)), row.technique))
    here = {row.technique: row for row in rows}
    return {
        "rows": [
            _row(incident, row) | {"seen_by": named_in_short(seen_by[row.pk]), "apart": cut_off_of_them(apart[row.pk])}
            for row in rows
        ],
        "found": [
            {
                "id": each.id,
                "name": each.name,
                "tactics": ", ".join(each.tactics),
                "href": _href(incident, each.id),
                "state": state_in_words(here[each.id]) if each.id in here else "",
            }
            for each in search(words, family="attack")
        ],
        "words": words,
        "coverage_href": reverse("incident-coverage", args=[incident.reference]),
        **versions(),
    }


def state_in_words(row: IncidentTechnique) -> str:
    """`Seen at 2 organisations`, `Supposed`, `Ruled out`."""
    if row.state == State.OBSERVED:
        words = seen_at(row.seen_count)
        return words[:1].upper() + words[1:]
    return str(row.get_state_display())


def _row(incident: Incident, row: IncidentTechnique) -> Visible:
    known = technique(row.technique)
    return {
        "id": row.technique,
        "name": known.name if known else "",
        "tactics": ", ".join(known.tactics) if known else "",
        "state": state_in_words(row),
        "key": row.state,
        "changed_at": row.changed_at,
        "href": _href(incident, row.technique),
    }


def _href(incident: Incident, key: str) -> str:
    return reverse("incident-technique", args=[incident.reference, key])


def coverage_page(incident: Incident, *, me: UUID) -> Visible:
    """What the running plan answers of the techniques that are not ruled out. Four queries, and one for the header."""
    rows = {row.technique: row for row in IncidentTechnique.objects.filter(incident=incident)}
    oversees = me in incident.overseers
    steps = plan_steps(incident, oversees=oversees)
    found = coverage([key for key, row in rows.items() if row.state != State.RULED_OUT], steps)
    missing = {each.technique: answered_by(each.technique) for each in found if not each.answers}
    others = others_that_answer(missing, but=incident.playbook_id)
    return {
        "rows": [_covered(incident, rows[each.technique], each, others.get(each.technique, [])) for each in found],
        "unanswered": sum(each.how == "nothing" for each in found),
        "only_if": sum(each.how == "may_come" for each in found),
        "ruled_out": sum(row.state == State.RULED_OUT for row in rows.values()),
        "plan": names_of(steps),
        "oversees": oversees,
        "tactics": tactics_of({key: row.state for key, row in rows.items()}),
        "list_href": reverse("incident-techniques", args=[incident.reference]),
        **versions(),
    }


def _covered(incident: Incident, row: IncidentTechnique, each: Covered, others: list[Visible]) -> Visible:
    return _row(incident, row) | {
        "how": each.how,
        "asserted": [known for key in each.asserted if (known := technique(key))],
        "derived": each.derived,
        "answers": _answers(each.answers),
        "may_come": _answers(each.may_come),
        "hints": _answers(each.hints),
        "off": _answers(each.off),
        "others": [{**other, "href": reverse("playbook-detail", args=[other["id"]])} for other in others],
    }


def _answers(answers: Sequence[Answer]) -> list[Visible]:
    return [
        {"title": each.step.title, "playbook": each.step.playbook, "by": ", ".join(each.by), "state": each.step.state}
        for each in answers
    ]


def known_here(incident: Incident, key: str) -> tuple[Visible, IncidentTechnique | None] | None:
    """A technique of the list, or one that stands on the incident all the same; None: neither. One query."""
    row = IncidentTechnique.objects.filter(incident=incident, technique=key).first()
    known = technique(key)
    if row is None and (known is None or known.family != "attack" or known.id != key):
        return None
    shown: Visible = {
        "id": key,
        "name": known.name if known else "",
        "tactics": ", ".join(known.tactics) if known else "",
        "known": known is not None,
        "state": state_in_words(row) if row else "",
        "key": row.state if row else "",
        "put_by": row.attack_version if row else "",
        "asserted": [found for each in countermeasures(key).asserted if (found := technique(each))],
        "derived": len(countermeasures(key).derived),
    }
    return shown, row
