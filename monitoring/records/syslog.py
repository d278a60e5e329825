"""syslog: RFC 5424, RFC 3164 and its later spelling with a whole time; the message is read by named patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitoring.records.clocks import NO_YEAR, Clock, Moment
from monitoring.records.names import host_of
from monitoring.records.record import Record, Unreadable
from monitoring.records.syslog_patterns import record_of_message

_RFC5424 = re.compile(
    r"<\d{1,3}>1 (?P<time>\S{1,40}) (?P<host>\S{1,255}) (?P<app>\S{1,48}) \S{1,128} \S{1,32} (?:-|\[.*?\](?=\s|$))"
    r"(?: \ufeff?(?P<text>.*))?",
    re.DOTALL,
)
_HEAD = r"(?P<host>[^\s:\[\]]{1,255}) (?P<app>[^\s:\[\]]{1,64})(?:\[\d{1,10}\])?: ?(?P<text>.*)"
_RFC3164 = re.compile(r"(?:<\d{1,3}>)?(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) " + _HEAD, re.DOTALL | re.ASCII)
_WHOLE = re.compile(r"(?:<\d{1,3}>)?(?P<time>\d{4}-\d\d-\d\d[T ]\S{8,30}) " + _HEAD, re.DOTALL | re.ASCII)
_SHORT_TIME = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Message:
    moment: Moment
    host: str
    app: str
    text: str


class SyslogReader:
    def __init__(self, clock: Clock, year_of: datetime | None) -> None:
        self.clock = clock
        self.year_of = year_of

    def read(self, line: bytes) -> list[Record]:
        message = message_of(line_text(line), self.clock, self.year_of)
        return [record_of_message(message.app, message.text, message.host, message.moment)]


def line_text(line: bytes) -> str:
    if not line.strip():
        raise Unreadable("empty")
    if b"\0" in line:
        raise Unreadable("not-text")
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable("not-text") from None


def message_of(text: str, clock: Clock, year_of: datetime | None) -> Message:
    """Raises:
    Unreadable: `unknown-shape`, `no-time`, `bad-time`, `time-out-of-range`, `future-time`, `no-resource`.
    """
    found = _RFC5424.fullmatch(text) or _WHOLE.fullmatch(text)
    if found:
        moment = clock.read(found["time"])
    elif found := _RFC3164.fullmatch(text):
        moment = short_time(found["time"], clock, year_of)
        clock.check(moment.at)
    else:
        raise Unreadable("unknown-shape")
    host = host_of(found["host"])
    if not host:
        raise Unreadable("no-resource")
    return Message(moment, host, found["app"], found["text"] or "")


def short_time(text: str, clock: Clock, year_of: datetime | None) -> Moment:
    """A time without year and zone: the latest such moment that is at most a day ahead of when it was received.

    So a line of 31 December that is received in January is of last year's, and one whose clock is a little ahead at New
    Year's Eve of next year's.
    """
    found = _SHORT_TIME.fullmatch(text)
    if not found or found[1] not in _MONTHS:
        raise Unreadable("bad-time")
    month = _MONTHS.index(found[1]) + 1
    day, hour, minute, second = (int(each) for each in found.group(2, 3, 4, 5))
    received = year_of or clock.now()
    for year in (received.year + 1, received.year, received.year - 1):
        try:
            moment = clock.local(datetime(year, month, day, hour, minute, second))  # noqa: DTZ001
        except ValueError:  # 29 February of another year, or no day at all
            continue
        if moment.at <= received + timedelta(days=1):
            return replace(moment, fault=f"{NO_YEAR}; {moment.fault}")
    raise Unreadable("bad-time")
