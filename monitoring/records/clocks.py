"""Reading a source's clock: many spellings of a moment, its faults mended and said, impossible moments refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from monitoring.records.record import Unreadable

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=10)
QUARTER = timedelta(minutes=15)
WIDEST = timedelta(hours=14)  # no zone is further from UTC

SECONDS = "milliseconds were seconds"
MICROSECONDS = "milliseconds were microseconds"
NANOSECONDS = "milliseconds were nanoseconds"
NO_ZONE = "no zone said, the source's zone taken"
UTC_BY_FORMAT = "no zone said, UTC by the format"
NO_YEAR = "no year said, the receiver's taken"
LOCAL_SAID_AS_UTC = "local time was said as UTC"
OFFSET_FOUND = "local time without a zone, offset found beside it"

# From 2000 to 2100 in each unit: the four ranges do not touch, so the number itself says its unit.
_UNITS = ((10**0, SECONDS), (10**3, ""), (10**6, MICROSECONDS), (10**9, NANOSECONDS))
_LOW, _HIGH = 946_684_800, 4_102_444_800

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)? ?(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?", re.ASCII
)
_AMERICAN = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}),? (\d\d?):(\d\d):(\d\d) ?([AaPp])[Mm]", re.ASCII)
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is aware, UTC. `zoned`: the source itself said the zone. `fault` is what was mended, or ''."""

    at: datetime
    zoned: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """One source's clock: its zone for times without one, and the receiver's now."""

    zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    now: Callable[[], datetime] = utc_now
    unzoned: str = NO_ZONE  # what is said of a time without a zone

    def of_format(self) -> Clock:
        """The clock of a format whose times are UTC whether they say so or not."""
        return replace(self, zone=UTC, unzoned=UTC_BY_FORMAT)

    def read(self, value: object) -> Moment:
        """A moment from text or a number, within what is possible.

        Raises:
            Unreadable: `no-time`, `bad-time`, `time-out-of-range`, `future-time`.
        """
        moment = self.parse(value)
        self.check(moment.at)
        return moment

    def check(self, at: datetime) -> None:
        """Raises:
        Unreadable: `time-out-of-range` before 2000, `future-time` more than ten minutes from now.
        """
        if at < EARLIEST:
            raise Unreadable("time-out-of-range")
        if at > self.now() + AHEAD:
            raise Unreadable("future-time")

    def parse(self, value: object) -> Moment:
        """A moment from text or a number, whether it is possible or not."""
        if value is None or value in ("", "-", "null"):
            raise Unreadable("no-time")
        if isinstance(value, bool):
            raise Unreadable("bad-time")
        if isinstance(value, int | float):
            return _numbered(value)
        if not isinstance(value, str):
            raise Unreadable("bad-time")
        text = value.strip()
        if len(text) > 18 and text[4] == text[7] == "-" and text[10] in "Tt ":
            try:
                at = datetime.fromisoformat(text)  # ten times as fast as what follows
            except ValueError:
                pass
            else:
                return self._told(at)
        if _NUMBER.fullmatch(text):
            return _numbered(float(text) if "." in text else int(text))
        if found := _ISO.fullmatch(text):
            return self._iso(found)
        if found := _AMERICAN.fullmatch(text):
            return self._american(found)
        raise Unreadable("bad-time")

    def local(self, at: datetime) -> Moment:
        """A naive time of the source's own zone."""
        try:
            return Moment(at.replace(tzinfo=self.zone).astimezone(UTC), zoned=False, fault=self.unzoned)
        except (OverflowError, ValueError):
            raise Unreadable("time-out-of-range") from None

    def _iso(self, found: re.Match[str]) -> Moment:
        year, month, day, hour, minute = (int(part) for part in found.group(1, 2, 3, 4, 5))
        micros = int((found[7] or "0")[:6].ljust(6, "0"))
        try:
            naive = datetime(year, month, day, hour, minute, int(found[6] or 0), micros)  # noqa: DTZ001
        except ValueError:
            raise Unreadable("bad-time") from None
        try:
            zoned = naive.replace(tzinfo=_offset(found[8])) if found[8] else naive
        except ValueError:
            raise Unreadable("bad-time") from None
        return self._told(zoned)

    def _told(self, at: datetime) -> Moment:
        if at.tzinfo is None:
            return self.local(at)
        try:
            return Moment(at.astimezone(UTC), zoned=True)
        except (OverflowError, ValueError):
            raise Unreadable("bad-time") from None

    def _american(self, found: re.Match[str]) -> Moment:
        """As Windows shows an event's time in its own language: month first, twelve hours."""
        month, day, year, hour, minute, second = (int(part) for part in found.group(1, 2, 3, 4, 5, 6))
        if not 1 <= hour <= 12:
            raise Unreadable("bad-time")
        hour = hour % 12 + (12 if found[7] in "pP" else 0)
        try:
            return self.local(datetime(year, month, day, hour, minute, second))  # noqa: DTZ001
        except ValueError:
            raise Unreadable("bad-time") from None


def offset_between(local: datetime, certain: datetime, *, slack: timedelta = timedelta(minutes=2)) -> timedelta | None:
    """How far `certain` (UTC) is ahead of the same moment written as local time; None if that is no zone's offset.

    Both have to be of one moment, but for `slack`: offsets of zones are whole quarters of an hour.
    """
    apart = certain - local
    quarters = round(apart / QUARTER) * QUARTER
    if abs(quarters) > WIDEST or abs(apart - quarters) > slack:
        return None
    return quarters


def _numbered(value: float) -> Moment:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable("bad-time")
    for unit, fault in _UNITS:
        if _LOW * unit <= value < _HIGH * unit:
            micros = value * 10**6 // unit if isinstance(value, int) else int(value * (10**6 / unit))
            return Moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros), zoned=True, fault=fault)
    raise Unreadable("time-out-of-range")


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((timedelta(hours=hours, minutes=minutes)) * (1 if text[0] == "+" else -1))
