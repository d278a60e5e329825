"""The monthly test of an organisation's ways: a minute that nobody can guess, one message at a time, one tap.

A round asks each person who is ever on duty, and the duty desk, by the way that was confirmed the longest ago. After a
confirmation the next way of theirs is asked that this month has not seen; after half an hour of silence too, and the
silent one has failed. When all are asked, whoever looks after the organisation gets what failed as work.

Everything goes by the `now` that it is given. Runs inside the organisation, as the worker.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connections

from incidents.models import Incident
from notifications.contact_links import digest_of, token_of
from notifications.deliveries import New, write
from notifications.models import ContactTest, ContactTestAsk, Delivery
from notifications.recipients import Way
from partners import work
from partners.chores import Chore, register
from partners.duty import LOCAL, Rota, Shift, Whose, instant_of, rota_now, stretches, who_is_on_duty
from partners.freshness import duty_points, fresh_enough, freshness
from partners.mail_marks import not_used
from partners.models import ContactPoint
from portal.ledger.record import Actor, record
from portal.reasons import reason

NOBODY_ON_DUTY = reason("Nobody is on duty in the rest of this month.")
NOT_NOW = reason("An incident was open, or nobody was on duty any more.")
OPENED_MEANWHILE = reason("An incident was opened meanwhile.")
SILENT_AFTER = timedelta(minutes=30)
LOOK_EVERY = timedelta(minutes=10)
LATE = timedelta(minutes=15)  # the scheduler was away for longer: another minute of the month is drawn
State = ContactTest.State
# Where no rota is kept: the hours in which an office is open.
OFFICE = Rota(tuple(Shift(day, time(9), time(17), Whose(UUID(int=0))) for day in range(5)))
FAILED = "contact_test_failed"


def monthly(organisation_id: UUID, now: datetime) -> datetime:
    """Plan the month's round, or begin the one that is due; when to look again."""
    month = now.astimezone(LOCAL).date().replace(day=1)
    after = instant_of((month + timedelta(days=32)).replace(day=1), time(0))
    test = ContactTest.objects.select_for_update().filter(month=month).first()
    if test is None:
        due = _draw(organisation_id, month, now, after, 0)
        test = ContactTest.objects.create(
            organisation_id=organisation_id,
            month=month,
            due_at=due or now,
            state=State.PLANNED if due else State.LEFT_OUT,
            because="" if due else NOBODY_ON_DUTY,
        )
    if test.state != State.PLANNED:
        return after
    if test.due_at > now:
        return test.due_at
    if _incident_is_open() or not _on_duty(now) or now - test.due_at > LATE:
        due = _draw(organisation_id, month, now, after, int(now.timestamp()))
        if due is None:
            _change(test, state=State.LEFT_OUT, because=NOT_NOW)
            return after
        _change(test, due_at=due)
        return due
    _begin(test, now)
    return after


def look_after(now: datetime) -> None:
    """Go on with every round that is under way: who was silent, who is asked next, what came of it."""
    for test in ContactTest.objects.select_for_update().filter(state=State.RUNNING):
        if _incident_is_open():
            _change(test, state=State.LEFT_OUT, because=OPENED_MEANWHILE, ended_at=now)
        else:
            _go_on(test, now)


def begin_wanted(test_id: UUID, now: datetime) -> None:
    """Ask the one contact that a person wants tested now."""
    test = ContactTest.objects.select_for_update().filter(pk=test_id, state=State.PLANNED, month=None).first()
    if test is None:
        return
    if _incident_is_open():
        _change(test, state=State.LEFT_OUT, because=OPENED_MEANWHILE, ended_at=now)
    else:
        _begin(test, now)


def _begin(test: ContactTest, now: datetime) -> None:
    _change(test, state=State.RUNNING, begun_at=now)
    _go_on(test, now)


def _go_on(test: ContactTest, now: datetime) -> None:
    asks = list(ContactTestAsk.objects.filter(test=test))
    _silent(asks, now)
    points = [test.contact_point] if test.contact_point is not None else duty_points(rota_now(now).people)
    waiting, asked = set(), {ask.contact_point_id for ask in asks}
    for ask in asks:
        if ask.answered_at is None and ask.failed_at is None:
            waiting.add(ask.person_id)
    begun, marked = test.begun_at or now, not_used()
    open_points = [
        point
        for point in points
        if point.pk not in asked
        and point.trust == ContactPoint.Trust.TRUSTED
        and point.pk not in marked
        and not _answered_since(point, begun)
    ]
    following: list[ContactPoint] = []
    for point in sorted(open_points, key=_longest_ago):
        if point.person_id not in waiting:
            waiting.add(point.person_id)
            following.append(point)
    if following:
        _ask(test, following, now)
    elif not waiting:
        _change(test, state=State.DONE, ended_at=now)
        _work(asks, now)


