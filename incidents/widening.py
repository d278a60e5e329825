"""An incident grows: it is declared, another system is attacked, another organisation takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from incidents.backfill import told_to_all
from incidents.errors import Fault, Invalid, WrongMoment
from incidents.fanout import Joining, add_sides, announce_opening, joining_of
from incidents.left_untold import once_untold, still_untold, tell_after_all
from incidents.models import Incident, IncidentSystem, Participant, Rewalk
from incidents.outside import agreed_to, ask
from incidents.rewalk import cause, current_document, walk_again
from incidents.transitions import locked_incident
from partners.models import Organisation, SharedSystem
from portal import clock
from portal.ledger.record import Actor, Entry, record, record_many


@dataclass(frozen=True, slots=True)
class Added:
    """Slugs of who joined now, and of who takes part once it or a second organisation agrees."""

    joined: list[str]
    asked: list[str]


@transaction.atomic(using="default")
def declare(*, incident_id: UUID, actor: Actor) -> Incident:
    """Turn a suspected incident into an open one: everybody in its newest radius joins and is told, and whoever
    was left untold first and promised word since.

    Raises:
        Incident.DoesNotExist, NotYours: as `move_incident`. WrongMoment: it is closed.
    """
    incident = locked_incident(incident_id, actor=actor)
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    if incident.status != Incident.Status.SUSPECTED:
        return incident
    incident.status = Incident.Status.OPEN
    incident.declared_at = clock.now()
    incident.save(update_fields=["status", "declared_at"])
    document = current_document(incident)
    assert document is not None
    record(
        "incident.moved",
        actor=actor,
        audience=incident.participants,
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        was="suspected",
        status="open",
        reason="",
    )
    join(incident, [*joining_of(document, lead_id=incident.lead_id), *once_untold(incident)], actor=actor)
    return incident


@transaction.atomic(using="default")
def add_systems(*, incident_id: UUID, systems: Sequence[str], actor: Actor) -> tuple[Incident, dict[str, Any]]:
    """Name further attacked systems, walk again, and let whoever is newly reached join. Adding twice adds once.

    Returns the incident and what changed: `{"systems": [slug], "organisations": [slug]}`.

    Raises:
        Incident.DoesNotExist, NotYours, WrongMoment: as `declare`. Invalid: a system that is not yours to name.
    """
    incident = locked_incident(incident_id, actor=actor)
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    visible = {system.slug: system for system in SharedSystem.objects.filter(slug__in=systems)}
    faults = [
        Fault(f"/systems/{nth}", "No system of this name that you stand on, own or provide.")
        for nth, slug in enumerate(systems)
        if slug not in visible
    ]
    if faults or not systems:
        raise Invalid(faults or [Fault("/systems", "Name at least one system.")])
    known = set(incident.systems.values_list("system_id", flat=True))
    new = [system for system in visible.values() if system.pk not in known]
    if not new:
        return incident, {"systems": [], "organisations": []}
    IncidentSystem.objects.bulk_create(
        IncidentSystem(incident=incident, system=system, slug=system.slug, name=system.name) for system in new
    )
    slugs = sorted(system.slug for system in new)
    names = ", ".join(sorted(system.name for system in new))
    document = walk_again(
        incident, causes=[cause(Rewalk.What.WIDENED, by=[incident.lead.name], words=names)], actor=actor
    ).document
    joined: list[Joining] = []
    if incident.status != Incident.Status.SUSPECTED:
        joined = join(incident, joining_of(document, lead_id=incident.lead_id), actor=actor)
    record(
        "incident.widened",
        actor=actor,
        audience=incident.participants,
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        systems=slugs,
        organisations=[each.slug for each in joined],
    )
    return incident, {"systems": slugs, "organisations": [each.slug for each in joined]}


@transaction.atomic(using="default")
def add_participants(
    *, incident_id: UUID, organisations: Sequence[str], because: str, actor: Actor, quietly: bool = False
) -> Added:
    """The lead lets organisations in: whoever is in reach joins at once, also one that was left untold.

    Whom no path reaches is asked, and a second organisation among those who oversee with it; `quietly`: that one alone.
    It joins when one of them agrees. Asking twice, while it waits, is refused; whoever takes part already stays so.

    Raises:
        Incident.DoesNotExist, NotYours, WrongMoment: as `declare`. Invalid: an unknown organisation, or no reason.
        approvals.NotAllowed: see `incidents.outside.ask`.
    """
    incident = locked_incident(incident_id, actor=actor)
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    known = {organisation.slug: organisation for organisation in Organisation.objects.filter(slug__in=organisations)}
    faults = [
        Fault(f"/organisations/{nth}", "No organisation of this name.")
        for nth, slug in enumerate(organisations)
        if slug not in known
    ]
    if not organisations:
        faults.append(Fault("/organisations", "Name at least one organisation."))
    if not because.strip():
        faults.append(Fault("/because", "Say why: the organisation reads it."))
    if faults:
        raise Invalid(faults)
    document = current_document(incident)
    assert document is not None
    named = {each.pk for each in known.values()}
    possible = [*joining_of(document, lead_id=incident.lead_id), *agreed_to(incident), *once_untold(incident)]
    reached = [each for each in possible if each.organisation_id in named]
    tell_after_all(incident, [each.organisation_id for each in reached])
    joined = join(incident, reached, actor=actor) if incident.status != Incident.Status.SUSPECTED else []
    outside = named - {each.organisation_id for each in reached} - set(incident.participants)
    asked = [each for each in known.values() if each.pk in outside]
    for each in asked:
        ask(incident, each, because=because.strip(), quietly=quietly, actor=actor)
    return Added([each.slug for each in joined], [each.slug for each in asked])


def join(incident: Incident, joining: Sequence[Joining], *, actor: Actor) -> list[Joining]:
    """Those who do not take part yet join, but for who is left untold; each gets what participants may see so far.

    Of one that is named twice the first counts.
    """
    here = set(Participant.objects.filter(incident=incident).values_list("organisation_id", flat=True))
    here |= {each["organisation_id"] for each in still_untold(incident)}
    first: dict[UUID, Joining] = {}
    for each in joining:
        first.setdefault(each.organisation_id, each)
    new = [each for each in first.values() if each.organisation_id not in here]
    if not new:
        return []
    earlier = told_to_all(incident)
    add_sides(incident, new, now=clock.now())
    incident.refresh_from_db(fields=["participants", "overseers"])
    backfill = [
        Entry(
            "incident.backfill",
            [actor.organisation_id, *(each.organisation_id for each in new)],
            incident.pk,
            {"kind": event["kind"], "at": event["at"].isoformat(), "data": event["data"]},
        )
        for event in earlier
    ]
    record_many(backfill, actor=actor, incident_id=incident.pk, incident_reference=incident.reference)
    systems = sorted(incident.systems.values_list("slug", flat=True))
    announce_opening(incident, new, actor=actor, systems=systems, joined_later=True)
    return new
