"""Climbing a ladder: the next rung is called when one had its time, in one transaction with the step that follows.

What is due, and until when somebody has time, is the database's. Nothing here speaks to the network.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connections

from incidents.models import Incident, Participant
from incidents.participants import mark_next
from notifications import calls
from notifications.deliveries import New, write
from notifications.models import Delivery, LadderStep
from notifications.recipients import BESIDE, choose
from notifications.rungs import QUIET, RUNGS, Call, Ladder, ladder_now
from partners.models import Rung
from portal.claims import claimant
from portal.ledger.record import Actor, record
from portal.reasons import reason
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

State = LadderStep.State
TOP = RUNGS[-1]
NOBODY = reason("Nobody can be reached by a message. Call the duty desk.")
CALLED_ALREADY = reason("They have been called already.")
NEXT_RINGS = reason("%(rung)s by telephone", "rung")
NEXT_BY = reason("%(rung)s by %(ways)s", "rung", "ways")
WAYS = {
    ("email",): reason("e-mail"), ("sms",): reason("text message"), ("email", "sms"): reason("e-mail and text message"),
    ("sms", "email"): reason("text message and e-mail"),
}  # fmt: skip
RUNG = {
    Rung.DUTY: reason("duty contact"), Rung.DEPUTY: reason("deputy"), Rung.HEAD_OF_IT: reason("head of IT"),
    Rung.CHIEF_EXECUTIVE: reason("chief executive"),
}  # fmt: skip


def escalate_due(*, most: int = 200) -> int:
    """Climb every ladder whose step is due, one at a time; how many did. Safe in several processes at once."""
    done = 0
    while done < most and _climb_next():
        done += 1
    return done


def _climb_next() -> bool:
    """Take one step and climb in the same transaction. A failure puts it off and does not stop the others."""
    worker, step_id = claimant(), None
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.claim_ladder(%s)", [worker])
            (step_id,) = cursor.fetchone()
            if step_id is None:
                return False
            _climb(LadderStep.objects.defer("because").get(pk=step_id))
    except Exception:
        if step_id is None:
            raise
        log.exception("step %s of a ladder failed", step_id)
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.put_off_ladder(%s)", [step_id])
    return True


def _climb(step: LadderStep) -> None:
    incident = Incident.objects.get(pk=step.incident_id)
    side = Participant.objects.get(incident=incident, organisation_id=step.organisation_id)
    ladder = ladder_now(incident)
    if step.begun_at is None:  # passed on to a colleague, who is called now
        call = ladder.call(Rung(step.rung), step.round, colleague=step.person_id)
        if call.possible:
            _begin(incident, side, ladder, call, step)
            return
        _end(step.pk, State.LEFT_OUT, call.because)
    else:
        _end(step.pk, State.PASSED)
    call_next(incident, side, ladder, step.pk, rung=Rung(step.rung), round_=step.round, nth=step.nth)


def call_next(
    incident: Incident,
    side: Participant,
    ladder: Ladder,
    event_id: UUID,
    *,
    rung: Rung | None = None,
    round_: int = 1,
    nth: int = 0,
) -> Call | None:
    """Call the first rung after this one that can be called, and give it its time; None when there is none.

    A rung on which nobody can be told is left out at once, with the reason. When the top is passed, whoever was never
    told is told too, and it begins again from the duty contact. `event_id` is what the messages tell of.
    """
    called = _called_in(incident, side, round_)
    left_out: list[Call] = []
    for next_rung, next_round in ladder.following(rung, round_):
        call = ladder.call(next_rung, next_round)
        if next_round == round_ and call.people and call.people <= called:
            call.use, call.by_telephone, call.because = [], False, CALLED_ALREADY
        if call.possible:
            nth = _write_left_out(incident, side, left_out, nth)
            if next_round > round_:
                _tell_the_rest(incident, side, ladder, event_id)
            _begin(incident, side, ladder, call, nth=nth + 1, event_id=event_id)
            return call
        left_out.append(call)
    # Nobody at all: looked at again later, when a way may be trusted again.
    if round_ == 1:
        nth = _write_left_out(incident, side, [each for each in left_out if each.round == 1], nth)
    _tell_the_rest(incident, side, ladder, event_id)
    nobody = Call(TOP, round_ + (rung is TOP), because=NOBODY)
    _begin(incident, side, ladder, nobody, nth=nth + 1, event_id=event_id)
    return None


def _begin(
    incident: Incident,
    side: Participant,
    ladder: Ladder,
    call: Call,
    step: LadderStep | None = None,
    *,
    nth: int = 0,
    event_id: UUID | None = None,
) -> None:
    """Write the step, its messages, what is next, and the event. `step`: it is there already, and nobody was called."""
    step_id = step.pk if step else uuid4()
    nth = step.nth if step else nth
    quiet = ladder.band in QUIET
    begun_at, due_at = _times(side.organisation_id, ladder.minutes_in(call.round), quiet=quiet)
    if step:
        LadderStep.objects.filter(pk=step_id).update(begun_at=begun_at, due_at=due_at, quiet=quiet, claimed_by="")
    else:
        _insert(incident, side, call, step_id, nth, State.WAITING, (begun_at, due_at), quiet=quiet)
    new = New(incident, side.organisation_id, event_id or step_id, Delivery.Message.OPENED, step=step_id)
    before = _written_before(new)
    anew = [way for way in call.use if nth > 1 or way.id in before]
    write(replace(new, again=True), anew)
    write(new, [way for way in call.use if way not in anew], call.skip, after=len(anew))
    if not call.counts:  # only a number is known, or nothing at all: somebody has to ring, in the time of the rung
        people = call.people if call.by_telephone else None
        desk = call.rung is Rung.DUTY or not call.by_telephone
        calls.want(incident, message=Delivery.Message.OPENED, because=call.because, people=people, desk=desk)
    following = _following(ladder, call, _called_in(incident, side, call.round) | call.people)
    mark_next(
        incident_id=incident.pk,
        organisation_id=side.organisation_id,
        words=_in_words(following) if following else "",
        at=due_at if following else None,
        times_climbed=call.round - 1,
    )
    if nth > 1 and call.possible:
        record(
            "ladder.climbed",
            actor=Actor(side.organisation_id),
            audience=(side.organisation_id, *incident.overseers),
            incident_id=incident.pk,
            incident_reference=incident.reference,
            organisation=side.slug,
            rung=call.rung.value,
            round=call.round,
        )


def _written_before(new: New) -> set[UUID | None]:
    """Ways that an earlier event has used, or passed over, before this ladder began: the first rung rings them anew."""
    assert new.incident is not None
    found = Delivery.objects.filter(
        incident=new.incident, organisation_id=new.organisation_id, message=new.message
    ).exclude(event_id=new.event_id)
    return set(found.values_list("contact_point_id", flat=True))


def _following(ladder: Ladder, call: Call, called: set[UUID] | frozenset[UUID]) -> Call | None:
    """What is called after this one, as things stand."""
    for rung, round_ in ladder.following(call.rung, call.round):
        each = ladder.call(rung, round_)
        if each.possible and not (round_ == call.round and each.people and each.people <= called):
            return each
    return None


def _in_words(call: Call) -> str:
    """ "deputy by text message and e-mail": names nobody, the lead reads it in a language of its own."""
    if not call.counts:
        return NEXT_RINGS % {"rung": RUNG[call.rung]}
    ways = tuple(dict.fromkeys(way.kind for way in call.use if not way.is_beside))
    return NEXT_BY % {"rung": RUNG[call.rung], "ways": WAYS[ways]}


def _times(organisation_id: UUID, minutes: int, *, quiet: bool) -> tuple[datetime, datetime]:
    """When a rung that is called now begins, and when it has had its time: so many minutes later, a quiet one by day.

    The time of the statement, as whatever looks for what is due asks for it: a transaction's own may lie before it.
    """
    due_at = "began.at + make_interval(mins => %s)"
    if quiet:
        due_at = f"sec.quiet_from(%s, {due_at})"
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"SELECT began.at, {due_at} FROM (SELECT clock_timestamp() AS at OFFSET 0) began",  # noqa: S608
            [*([organisation_id] if quiet else []), minutes],
        )
        begun_at, until = cursor.fetchone()
    return begun_at, until


def _called_in(incident: Incident, side: Participant, round_: int) -> set[UUID]:
    """People whom this ladder has called in this round: nobody is called twice because they stand on two rungs."""
    found = Delivery.objects.filter(
        step__incident=incident, step__organisation_id=side.organisation_id, step__round=round_
    ).exclude(state=Delivery.State.SKIPPED)
    return {person for person in found.values_list("person_id", flat=True) if person}


def _write_left_out(incident: Incident, side: Participant, calls: list[Call], nth: int) -> int:
    for call in calls:
        nth += 1
        _insert(incident, side, call, uuid4(), nth, State.LEFT_OUT)
    return nth


def _insert(
    incident: Incident,
    side: Participant,
    call: Call,
    step_id: UUID,
    nth: int,
    state: str,
    times: tuple[datetime, datetime] | None = None,
    *,
    quiet: bool = False,
) -> None:
    """Write a rung; one without times of its own begins and ends now."""
    begun_at, due_at = times or (None, None)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_ladderstep (id, incident_id, organisation_id, nth, round, rung, quiet, begun_at,"
            " due_at, ended_at, state, because) SELECT %s, %s, %s, %s, %s, %s, %s, coalesce(%s, began.at),"
            " coalesce(%s, began.at), CASE WHEN %s THEN NULL ELSE began.at END, %s, %s"
            " FROM (SELECT clock_timestamp() AS at OFFSET 0) began",
            [
                step_id, incident.pk, side.organisation_id, nth, call.round, call.rung.value, quiet, begun_at, due_at,
                state == State.WAITING, state, call.because,
            ],
        )  # fmt: skip


def _end(step_id: UUID, state: str, because: str | None = None) -> None:
    with connections["default"].cursor() as cursor:
        more = ", because = %s" if because is not None else ""
        cursor.execute(
            "UPDATE notifications_ladderstep SET state = %s, ended_at = clock_timestamp(), claimed_by = ''"  # noqa: S608
            f"{more} WHERE id = %s",
            [state, *([because] if because is not None else []), step_id],
        )


def _tell_the_rest(incident: Incident, side: Participant, ladder: Ladder, event_id: UUID) -> None:
    """The top was passed: whoever has a way and was never told hears of it now, once."""
    told = Delivery.objects.filter(
        incident=incident, organisation_id=side.organisation_id, message=Delivery.Message.OPENED
    ).exclude(state__in=[Delivery.State.SKIPPED, Delivery.State.DEAD, Delivery.State.SUPERSEDED])
    told = told.exclude(way__in=BESIDE)
    reached = {person for person in told.values_list("person_id", flat=True) if person}
    choice = choose(list(ladder.ways), doubts={}, reached=reached)
    new = New(incident, side.organisation_id, event_id, Delivery.Message.OPENED)
    write(new, choice.use, choice.skip)
