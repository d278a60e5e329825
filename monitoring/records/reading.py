"""The door to the readers: a format's name gives a reader, first lines give a format's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitoring.records.cef import CefReader
from monitoring.records.clocks import Clock, utc_now
from monitoring.records.cloudtrail import CloudTrailReader
from monitoring.records.csv_rows import CsvReader
from monitoring.records.domains import Domains
from monitoring.records.ecs import EcsReader
from monitoring.records.entra import EntraReader
from monitoring.records.guessing import guess
from monitoring.records.json_stream import LONGEST
from monitoring.records.normal import NormalReader
from monitoring.records.ocsf import OcsfReader
from monitoring.records.okta import OktaReader
from monitoring.records.record import Record, Unreadable
from monitoring.records.splitting import Piece, pieces_of
from monitoring.records.syslog import SyslogReader
from monitoring.records.windows.reader import WindowsReader

FORMATS = ("ocsf", "ecs", "entra", "windows", "okta", "cloudtrail", "syslog", "cef", "csv", "normal")


class LineReader(Protocol):
    def read(self, line: bytes) -> list[Record]: ...


class Reader:
    """Reads one source. Not shared between threads: some readers learn from what they have read."""

    def __init__(self, format_name: str, lines: LineReader, clock: Clock, *, read_as: str = "") -> None:
        self.format_name = format_name
        self.read_as = (
            read_as or format_name
        )  # with its zone and columns: read otherwise, the same lines tell otherwise
        self.clock = clock
        self._lines = lines

    def read(self, line: bytes) -> list[Record]:
        """The records of one line or document, usually one.

        Raises:
            Unreadable: with the reason, a key of `record.REASONS`. Nothing else, whatever the bytes.
        """
        if len(line) > LONGEST:
            raise Unreadable("too-long")
        return self._lines.read(line)

    def documents(self, chunks: Iterable[bytes]) -> Iterator[Piece]:
        """The stream's records with their line numbers: hand the `body` of each that has no `fault` to `read`.

        Lines where the format has one record a line; else JSON arrays, `{"Records": […]}`, objects over several lines,
        CSV rows with line breaks in them, Windows' shown text.
        """
        return pieces_of(chunks, self.format_name)


def reader_of(
    format_name: str,
    *,
    mapping: dict[str, str] | None = None,
    zone: str = "UTC",
    year_of: datetime | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Reader:
    """A reader for one source.

    `zone` is where the source's clock stands, for times without one. `year_of` is when the lines were received, for
    times without a year (a file's own time; None: now). `mapping` names the columns of a CSV.

    Raises:
        ValueError: no such format or zone, a mapping that fits no record, a `year_of` without a zone.
    """
    if year_of is not None and year_of.tzinfo is None:
        raise ValueError("year_of has no zone")
    try:
        clock = Clock(zone=ZoneInfo(zone), now=now)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no such zone: {zone}") from error
    match format_name:
        case "normal":
            lines: LineReader = NormalReader(clock)
        case "windows":
            lines = WindowsReader(clock, Domains())
        case "entra":
            lines = EntraReader(clock)
        case "okta":
            lines = OktaReader(clock)
        case "cloudtrail":
            lines = CloudTrailReader(clock)
        case "ocsf":
            lines = OcsfReader(clock, Domains())
        case "ecs":
            lines = EcsReader(clock, Domains())
        case "syslog":
            lines = SyslogReader(clock, year_of)
        case "cef":
            lines = CefReader(clock, year_of, Domains())
        case "csv":
            lines = CsvReader(clock, mapping)
        case _:
            raise ValueError(f"no such format: {format_name}")
    columns = ",".join(f"{field}={column}" for field, column in sorted((mapping or {}).items()))
    return Reader(format_name, lines, clock, read_as=f"{format_name} {zone} {columns}")


def guess_format(first_lines: list[bytes]) -> str | None:
    """What the first lines (some hundreds, or 64 KiB) look like; None for nothing that is read here."""
    return guess(first_lines)