def _silent(asks: Sequence[ContactTestAsk], now: datetime) -> None:
    """Mark the ways that half an hour brought no answer by."""
    for ask in asks:
        if ask.answered_at is None and ask.failed_at is None and now >= ask.asked_at + SILENT_AFTER:
            ask.failed_at = now
            ask.save(update_fields=["failed_at"])
            ContactPoint.objects.filter(pk=ask.contact_point_id).update(failed_at=now)


def _ask(test: ContactTest, points: Sequence[ContactPoint], now: datetime) -> None:
    """One message each, with a link of its own."""
    event = record(
        "contact_test.asked", actor=Actor(test.organisation_id), audience=[test.organisation_id], subject_id=test.pk
    )
    ways = [Way(point.pk, point.person_id, point.kind) for point in points]
    write(New(None, test.organisation_id, event, Delivery.Message.CONTACT_TEST), ways)
    written = dict(Delivery.objects.filter(event_id=event).values_list("contact_point_id", "pk"))
    ContactTestAsk.objects.bulk_create(
        ContactTestAsk(
            test=test,
            organisation_id=test.organisation_id,
            contact_point=point,
            person_id=point.person_id,
            delivery_id=written[point.pk],
            digest=digest_of(token_of(written[point.pk])),
            address_of=point.changed_at,
            asked_at=now,
        )
        for point in points
    )


def _work(asks: Sequence[ContactTestAsk], now: datetime) -> None:
    """What failed is somebody's to mend; when every way of duty is fresh, there is nothing left to do."""
    failed = [ask for ask in asks if ask.failed_at is not None and ask.answered_at is None]
    if not failed:
        if fresh_enough(freshness(duty_points(rota_now(now).people), now)):
            work.clear(FAILED)
        return
    labels = ContactPoint.objects.filter(pk__in=[ask.contact_point_id for ask in failed]).values_list(
        "label", flat=True
    )
    work.raise_own(
        FAILED,
        FAILED,
        "Nobody answered the test of a contact",
        detail=f"No answer within half an hour: {', '.join(sorted(labels))}. Ask them, mend it, test it again.",
        page="/partners/contacts/",
    )


def _answered_since(point: ContactPoint, begun: datetime) -> bool:
    return point.tested_at is not None and point.tested_at >= begun


def _longest_ago(point: ContactPoint) -> tuple[bool, float, int, str]:
    tested = point.tested_at.timestamp() if point.tested_at else 0.0
    return point.tested_at is not None, tested, point.order, str(point.pk)


def _change(test: ContactTest, **changes: object) -> None:
    for name, value in changes.items():
        setattr(test, name, value)
    test.save(update_fields=list(changes))


def _incident_is_open() -> bool:
    return Incident.objects.exclude(status=Incident.Status.CLOSED).exists()


def _rota(now: datetime) -> Rota:
    return rota_now(now) or OFFICE


def _on_duty(now: datetime) -> bool:
    whose = who_is_on_duty(_rota(now), now)
    return whose is not None and whose.person_id is not None


def _draw(organisation_id: UUID, month: date, now: datetime, end: datetime, again: int) -> datetime | None:
    """A minute of duty from now on to the end of the month; None when there is none.

    It follows from a secret of the portal, so that nobody who knows the rota can tell it, and a run that is repeated
    draws the same.
    """
    minute = timedelta(minutes=1)
    first = now.replace(second=0, microsecond=0) + minute
    manned = [
        each
        for each in stretches(_rota(now), first, end)
        if each.whose is not None and each.whose.person_id is not None
    ]
    counts = [max(0, int((each.ends_at - each.starts_at) / minute)) for each in manned]
    if not sum(counts):
        return None
    seed = f"contact test|{organisation_id}|{month}|{again}".encode()
    drawn = int.from_bytes(hmac.new(settings.SECRET_KEY.encode(), seed, hashlib.sha256).digest()) % sum(counts)
    for each, count in zip(manned, counts, strict=True):
        if drawn < count:
            return each.starts_at + drawn * minute
        drawn -= count
    return None


def _do_monthly(now: datetime) -> datetime:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.me()")
        return monthly(cursor.fetchone()[0], now)


register(Chore("contact-tests", _do_monthly))
register(Chore("contact-tests-under-way", look_after, every=LOOK_EVERY))
