"""From an event to messages: who is told of what, by which way. One row of the planning queue is one organisation."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from incidents.models import Incident, Participant
from incidents.participants import mark_reached
from notifications import calls
from notifications.answered_for import tell_of_report
from notifications.data_notices import KINDS as BETWEEN
from notifications.data_notices import say_whether_reached, tell_of_notice
from notifications.deliveries import BETWEEN_TWO, EACH_TIME, New, end_all_waiting, end_waiting, told_points, write
from notifications.duty_reminders import KINDS as DUTIES
from notifications.duty_reminders import tell_of_duty
from notifications.ladder import climb_now, start
from notifications.later_steps import never_called, tell_of_question, tell_of_steps
from notifications.lead_offered import tell_of_offer, tell_the_heir
from notifications.models import Delivery, LadderStep
from notifications.notices import MESSAGES as OWN_NOTICES
from notifications.notices import plan_notice
from notifications.nudging import tell_again
from notifications.planned_cuts import KINDS as CUTS
from notifications.planned_cuts import tell_of_cut
from notifications.recipients import BESIDE, Way, choose, duty_first, why_nobody
from notifications.reminding import remind
from notifications.rungs import ladder_now
from notifications.trust import lift_marks, mark_doubtful
from notifications.ways import active_ways
from partners.duty import held_back
from partners.models import Band, ToldAlongside
from portal.claims import claimant
from portal.failpoints import reach
from portal.ledger.record import Actor, record
from portal.reasons import reason
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
FAILS_AFTER = 10  # attempts: counted for the operator from then on, and tried each five minutes all the same
Message, State = Delivery.Message, Delivery.State
ALL_FAILED = reason("Every message to them failed.")
ALL_FAILED_RING = reason("Every message to them failed. Call the duty desk.")


@dataclass(frozen=True, slots=True)
class Planned:
    """One claimed row of the planning queue. `incident_id` None: a notice of the organisation's own."""

    id: UUID
    event_id: UUID
    organisation_id: UUID
    incident_id: UUID | None
    kind: str
    subject_id: UUID | None


def plan_due(*, most: int = 200) -> int:
    """Plan what is due, an organisation at a time; how many rows were planned."""
    done = 0
    while done < most and _plan_next(None):
        done += 1
    return done


