"""Merging: of two incidents of one lead that turn out to be the same thing, one goes on and the other is closed.

Both trails stay, readable by whoever could read them. Nothing of one is written into the other: what was attacked is
added to the one that goes on, and whoever is reached by that joins it like anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connections, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.closing import close_incident
from incidents.errors import Fault, Invalid, WrongMoment
from incidents.left_untold import still_untold
from incidents.models import Incident, Participant
from incidents.reach_words import MERGED
from incidents.transitions import locked_incident
from incidents.widening import add_participants, add_systems
from portal.ledger.record import Actor


@dataclass(frozen=True, slots=True)
class Merged:
    """Slugs: who joined the one that goes on, and whom no path reaches there, who is asked."""

    joined: list[str]
    asked: list[str]


def targets_of(incident: Incident) -> list[tuple[str, str]]:
    """Reference and words of the open incidents that `incident` can be merged into. One query."""
    rows = Incident.objects.filter(lead_id=incident.lead_id, exercise=incident.exercise).exclude(
        status__in=[Incident.Status.CLOSED, Incident.Status.SUSPECTED]
    )
    rows = rows.filter(suspended_at=None).exclude(pk=incident.pk).order_by("-opened_at")
    return [(each.reference, f"{each.reference} {each.title}") for each in rows]


@transaction.atomic(using="default")
def merge(*, incident_id: UUID, into_id: UUID, actor: Actor) -> Merged:
    """Close `incident_id` as a duplicate of `into_id`, which goes on with what both are about.

    Asking twice for the same changes nothing. It cannot be taken back.

    Raises:
        Incident.DoesNotExist, NotYours: as `move_incident`, of either. Invalid: they are one and the same.
        WrongMoment: one is closed, suspected or put aside, one is an exercise and the other not, or somebody of
            the one that is closed is left untold in either. approvals.NotAllowed: see `incidents.outside.ask`.
    """
    if incident_id == into_id:
        raise Invalid([Fault("/into", "Choose another incident than this one.")])
    # Always in the same order, so that two merges wait for each other instead of for ever.
    held = {pk: locked_incident(pk, actor=actor) for pk in sorted((incident_id, into_id))}
    closed, goes_on = held[incident_id], held[into_id]
    if closed.merged_into_id == goes_on.pk:
        return Merged([], [])
    _check(closed, goes_on)
    joined = []
    if systems := list(closed.systems.filter(named=True).values_list("slug", flat=True)):
        _incident, changed = add_systems(incident_id=goes_on.pk, systems=systems, actor=actor)
        joined = changed["organisations"]
    here = Participant.objects.filter(incident=goes_on).values_list("organisation_id")
    left = Participant.objects.filter(incident=closed).exclude(organisation_id__in=here).values_list("slug", flat=True)
    asked: list[str] = []
    if others := list(left):
        added = add_participants(incident_id=goes_on.pk, organisations=others, because=MERGED, actor=actor)
        joined, asked = joined + added.joined, added.asked
    close_incident(
        incident_id=closed.pk,
        outcome=Incident.Outcome.DUPLICATE,
        reason=_("It is the same as another incident, which goes on. What was written here stays."),
        actor=actor,
    )
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.merged_into(%s, %s)", [closed.pk, goes_on.pk])
    return Merged(sorted(joined), sorted(asked))


def _check(closed: Incident, goes_on: Incident) -> None:
    for each in (closed, goes_on):
        if each.status == Incident.Status.CLOSED:
            raise WrongMoment(f"{each.reference} is closed.")
        if each.status == Incident.Status.SUSPECTED:
            raise WrongMoment(
                f"{each.reference} is only suspected, and few people know of it: declare or close it first."
            )
        if each.suspended_at is not None:
            raise WrongMoment(f"{each.reference} is put aside.")
    if closed.exercise != goes_on.exercise:
        raise WrongMoment("An exercise and a real incident are never one.")
    if still_untold(closed):
        raise WrongMoment(f"Somebody is left untold in {closed.reference}: they would be told by this.")
    here = set(closed.participants)
    if kept := [each["name"] for each in still_untold(goes_on) if each["organisation_id"] in here]:
        raise WrongMoment(
            f"{', '.join(kept)}: left untold in {goes_on.reference}. Tell them there first, by a word of your own."
        )


def goes_on_as(incident: Incident) -> Incident | None:
    """The incident that this one was merged into, for whoever takes part in that too; else None. One query."""
    if incident.merged_into_id is None:
        return None
    return Incident.objects.filter(pk=incident.merged_into_id).first()


def merged_notice(incident: Incident) -> list[dict[str, str]]:
    """For the board of one that was merged: where it goes on, for whoever takes part there. One query where it was."""
    other = goes_on_as(incident)
    if other is None:
        return []
    return [
        {
            "title": _("It goes on as another incident"),
            "words": _("Closed as a duplicate; what was written here stays."),
            "link": f"{other.reference} {other.title}",
            "href": reverse("incident-board", args=[other.reference]),
        }
    ]
