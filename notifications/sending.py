"""Sending a batch: claim, hand over one by one with no transaction open, settle each at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack

import psycopg
from django.conf import settings
from django.db import DatabaseError

from notifications import deliveries
from notifications.answer_links import link_of
from notifications.breakers import End, Tally, end_of
from notifications.budget import SMS, used_up
from notifications.contact_links import link_of as test_link_of
from notifications.deliveries import Held
from notifications.messages import CAN_BE_ANSWERED, compose
from notifications.models import Delivery
from notifications.outcome import note_accepted, note_dead, note_gone
from notifications.recipients import BESIDE
from notifications.sealed import opened_addresses
from notifications.transports import Transport, TransportError, UsedUp, transport_for
from notifications.used_up import note_used_up, used_up_of
from portal.claims import claimant
from portal.failpoints import reach
from portal.reasons import reason
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

AWAY_SECONDS = 5.0  # until the rest of a batch whose server was away is looked at again
NOT_TRUSTED = reason("This way is no longer trusted.")
NOT_OPENED = reason("Bulkhead could not open this way.")
NO_ADDRESS = reason("Bulkhead cannot open its address.")
NOT_HANDED_OVER = reason("Bulkhead could not hand it over.")


def deliver_due(*, most: int = deliveries.BATCH, alive: Callable[[], None] | None = None) -> int:
    """Send one batch of what is due; how many were claimed. Safe to run in several processes at once.

    `alive` is called before each message, because a slow server can hold a batch up for half a minute.
    """
    worker = claimant()
    claimed = deliveries.claim(worker, most=most)
    held = opened_addresses(worker, deliveries.without_those_over(claimed, worker))
    reach("after claim")
    stop_at = time.monotonic() + deliveries.BATCH_SECONDS
    tally = Tally()
    with ExitStack() as transports:
        transports.callback(tally.end)
        opened: dict[type[Transport], Transport] = {}
        away: dict[End, str] = {}
        # Mail first: it goes over one connection, and a text message may wait ten seconds for an answer. Channels and
        # browsers last: nobody counts as told by them.
        held.sort(key=lambda each: (each.way in BESIDE, each.way != "email"))
        for nth, each in enumerate(held):
            if time.monotonic() > stop_at:
                deliveries.let_go(held[nth:], worker)
                break
            if alive is not None:
                alive()
            kind = transport_for(each.way, exercise=each.exercise)
            end = end_of(kind, each.host_key)
            if end in away:
                deliveries.let_go([each], worker, seconds=AWAY_SECONDS, because=away[end])
                continue
            if because := _used_up(each):
                deliveries.hold_over(each, worker, because=because)
                continue
            try:
                if kind not in opened:
                    opened[kind] = _opened(kind, transports)
                _send(each, worker, opened[kind])
                tally.took(end, each.id)
            except UsedUp as error:
                # The server works, so its breaker learns nothing; the next way of whoever waits is taken at once.
                away[end] = error.because
                note_used_up(kind.roads())
                deliveries.hold_over(each, worker, because=error.because)
            except TransportError as error:
                if tally.failed(end, each.id, error) or error.down:
                    away[end] = error.because
                _failed(each, worker, error)
            if news := opened[kind].used_up() if kind in opened else None:
                note_used_up(news)
    return len(claimed)


def _used_up(held: Held) -> str:
    """Why the day's budget has nothing left for it, or ''."""
    if held.way != SMS:
        return ""
    with queue_scope():
        return used_up(held)


def _opened(kind: type[Transport], transports: ExitStack) -> Transport:
    """A way out, ready to send. One that cannot be opened holds up its own messages alone.

    Raises:
        TransportError: it cannot be opened.
    """
    try:
        transport = transports.enter_context(kind())
        if len(kind.roads()) > 1:
            transport.leave_out(used_up_of(kind.roads()))
        return transport
    except TransportError:
        raise
    except Exception:
        log.exception("%s could not be opened", kind.name)
        raise TransportError(NOT_OPENED, down=True, ours=True) from None


def _send(held: Held, worker: str, transport: Transport) -> None:
    if not held.usable:
        raise TransportError(NOT_TRUSTED, permanent=True, ours=True)
    if not held.address:
        raise TransportError(NO_ADDRESS, permanent=True, ours=True)
    reach("before send")
    provider_ref = _hand_over(held, transport)
    reach("after send")
    try:
        with queue_scope():
            deliveries.enter(held, worker)
            reach("before settle")
            if deliveries.settle_accepted(held, worker, transport=transport.name, provider_ref=provider_ref):
                note_accepted(held)
            else:
                log.warning("delivery %s was sent, and taken over by another worker meanwhile", held.id)
        reach("after settle")
    except DatabaseError as error:
        _must_be_overtaken(held, error)


def _hand_over(held: Held, transport: Transport) -> str:
    text = compose(
        message=held.message,
        reference=held.reference,
        code=held.code,
        exercise=held.exercise,
        link=_link(held),
        replies=settings.NOTIFY_REPLIES,
        own=held.own,
        opener=held.opener,
    )
    try:
        return transport.send(held.id, held.address, text, again=held.attempts > 1)
    except TransportError:
        raise
    except Exception:  # a mistake of ours over one message must not hold up the others of its batch
        log.exception("delivery %s could not be handed over", held.id)
        raise TransportError(NOT_HANDED_OVER, ours=True) from None


def _link(held: Held) -> str:
    """Where the message can be answered without signing in, or ''."""
    if held.message == Delivery.Message.CONTACT_TEST:
        return test_link_of(held.id)
    return link_of(held.id) if held.message in CAN_BE_ANSWERED else ""


def _failed(held: Held, worker: str, error: TransportError) -> None:
    try:
        with queue_scope():
            deliveries.enter(held, worker)
            if error.permanent:
                dead = deliveries.settle_dead(held, worker, because=error.because)
            else:
                dead = deliveries.settle_failed(held, worker, because=error.because, wait=error.wait) == "dead"
            if dead:
                note_dead(held, error.because)
            if error.gone:
                note_gone(held)
    except DatabaseError as refused:
        _must_be_overtaken(held, refused)


def _must_be_overtaken(held: Held, error: DatabaseError) -> None:
    """Go on when the row has been taken over; anything else is not ours to swallow."""
    if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
        raise error
    log.warning("delivery %s was taken over by another worker", held.id)
