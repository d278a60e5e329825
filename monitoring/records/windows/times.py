"""When an event of Windows was, by what its forwarder says beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from monitoring.records.clocks import LOCAL_SAID_AS_UTC, OFFSET_FOUND, Clock, Moment, offset_between
from monitoring.records.objects import Doc
from monitoring.records.record import Unreadable

PROMPT = timedelta(seconds=30)


def moment_of(times: Doc, clock: Clock) -> Moment:
    """The event's own time in UTC.

    NXLog's EventTime is local and bare, its EventReceivedTime too, and a collector adds @timestamp in UTC: what was
    received and stamped is of one moment, so the two say the zone. Without EventReceivedTime a prompt stamp does.

    Raises:
        Unreadable: as `Clock.read`.
    """
    if times.get("utc") not in (None, ""):
        return clock.read(times["utc"])
    if times.get("event") in (None, ""):
        return clock.read(times.get("stamp"))
    moment = _mended(times, clock)
    clock.check(moment.at)
    return moment


def _mended(times: Doc, clock: Clock) -> Moment:
    said = clock.parse(times["event"])
    bare = replace(clock, zone=UTC)
    try:
        stamp = bare.parse(times.get("stamp"))
    except Unreadable:
        return said
    if not stamp.zoned:
        return said
    wall = bare.parse(times["event"]).at
    try:
        received = bare.parse(times.get("received"))
    except Unreadable:
        offset = offset_between(wall, stamp.at, slack=PROMPT)
    else:
        offset = offset_between(received.at, stamp.at) if received.zoned == said.zoned else None
    if offset is None or (said.zoned and not offset):
        return said
    try:
        at = wall + offset
    except OverflowError:
        raise Unreadable("time-out-of-range") from None
    return Moment(at, zoned=True, fault=LOCAL_SAID_AS_UTC if said.zoned else OFFSET_FOUND)
