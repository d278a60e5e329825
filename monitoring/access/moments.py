"""The moments that split a day: what comes after one is another crossing than what came before it.

Of a crossing the first time of each day is kept. On a day on which somebody was cut off, connected again or had a
permission ended, that is the first time of each stretch between such moments: whoever judges sees what came after.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime

from django.db import connections

Stretch = date | datetime  # a day, or since the last moment of it


class Moments:
    """Those that the open scope may know of, as they stand now."""

    def __init__(self) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT started_at, ended_at FROM sec.access_moments()")
            rows: frozenset[tuple[datetime | None, datetime | None]] = frozenset(cursor.fetchall())
        self.rows = rows
        self.cuts = [(start, end) for start, end in rows if start is not None]
        self.of_day: dict[date, list[datetime]] = {}
        for moment in sorted({each.astimezone(UTC) for row in rows for each in row if each is not None}):
            self.of_day.setdefault(moment.date(), []).append(moment)

    def stretch(self, at: datetime) -> Stretch:
        """`at` in UTC."""
        day = at.date()
        moments = self.of_day.get(day)
        if moments is None:
            return day
        nth = bisect_right(moments, at)
        return moments[nth - 1] if nth else day

    def one_day(self, first: datetime, last: datetime) -> date | None:
        """The day on which both are, where no moment splits it. Both in UTC."""
        day = first.date()
        return day if day == last.date() and day not in self.of_day else None

    def cut(self, at: datetime) -> bool:
        """Whether anybody was cut off then."""
        return any(start <= at and (end is None or at < end) for start, end in self.cuts)
