"""What was said of one technique, as its page shows it: the newest words, whose they are, what the reader may say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, IncidentTechnique, Participant, TechniqueSaying
from incidents.not_trusted import Suspicion, mark_of, suspicions_in
from incidents.techniques.saying import evidence_of
from partners.models import Person

SHOWN = 50
ISOLATED = 4
Said = TechniqueSaying.Said
Visible = dict[str, Any]


def cut_off(found: Sequence[Suspicion]) -> set[UUID]:
    """Organisations that cannot sign in now."""
    return {each.organisation_id for each in found if each.step == ISOLATED and each.lifted_at is None}


def cut_off_of_them(count: int) -> str:
    """How many of those who say that they saw it are cut off, for whoever reads who they are; "": none."""
    return ngettext("one of them is cut off", "%(n)s of them are cut off", count) % {"n": count} if count else ""


def history_of(incident: Incident, row: IncidentTechnique | None, *, me: UUID, leads: bool, answers: bool) -> Visible:
    """The newest of what was said of a technique, as the reader may read it, and how much there is. Five queries.

    `leads`: the reader may set aside what an organisation that is cut off saw. People are named to their own
    organisation alone.
    """
    if row is None:
        return {"history": [], "said_count": 0, "apart": "", "asides": []}
    sayings = TechniqueSaying.objects.filter(subject=row)
    shown = list(sayings.select_related("organisation", "about", "evidence").order_by("-at", "-id")[:SHOWN])
    own = [each.said_by for each in shown if each.said_by and each.organisation_id == me]
    people = dict(Person.objects.filter(pk__in=own).values_list("pk", "name"))
    found = suspicions_in(incident.pk)
    seen = sayings.filter(in_force=True, organisation__in=cut_off(found)).order_by("organisation__name")
    gone = list(seen.values_list("organisation__slug", "organisation__name").distinct())
    return {
        "history": [_said(each, me=me, answers=answers, people=people, found=found) for each in shown],
        "said_count": len(shown) if len(shown) < SHOWN else sayings.count(),
        "apart": cut_off_of_them(len(gone)),
        "asides": gone if leads else [],
    }


def _said(
    each: TechniqueSaying, *, me: UUID, answers: bool, people: Mapping[UUID, str], found: Sequence[Suspicion]
) -> Visible:
    evidence, own = evidence_of(each), each.organisation_id == me
    person = people.get(each.said_by, "") if own and each.said_by else ""
    return {
        "id": each.pk,
        "at": each.at,
        "who": ", ".join(filter(None, (person, each.organisation.name))),
        "mark": mark_of(found, each.organisation_id, each.at, {each.organisation_id: each.organisation.name}),
        "what": str(each.get_said_display()),
        "whose": each.about.name if each.about else "",
        "words": each.words or (evidence.text if evidence else ""),
        "at_home": each.said == Said.OBSERVED and evidence is None,
        "taken_back": each.said == Said.OBSERVED and not each.in_force,
        "shared_at": evidence.shared_at if evidence else None,
        "own": own,
        "may_share": own and answers and evidence is not None and evidence.shared_at is None,
    }


def role_of(incident: Incident, me: UUID) -> str:
    """The role in which the organisation takes part; "" without one. One query."""
    roles = Participant.objects.filter(incident=incident, organisation_id=me).values_list("role", flat=True)
    return roles.first() or ""


def may_say(
    incident: Incident, row: IncidentTechnique | None, *, me: UUID, role: str, rights: Collection[str]
) -> list[tuple[str, str, str]]:
    """What the reader may say now: value, words and a hint, for a form. One query. `rights`: `answer`, `open`."""
    if incident.status == Incident.Status.CLOSED or incident.suspended_at is not None:
        return []
    choices = []
    if "answer" in rights and role not in ("", Participant.Role.OBSERVER):
        hint = _("Lead, deputy lead and provider read that it was you; everybody else a state and a number.")
        choices.append((Said.OBSERVED, _("We saw it at our own side"), hint))
        if TechniqueSaying.objects.filter(subject=row, organisation_id=me, in_force=True).exists():
            hint = _("Lead, deputy lead and provider read why")
            choices.append((Said.WITHDRAWN, _("We take back that we saw it"), hint))
    seen = row is not None and row.seen_count > 0
    if "open" in rights and me in {incident.lead_id, incident.deputy_lead_id} and not seen:
        choices.append((Said.HYPOTHESISED, _("We suppose it"), _("Everybody reads that, and why")))
        choices.append((Said.RULED_OUT, _("It is ruled out"), _("Everybody reads that, and why")))
    return [(value.value, words, hint) for value, words, hint in choices]
