"""A source's clock: spellings, faults mended and said, impossible moments refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitoring.records.clocks import (
    LOCAL_SAID_AS_UTC,
    MICROSECONDS,
    NANOSECONDS,
    NO_YEAR,
    NO_ZONE,
    OFFSET_FOUND,
    SECONDS,
    Clock,
)
from monitoring.records.reading import reader_of
from monitoring.records.record import Unreadable
from monitoring.records.syslog import short_time

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LONDON = Clock(zone=ZoneInfo("Europe/London"), now=lambda: NOW)
EIGHT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("2026-10-05T08:00:00Z", ""),
        ("2026-10-05T09:00:00+01:00", ""),
        ("2026-10-05t04:30:00.000000000-0330", ""),
        ("2026-10-05 08:00:00 UTC", ""),
        ("2026-10-05 09:00:00", NO_ZONE),
        ("10/05/2026 09:00:00 AM", NO_ZONE),
        (1791187200000, ""),
        ("1791187200000", ""),
        (1791187200, SECONDS),
        (1791187200.0, SECONDS),
        (1791187200000000, MICROSECONDS),
        (1791187200000000000, NANOSECONDS),
    ],
)
def test_one_moment_in_many_spellings(said, fault):
    moment = LONDON.read(said)
    assert (moment.at, moment.fault) == (EIGHT, fault)


def test_an_hour_that_the_clock_went_through_twice_is_the_first_of_the_two():
    assert LONDON.read("2026-10-25 01:30:00").at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, "no-time"),
        ("-", "no-time"),
        (True, "bad-time"),
        ({}, "bad-time"),
        ("yesterday", "bad-time"),
        ("2026-02-30T00:00:00Z", "bad-time"),
        ("2026-10-05T25:00:00Z", "bad-time"),
        ("2026-10-05T08:00:00+99:00", "bad-time"),
        (float("inf"), "bad-time"),
        (0, "time-out-of-range"),
        (-(10**400), "time-out-of-range"),
        ("1999-12-31T23:59:59Z", "time-out-of-range"),
        ("0001-01-01T00:00:00+14:00", "bad-time"),
        ("2026-11-27T12:10:01Z", "future-time"),
        (4102444799000, "future-time"),
    ],
)
def test_what_is_no_moment_of_ours(said, reason):
    with pytest.raises(Unreadable) as refused:
        LONDON.read(said)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("received", "said", "at"),
    [
        ("2027-01-01T00:00:05", "Dec 31 23:59:58", "2026-12-31T23:59:58"),
        ("2026-12-31T23:59:59", "Jan  1 00:00:02", "2027-01-01T00:00:02"),
        ("2026-07-01T00:00:00", "Jan  1 00:00:02", "2026-01-01T00:00:02"),
        ("2028-03-01T00:00:00", "Feb 29 10:00:00", "2028-02-29T10:00:00"),
        ("2029-01-01T00:00:00", "Feb 28 10:00:00", "2028-02-28T10:00:00"),
    ],
)
def test_a_year_that_is_not_said_is_the_one_that_fits_the_receiver(received, said, at):
    clock = Clock(now=lambda: NOW)
    moment = short_time(said, clock, datetime.fromisoformat(received).replace(tzinfo=UTC))
    assert moment.at == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert moment.fault == f"{NO_YEAR}; {NO_ZONE}"


def test_a_day_that_no_year_near_has_is_refused():
    with pytest.raises(Unreadable, match="bad-time"):
        short_time("Feb 29 10:00:00", Clock(now=lambda: NOW), None)


@pytest.mark.parametrize(
    ("times", "at", "fault"),
    [
        # NXLog: bare local times and the collector's stamp in UTC.
        (("2026-10-05 09:00:00", "2026-10-05 09:00:05", "2026-10-05T08:00:05.3Z"), "08:00:00", OFFSET_FOUND),
        # Held back for an hour and two minutes: what was received and stamped together still says the zone.
        (("2026-10-05 09:00:00", "2026-10-05 10:02:00", "2026-10-05T09:02:01Z"), "08:00:00", OFFSET_FOUND),
        # Stamped much later than received: nothing can be learned, the source's zone (here UTC) is taken.
        (("2026-10-05 09:00:00", "2026-10-05 09:00:05", "2026-10-05T08:07:41Z"), "09:00:00", NO_ZONE),
        # Local time that claims to be UTC.
        (("2026-10-05T09:00:00Z", "2026-10-05T09:00:05Z", "2026-10-05T08:00:05Z"), "08:00:00", LOCAL_SAID_AS_UTC),
        # What claims to be UTC and is.
        (("2026-10-05T08:00:00Z", "2026-10-05T08:00:05Z", "2026-10-05T08:00:05Z"), "08:00:00", ""),
        # No time of receipt: a stamp within half a minute says the zone, a later one does not.
        (("2026-10-05 09:00:00", None, "2026-10-05T08:00:09Z"), "08:00:00", OFFSET_FOUND),
        (("2026-10-05 09:00:00", None, "2026-10-05T08:01:09Z"), "09:00:00", NO_ZONE),
        # Nothing but the stamp.
        ((None, None, "2026-10-05T08:00:09Z"), "08:00:09", ""),
    ],
)
def test_the_zone_of_a_windows_event_is_found_beside_it(times, at, fault):
    event, received, stamp = times
    line = {"EventID": 4634, "Hostname": "file-02", "TargetUserName": "jo", "TargetDomainName": "COLDHARBOUR"}
    line |= {"EventTime": event, "EventReceivedTime": received, "@timestamp": stamp}
    (record,) = reader_of("windows", now=lambda: NOW).read(json.dumps(line).encode())
    assert (f"{record.at:%H:%M:%S}", record.clock) == (at, fault)
