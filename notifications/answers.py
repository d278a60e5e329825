"""What people say to a message without signing in, and tools in a message of their own: settled one by one, each inside
its organisation.

By link, text or tool one may say "I have this", "we cut it", "call me" or "somebody else". The first two end the
silence: the task that the phone shows first is accepted. That the link is cut is only what somebody says: the path
stays in every radius until both ends confirm it, signed in. An answer over a way that is not trusted any more ends
nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from incidents.models import Incident, Participant, Task
from incidents.participants import mark_said
from incidents.transitions import accepted_by_message
from notifications import calls, ladder
from notifications.models import Answer, Delivery
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from portal.ledger.record import Actor, record
from portal.reasons import reason
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)
ASKED_TO_BE_RUNG = reason("They asked to be rung.")
SOMEBODY_ELSE = reason("They want somebody else told.")
ANSWERED = reason("Somebody answered the message.")

Said, State = Answer.Said, Delivery.State
ENDS_SILENCE = frozenset({Said.HAS_IT, Said.CUT})
AGAIN_AFTER = "2 seconds"


@dataclass(frozen=True, slots=True)
class Given:
    """`delivery_id` None: a tool said it of the incident."""

    id: UUID
    delivery_id: UUID | None
    way: str
    said: str
    at: datetime
    organisation_id: UUID
    incident_id: UUID | None


def settle_answers(*, most: int = 200) -> int:
    """Settle what is due; how many were looked at. Safe to run in several processes at once."""
    done = 0
    while done < most and _settle_next():
        done += 1
    return done


def _settle_next() -> bool:
    """One answer. What cannot be settled is put off and does not stop the others."""
    answer = None
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT id FROM notifications_answer WHERE settled_at IS NULL AND due_at <= now() ORDER BY due_at"
                " LIMIT 1 FOR UPDATE SKIP LOCKED"
            )
            row = cursor.fetchone()
            if row is None:
                return False
            answer = row[0]
            cursor.execute("SELECT * FROM sec.enter_answer(%s)", [answer])
            given = Given(answer, *cursor.fetchone())
            settled = _settle(given)
            cursor.execute(
                "UPDATE notifications_answer SET settled_at = CASE WHEN %s THEN now() END,"
                " due_at = now() + %s::interval WHERE id = %s",
                [settled, AGAIN_AFTER, answer],
            )
    except Exception:
        if answer is None:
            raise
        log.exception("answer %s could not be settled", answer)
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute(
                "UPDATE notifications_answer SET due_at = now() + %s::interval WHERE id = %s", ["30 seconds", answer]
            )
    return True


def _settle(given: Given) -> bool:
    """False: whoever sends the message has not written down yet that it was taken."""
    row = _message_of(given)
    if row["state"] in Delivery.UNDER_WAY:
        return False
    incident = Incident.objects.filter(pk=row["incident_id"]).exclude(status=Incident.Status.CLOSED).first()
    if incident is None:  # it was closed, or the organisation has left it, between the answer and now
        return True
    trusted = given.delivery_id is None or row["contact_point_id"] in _trusted(incident)
    actor = Actor(given.organisation_id, "person" if row["person_id"] else "system", row["person_id"])
    aside = (
        incident.suspended_at is not None
    )  # an exercise that is put aside: it is kept that they said so, and no more
    _record(given, incident, actor, trusted=trusted, aside=aside)
    # The task, its participant, then messages: in the order in which an answer by page locks them.
    counts = trusted and not aside
    if counts and given.said in ENDS_SILENCE:
        _accept(given, incident, actor)
    mark_said(
        incident_id=incident.pk, organisation_id=actor.organisation_id, said=given.said, by=given.way, at=given.at
    )
    if given.said != Said.UNREADABLE:
        _mark_answered(given)
    if counts and given.said == Said.OTHER:
        ladder.climb_now(incident.pk, actor.organisation_id, SOMEBODY_ELSE)
    if counts and given.said == Said.CALL:
        _have_them_rung(incident, row["person_id"])
    return True


def _message_of(given: Given) -> dict[str, Any]:
    """What the message says of whom it went to. A tool has signed with a key that its organisation gave it: there is no
    way that could have lost its trust."""
    if given.delivery_id is None:
        return {"incident_id": given.incident_id, "contact_point_id": None, "person_id": None, "state": ""}
    names = ("incident_id", "contact_point_id", "person_id", "state")
    return dict(Delivery.objects.values(*names).get(pk=given.delivery_id))


def _have_them_rung(incident: Incident, person_id: UUID | None) -> None:
    """Their own number, or else that of the duty desk."""
    suspected = incident.status == Incident.Status.SUSPECTED
    message = Delivery.Message.SUSPECTED if suspected else Delivery.Message.OPENED
    because = ASKED_TO_BE_RUNG
    if person_id is None or not calls.want(incident, message=message, because=because, people=[person_id], desk=False):
        calls.want(incident, message=message, because=because, people=[person_id] if person_id else [], desk=True)


def _mark_answered(given: Given) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_delivery SET state = 'answered', answered_at = greatest(accepted_at, %s)"
            " WHERE id = %s AND state IN ('accepted', 'delivered')",
            [given.at, given.delivery_id],
        )


def _trusted(incident: Incident) -> set[UUID]:
    doubts = mark_doubtful(incident)
    return {way.id for way in active_ways() if not way.doubt and way.id not in doubts}


def _record(given: Given, incident: Incident, actor: Actor, *, trusted: bool, aside: bool) -> None:
    """That it was said is for the overseers too; what was typed stays at home."""
    side = Participant.objects.filter(incident=incident, organisation_id=actor.organisation_id)
    record(
        "answer.given",
        actor=actor,
        audience=(actor.organisation_id, *incident.overseers),
        subject_id=given.delivery_id or given.id,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        organisation=side.values_list("slug", flat=True).get(),
        said=given.said,
        by=given.way,
        trusted=trusted,
        **({"aside": True} if aside else {}),
    )


def _accept(given: Given, incident: Incident, actor: Actor) -> None:
    """The most urgent task that waits is accepted. Where none waits, as while it is only suspected, the calls end.

    An observer accepts nothing: what they say is shown, and their colleagues are called on.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.accept_by_message(%s)", [given.id])
        task = cursor.fetchone()[0]
    if task is not None:
        accepted_by_message(task, actor=actor, by=given.way)
    elif not Task.objects.filter(
        incident=incident, organisation_id=actor.organisation_id, status=Task.Status.WAITING
    ).exists():
        ladder.stop(incident.pk, actor.organisation_id, ANSWERED)