def bring_back() -> int:
    """Have another try at what has failed many times, when it is due; how many rows. Nothing is ever given up.

    Such rows wait as `failed`, so that `sec.queues()` counts them: on `/healthz` and in the operator's figures.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("UPDATE notifications_planning SET state = 'pending' WHERE state = 'failed' AND due_at <= now()")
        return int(cursor.rowcount)


def plan(planning_ids: Iterable[UUID]) -> int:
    """Plan these rows, if they are due and nobody else has them; how many were planned. Safe to repeat."""
    return sum(_plan_next(planning_id) for planning_id in planning_ids)


def _plan_next(planning_id: UUID | None) -> bool:
    """Claim one row and plan it in the same transaction: nothing here speaks to the network.

    A failure puts the row back for later and does not stop the others.
    """
    worker, row = claimant(), None
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            row = _claim(planning_id, worker)
            if row is None:
                return False
            cursor.execute("SELECT sec.enter_planning(%s, %s)", [row.id, worker])
            lies = not _plan_row(row)
            reach("in planning")
            cursor.execute(
                "UPDATE notifications_planning SET state = 'pending', claimed_by = '', claimed_until = NULL,"
                " due_at = now() + interval '100 years' WHERE id = %s"  # until the exercise goes on
                if lies
                else "UPDATE notifications_planning SET state = 'done', claimed_until = NULL WHERE id = %s",
                [row.id],
            )
    except Exception:
        if row is None:
            raise
        log.exception("planning %s of event %s failed", row.id, row.event_id)
        _put_off(row.id)
    return True


def _claim(planning_id: UUID | None, worker: str) -> Planned | None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_planning SET state = 'claimed', attempts = attempts + 1, claimed_by = %(worker)s,"
            " claimed_until = now() + make_interval(secs => %(lease)s)"
            " WHERE id = (SELECT id FROM notifications_planning WHERE state IN ('pending', 'claimed')"
            " AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())"
            " AND (%(one)s::uuid IS NULL OR id = %(one)s) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, event_id, organisation_id, incident_id, kind, subject_id",
            {"worker": worker, "lease": LEASE_SECONDS, "one": planning_id},
        )
        row = cursor.fetchone()
    return Planned(*row) if row else None


def _put_off(planning_id: UUID) -> None:
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_planning SET attempts = attempts + 1,"
            " state = CASE WHEN attempts + 1 > %s THEN 'failed' ELSE 'pending' END, claimed_by = '',"
            " due_at = now() + make_interval(secs => least(300, power(2, least(attempts, 10))) * (0.5 + random()))"
            " WHERE id = %s AND state IN ('pending', 'claimed')",
            [FAILS_AFTER, planning_id],
        )


def _plan_row(row: Planned) -> bool:
    """False: its exercise was put aside, and it is planned when that goes on."""
    if row.incident_id is None or row.kind in OWN_NOTICES:
        plan_notice(row.event_id, organisation_id=row.organisation_id, kind=row.kind, subject_id=row.subject_id)
        return True
    incident = Incident.objects.filter(pk=row.incident_id).first()
    if incident is None:  # not a participant any more: nothing of it may be told here
        return True
    if row.kind == "incident.closed":
        _stand_down(row, incident)
    elif incident.status == Incident.Status.CLOSED and not _of_a_duty(row):  # closing ends no legal clock
        return True
    elif incident.suspended_at is not None:
        return False
    elif row.kind in DUTIES:
        tell_of_duty(
            incident, organisation_id=row.organisation_id, event_id=row.event_id, duty_id=row.subject_id, kind=row.kind
        )
    elif row.kind == "delivery.dead" and row.subject_id:
        _go_round(row, incident, row.subject_id)
    elif row.kind == "call.repeated":
        tell_again(incident, organisation_id=row.organisation_id, event_id=row.event_id)
    elif row.kind == "update.asked":
        _ask(row, incident)
    elif row.kind == "tasks.ready" and not never_called(incident, row.organisation_id):
        tell_of_steps(incident, organisation_id=row.organisation_id, event_id=row.event_id)
    elif row.kind == "incident.asked" and row.subject_id:
        about = row.subject_id
        tell_of_question(incident, organisation_id=row.organisation_id, event_id=row.event_id, decision_id=about)
    elif row.kind in BETWEEN:
        me, event = row.organisation_id, row.event_id
        tell_of_notice(incident, organisation_id=me, event_id=event, kind=row.kind)
    elif row.kind in CUTS:
        tell_of_cut(incident, organisation_id=row.organisation_id, event_id=row.event_id, kind=row.kind)
    elif row.kind == "answer.reported":
        tell_of_report(incident, organisation_id=row.organisation_id, event_id=row.event_id)
    elif row.kind == "update.due" and row.subject_id:
        remind(incident, organisation_id=row.organisation_id, event_id=row.event_id, reminder_id=row.subject_id)
    elif row.kind == "lead.offered":
        tell_of_offer(incident, organisation_id=row.organisation_id, event_id=row.event_id)
    elif row.kind == "incident.handed_over":
        tell_the_heir(incident, organisation_id=row.organisation_id, event_id=row.event_id)
    else:
        _tell(row, incident)
        if row.kind == "incident.edited":
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT sec.release_quiet(%s)", [incident.pk])
    return True


def _of_a_duty(row: Planned) -> bool:
    """Whether it tells of one's own legal clock, or of such a message that could not be delivered."""
    return row.kind in DUTIES or (
        row.kind == "delivery.dead"
        and row.subject_id is not None
        and Delivery.objects.filter(pk=row.subject_id, message=Message.DUTY_DUE).exists()
    )


def _tell(row: Planned, incident: Incident) -> None:
    """The ladder's first rung, and one message to everybody else who hears at once; none to whoever has one already.

    Of the worst, and of what nobody has rated yet, everybody hears at once: see docs/deliveries.md.
    """
    side = Participant.objects.select_for_update().get(incident=incident, organisation_id=row.organisation_id)
    suspected = incident.status == Incident.Status.SUSPECTED
    people = _people_in_the_know(side, incident) if suspected else None
    if suspected and people is None and side.role != Participant.Role.PROVIDER and not side.is_provider:
        return
    message = Message.SUSPECTED if suspected else Message.OPENED
    if not suspected:
        end_waiting(incident.pk, row.organisation_id, [Message.SUSPECTED])
    ladder = ladder_now(incident)
    reached = {
        person
        for person, state in _written(row, message).exclude(way__in=BESIDE).values_list("person_id", "state")
        if person and state not in {State.SKIPPED, State.DEAD, State.SUPERSEDED}
    }
    alongside = list(ToldAlongside.objects.values_list("person_id", "severity"))
    held = held_back(alongside, incident.severity) - {ladder.on_duty}
    called = None if suspected else start(incident, side, ladder, row.event_id)
    if not suspected and ladder.band is not Band.WORST and side.tasks_total and (called or reached):
        # What is not urgent wakes whoever is on duty; the others hear of it when the ladder comes to them.
        people = {person for person in (ladder.on_duty, *(each for each, _ in alongside)) if person}
    ways = duty_first(ladder.ways, ladder.on_duty)
    first = set() if called is None else called.people
    choice = choose(ways, doubts={}, people=people, reached=reached | first, held=held)
    write(_new(row, incident, message), choice.use, choice.skip, after=len(called.use) if called else 0)
    if not reached:
        because = "" if called and called.possible else why_nobody(choice)
        _say_why_nobody(side, incident, "" if called and called.counts else why_nobody(choice))
        if because:
            calls.want(incident, message=message, because=because, people=people, desk=True)


def _people_in_the_know(side: Participant, incident: Incident) -> set[UUID] | None:
    """While only suspected: those named by whoever opened it. None for other organisations."""
    return set(incident.tell_people) if side.organisation_id == incident.lead_id else None


