"""Which duty comes first: overdue, then what is due soonest, then what waits for a judgement, then what is settled."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, Value, When

from incidents.models import Duty, Incident
from portal.postgres.prepared import Prepared

State = Duty.State
MOST = 5
_OWN = Prepared(Duty, "incident_id = %s AND organisation_id = %s")
_ORDER = {State.RUNNING: 0, State.ASSESSING: 1, State.REPORTED: 2, State.FOLLOWED_UP: 2, State.NOT_REPORTABLE: 3}


def own_duties(incident: Incident, *, me: UUID) -> QuerySet[Duty]:
    """One's own duties, the most urgent first. Of two that wait, the Commissioner's comes first."""
    place = Case(*(When(state=state, then=Value(at)) for state, at in _ORDER.items()), default=Value(4))
    first = Case(When(kind=Duty.ICO, then=Value(0)), default=Value(1), output_field=IntegerField())
    mine = Duty.objects.filter(incident=incident, organisation_id=me).annotate(place=place, first=first)
    return mine.order_by("place", "due_at", "first", "name")


def own_clock(incident: Incident, *, me: UUID) -> Duty | None:
    """The one duty that the organisation's own tile shows (RULES 6): the first of `own_duties`. One query.

    They are few and put in order here.
    """
    return min(_OWN.all(incident.pk, me), key=_urgency, default=None)


def _urgency(duty: Duty) -> tuple[int, bool, float, bool, str]:
    due = duty.due_at.timestamp() if duty.due_at else 0.0
    return _ORDER.get(State(duty.state), 4), duty.due_at is None, due, duty.kind != Duty.ICO, duty.name


def running_clocks(me: UUID) -> list[Duty]:
    """One's own duties whose clock runs, of closed incidents too: standing down ends no legal clock. One query."""
    mine = Duty.objects.filter(organisation_id=me, state=State.RUNNING).select_related("incident")
    return list(mine.order_by("due_at", "id")[:MOST])
