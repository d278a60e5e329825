"""What cutting an organisation off costs it and what goes on, counted from the rows that the reader may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Duty, Incident, Participant, Standing, Task
from partners import isolation
from partners.duty import rota_now, who_is_on_duty
from partners.models import CallBack, Contractor, Isolation, Organisation, Person
from portal import clock
from portal.tenancy.door import Visitor

Step = Isolation.Step
UNDO_WITHIN = timedelta(minutes=15)
OPEN = [status for status in Task.MOVES if status not in Task.SETTLED]


def own_steps(visitor: Visitor) -> list[dict[str, Any]]:
    """The four steps for the reader's own organisation: in force or not, what each takes away, who may end it."""
    me = visitor.organisation_id
    in_force = {each.step: each for each in isolation.in_force(me)}
    return [
        {
            "number": step.value,
            "title": step.label,
            "loses": isolation.effects_of_step(step, visitor.organisation_name),
            "in_force": in_force.get(step.value),
            "may_undo": step.value in in_force and may_undo(in_force[step.value], visitor),
            "undo_until": in_force[step.value].started_at + UNDO_WITHIN if step.value in in_force else None,
            "may_press": step != Step.FULL and step.value not in in_force,
        }
        for step in Step
    ]


def may_undo(step: Isolation, visitor: Visitor) -> bool:
    """Whether this administrator may take the press back alone, as far as a page can tell."""
    return (
        step.lifted_at is None
        and step.approval_id is None
        and step.organisation_id == visitor.organisation_id
        and visitor.role == "administrator"
        and step.pressed_by != visitor.person_id
        and clock.now() - step.started_at < UNDO_WITHIN
    )


def keeps_running(organisation_id: UUID, step: int, *, own: bool, incident: Incident | None = None) -> list[str]:
    """What goes on during a step: legal clocks, open tasks, people on duty. The clocks of others are theirs alone."""
    tasks = Task.objects.filter(organisation_id=organisation_id, status__in=OPEN).exclude(incident__status="closed")
    tasks = tasks.filter(incident=incident) if incident else tasks
    count = tasks.count()
    said = [
        ngettext("%(n)s open task stays open, and its time goes on.",
                 "%(n)s open tasks stay open, and their times go on.", count) % {"n": count}
        if count else _("No task of its is open now.")
    ]  # fmt: skip
    if step == Step.FULL:
        said.append(_("Its tasks are answered with it by telephone."))
    if own:
        # Those of closed incidents too: standing down ends no legal clock.
        clocks = Duty.objects.filter(organisation_id=organisation_id, settled_at=None, aware_at__isnull=False).count()
        said.append(
            ngettext("%(n)s legal clock goes on.", "%(n)s legal clocks go on.", clocks) % {"n": clocks}
            if clocks else _("No legal clock runs now; one that starts goes on as usual.")
        )  # fmt: skip
        said.append(_on_duty())
    else:
        said.append(_("Its legal clocks go on; they are its own, and not shown to others."))
        desk = Participant.objects.filter(incident=incident, organisation_id=organisation_id).first()
        if desk is not None and desk.duty_phone:
            said.append(_("Its duty desk is reached at %(number)s.") % {"number": desk.duty_phone})
        said.append(_("It is still told, by the ways that are trusted."))
    return said


def _on_duty() -> str:
    """Who is told next of the reader's own organisation, by its rota."""
    now = clock.now()
    whose = who_is_on_duty(rota_now(now), now)
    if whose is not None and whose.person_id is not None:
        name = Person.objects.values_list("name", flat=True).get(pk=whose.person_id)
        return _("%(name)s is on duty now and is still told, by the ways that are trusted.") % {"name": name}
    if whose is not None and whose.contractor_id is not None:
        name = Contractor.objects.values_list("name", flat=True).get(pk=whose.contractor_id)
        return _("%(name)s is on duty for you now and is still called.") % {"name": name}
    return _("Nobody is on duty now by your rota; your duty desk is still told, by the ways that are trusted.")


def asks_for(incident: Incident, target_id: UUID) -> UUID | None:
    """Who asks for a step against this participant: the lead, and against the lead its deputy."""
    return incident.deputy_lead_id if incident.lead_id == target_id else incident.lead_id


def second_ones(incident: Incident, *, but: set[UUID]) -> list[tuple[str, str]]:
    """Participants that can be the second organisation: `(id, name)`."""
    found = Standing.objects.filter(incident=incident).exclude(organisation_id__in=but)
    found = found.exclude(word=Standing.Word.CUT_OFF).exclude(role="observer")
    return [(str(each.organisation_id), each.name) for each in found.order_by("name")]


def who_leads_after(incident: Incident, target: Participant) -> str:
    """Who leads once this step is taken, in a sentence; '' when nothing changes."""
    if incident.lead_id != target.organisation_id:
        return ""
    names = dict(Standing.objects.filter(incident=incident).values_list("organisation_id", "name"))
    heir = names.get(incident.deputy_lead_id, "") if incident.deputy_lead_id else ""
    return (
        _("%(heir)s leads from that moment on; all that runs goes on under it.") % {"heir": heir}
        if heir
        else _("The next in the agreed succession leads from that moment on.")
    )


def others_who_know(step: Isolation, *, me: UUID) -> list[tuple[str, str]]:
    """Who can be the second organisation to lift a step: `(id, name)` of those who know of it."""
    known = Organisation.objects.filter(pk__in=step.audience).exclude(pk=me)
    if not target_may_lift(step):
        known = known.exclude(pk=step.organisation_id)
    return [(str(pk), name) for pk, name in known.values_list("pk", "name")]


def target_may_lift(step: Isolation) -> bool:
    """Whether the organisation itself may be one of the two: not when cut off or limited, nor what others did to it."""
    return step.approval_id is None and step.step in {Step.PROVIDER, Step.MAIL}


def appeals_of(organisation_id: UUID) -> list[CallBack]:
    found = CallBack.objects.filter(about_id=organisation_id, purpose=CallBack.Purpose.APPEAL)
    return list(found.select_related("calling_organisation")[:20])