def _go_round(row: Planned, incident: Incident, delivery_id: UUID) -> None:
    """A way has failed for good: take that person's next one, or say that nobody here could be told."""
    names = ("person_id", "message", "event_id", "step_id", "step__nth", "way")
    dead = Delivery.objects.filter(pk=delivery_id).values(*names).first()
    if dead is None or dead["message"] == Message.STOOD_DOWN or dead["way"] in BESIDE:
        return
    side = Participant.objects.select_for_update().get(incident=incident, organisation_id=row.organisation_id)
    if dead["step_id"] is not None:
        _go_round_on_a_rung(row, incident, dead["step_id"], dead["person_id"])
        if dead["step__nth"] > 1:
            return
    about, new = _written(row, dead["message"]), _new(row, incident, dead["message"])
    if dead["message"] in EACH_TIME:  # what came of another question says nothing of this one
        about, new = about.filter(event_id=dead["event_id"]), replace(new, event_id=dead["event_id"])
    written = list(about.values_list("contact_point_id", "person_id", "state", "way"))
    tried = {point for point, *_ in written}
    under_way: list[UUID | None] = [
        person for _, person, state, way in written if way not in BESIDE and state in Delivery.UNDER_WAY | Delivery.TOLD
    ]
    if dead["person_id"] is not None and dead["person_id"] not in under_way:
        ways = [way for way in active_ways() if way.id not in tried]
        choice = choose(ways, doubts=mark_doubtful(incident), people={dead["person_id"]})
        use = [way for way in choice.use if way.person_id is not None]
        write(new, use)
        under_way += [way.person_id for way in use if not way.is_beside]
    if not under_way and dead["message"] == Message.DATA_NOTICE:
        say_whether_reached(dead["event_id"])
    if not under_way and dead["message"] not in BETWEEN_TWO:
        because = ALL_FAILED_RING
        _say_why_nobody(side, incident, because)
        people = _people_in_the_know(side, incident) if incident.status == Incident.Status.SUSPECTED else None
        calls.want(incident, message=dead["message"], because=because, people=people, desk=True)


def _go_round_on_a_rung(row: Planned, incident: Incident, step_id: UUID, person_id: UUID | None) -> None:
    """The next way of whoever this rung calls; when all have failed, the ladder climbs at once."""
    of_this = Delivery.objects.filter(step_id=step_id).exclude(way__in=BESIDE)
    of_step = list(of_this.values_list("contact_point_id", "person_id", "state"))
    live = Delivery.UNDER_WAY | Delivery.TOLD
    if person_id is not None and not any(person == person_id and state in live for _, person, state in of_step):
        tried = {point for point, _, _ in of_step}
        ways = [way for way in active_ways() if way.id not in tried and not way.is_beside]
        choice = choose(ways, doubts=mark_doubtful(incident), people={person_id})
        use = [way for way in choice.use if way.person_id is not None]
        new = New(incident, row.organisation_id, row.event_id, Message.OPENED, step=step_id, again=True)
        if write(new, use):
            return
    waiting = LadderStep.objects.filter(pk=step_id, state=LadderStep.State.WAITING).exists()
    if waiting and not any(state in live for _, _, state in of_step):
        assert row.incident_id is not None
        climb_now(row.incident_id, row.organisation_id, ALL_FAILED)


def _ask(row: Planned, incident: Incident) -> None:
    """To those who were told, over the same ways as long as they are trusted: they know what it is about.

    Whoever had a message within ten minutes reads the question in the page alone: the database sees to that.
    """
    told = {point for point, _, _ in told_points(incident.pk, row.organisation_id)}
    doubts = mark_doubtful(incident)
    use = [way for way in active_ways() if way.id in told and not (way.doubt or doubts.get(way.id))]
    write(_new(row, incident, Message.UPDATE_ASKED), use)


def _stand_down(row: Planned, incident: Incident) -> None:
    """To exactly those who were told, on the same ways, once; what has not gone out yet never will."""
    end_all_waiting(incident.pk, row.organisation_id)
    told = [Way(*point) for point in told_points(incident.pk, row.organisation_id)]
    write(_new(row, incident, Message.STOOD_DOWN), told)
    lift_marks(incident)


def _new(row: Planned, incident: Incident, message: str) -> New:
    return New(incident=incident, organisation_id=row.organisation_id, event_id=row.event_id, message=message)


def _written(row: Planned, message: str) -> QuerySet[Delivery]:
    assert row.incident_id is not None
    return Delivery.objects.filter(
        incident_id=row.incident_id, organisation_id=row.organisation_id, message=message
    ).order_by("created_at")


def _say_why_nobody(side: Participant, incident: Incident, because: str) -> None:
    news = mark_reached(incident_id=incident.pk, organisation_id=side.organisation_id, not_told_because=because)
    if news and because:
        record(
            "organisation.not_told",
            actor=Actor(side.organisation_id),
            audience=(side.organisation_id, *incident.overseers),
            incident_id=incident.pk,
            incident_reference=incident.reference,
            organisation=side.slug,
            because=because,
        )
