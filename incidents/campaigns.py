"""Incidents linked as one campaign, without merging who sees what.

Whoever takes part in both incidents reads the link, and nobody by one of them: the database asks for both ends. What is
recorded is recorded for the writer's own organisation alone, and belongs to neither incident: a later participant of
one of them is never told of the other.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from incidents.errors import Fault, Invalid
from incidents.models import CampaignLink, Incident
from portal import clock
from portal.ledger.record import Actor, record

LONGEST = 100


def links_of(incident: Incident, *, me: UUID) -> list[dict[str, Any]]:
    """`{"id", "name", "reference", "title", "status", "href", "mine"}` of what this one is linked with, as far as
    the reader takes part in it too. One query."""
    found = CampaignLink.objects.filter(Q(one=incident) | Q(other=incident)).select_related("one", "other")
    ends = [(link, link.other if link.one_id == incident.pk else link.one) for link in found]
    return [
        {
            "id": str(link.pk),
            "name": link.name,
            "reference": end.reference,
            "title": end.title,
            "status": end.status,
            "href": reverse("incident-board", args=[end.reference]),
            "mine": link.made_by_id == me,
        }
        for link, end in ends
    ]


def targets_of(incident: Incident, linked: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Reference and words of what it can be linked with: what the reader sees, of the same kind. One query."""
    there = {each["reference"] for each in linked}
    rows = Incident.objects.filter(exercise=incident.exercise).exclude(pk=incident.pk).order_by("-opened_at")[:100]
    return [(each.reference, f"{each.reference} {each.title}") for each in rows if each.reference not in there]


@transaction.atomic(using="default")
def link(incident: Incident, *, with_reference: str, name: str, actor: Actor) -> CampaignLink:
    """Say that two incidents belong to one campaign. Saying it again changes nothing, whatever name is given.

    Raises:
        Invalid: the other one is unknown to the caller, is this one, or one alone is an exercise; no name.
    """
    other = Incident.objects.filter(reference=with_reference).first()
    faults = []
    if other is None or other.pk == incident.pk:
        faults.append(Fault("/incident", "Choose another incident that you take part in."))
    elif other.exercise != incident.exercise:
        faults.append(Fault("/incident", "An exercise and a real incident are never one campaign."))
    if not 0 < len(name.strip()) <= LONGEST:
        faults.append(Fault("/name", f"Give the campaign a name of at most {LONGEST} letters."))
    if faults or other is None:
        raise Invalid(faults)
    one, two = sorted((incident.pk, other.pk))
    there = CampaignLink.objects.filter(one_id=one, other_id=two).first()
    if there is not None:
        return there
    made = CampaignLink(
        id=uuid4(), one_id=one, other_id=two, name=name.strip(), made_by_id=actor.organisation_id, at=clock.now()
    )
    made.save(force_insert=True)
    _record("campaign.linked", made, actor=actor)
    return made


@transaction.atomic(using="default")
def unlink(link_id: UUID, *, actor: Actor) -> None:
    """Take back a link of one's own organisation.

    Raises:
        CampaignLink.DoesNotExist: no link of theirs that they see.
    """
    made = CampaignLink.objects.get(pk=link_id, made_by_id=actor.organisation_id)
    _record("campaign.unlinked", made, actor=actor)
    made.delete()


def _record(kind: str, made: CampaignLink, *, actor: Actor) -> None:
    record(kind, actor=actor, audience=[actor.organisation_id], subject_id=made.pk, name=made.name)
