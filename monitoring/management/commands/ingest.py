"""`manage.py ingest FILE…`: take records of access from files, as one organisation's source, with progress."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.access.ahead import read_ahead
from monitoring.access.blocks import blocks_of
from monitoring.access.intakes import Intake, NoSuchOrganisation, called, open_intake
from monitoring.access.streams import BadStream, unpacked
from monitoring.access.taking import Taker
from monitoring.access.totals import Totals
from monitoring.records.reading import FORMATS, Reader, guess_format, reader_of
from portal.claims import claimant

EVERY_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Take records of access from files (gzip too). A file that was broken off goes on where it stood; what was "
        "taken before changes nothing. Runs as the worker: BULKHEAD_PROCESS=worker manage.py ingest …"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--organisation", required=True, help="whose log it is: its slug")
        parser.add_argument("--source", help="what it calls this log (default: the name of the format)")
        parser.add_argument("--format", choices=FORMATS, help="default: what the first lines look like")
        parser.add_argument("--zone", default="UTC", help="where its clock stands, for times without a zone")
        parser.add_argument("--columns", default="", help="of a CSV: at=Time,account=User,…")

    def handle(self, *args: Any, **options: Any) -> None:
        worker = claimant()
        for file in options["files"]:
            path = Path(file)
            try:
                reader = self._reader(path, options)
                size = os.stat(path).st_size
                source = options["source"] or reader.format_name
                intake = open_intake(options["organisation"], source, called(path), reader.format_name, size, worker)
                totals = self._take(path, intake, reader, size)
            except NoSuchOrganisation as trouble:
                raise CommandError(f"There is no organisation “{trouble}”.") from None
            except (OSError, BadStream, ValueError) as trouble:
                raise CommandError(f"{path}: {trouble}") from None
            self._say(path, totals)

    def _reader(self, path: Path, options: dict[str, Any]) -> Reader:
        name = options["format"]
        if not name:
            with path.open("rb") as file:
                first = next(unpacked(file), b"")
            name = guess_format(first.splitlines()[:300])
            if not name:
                raise ValueError("looks like no log that is read here: say which with --format")
        pairs = (pair.partition("=") for pair in options["columns"].split(",") if pair)
        mapping = {field.strip(): column.strip() for field, _, column in pairs}
        return reader_of(name, mapping=mapping or None, zone=options["zone"])

    def _take(self, path: Path, intake: Intake, reader: Reader, size: int) -> Totals:
        begun = intake.totals.reached
        if begun:
            self.stderr.write(f"{path}: goes on behind line {intake.totals.line}")
        taker = Taker(intake.source, reader, intake.scope, note=intake.note, totals=intake.totals)
        with path.open("rb") as file:
            chunks = self._watched(unpacked(file), path, file, size)
            with read_ahead(blocks_of(chunks, reader), behind=begun, idle=taker.idle) as blocks:
                totals = taker.take(blocks, behind=begun)
        intake.end()
        return totals

    def _watched(self, chunks: Iterator[bytes], path: Path, file: Any, size: int) -> Iterator[bytes]:
        """Says how far it came, on a terminal in place, elsewhere a line for each tenth."""
        began = said = time.monotonic()
        tenth = 0
        for chunk in chunks:
            yield chunk
            now, share = time.monotonic(), file.tell() / size if size else 1.0
            if sys.stderr.isatty() and now - said > EVERY_SECONDS:
                said = now
                self.stderr.write(f"\r{path}: {share:.0%} after {now - began:.0f} s", ending="")
            elif not sys.stderr.isatty() and int(share * 10) > tenth and now - began > EVERY_SECONDS:
                tenth = int(share * 10)
                self.stderr.write(f"{path}: {share:.0%} after {now - began:.0f} s")

    def _say(self, path: Path, totals: Totals) -> None:
        self.stdout.write(
            f"{path}: {totals.accepted} accepted, {totals.duplicates} duplicates, {totals.rejected} rejected,"
            f" {totals.first_sights} first sights"
        )
        for each in totals.rejections[:20]:
            self.stdout.write(f"  line {each['line']}: {each['reason']}")
        if totals.rejected > 20:
            self.stdout.write(f"  and {totals.rejected - 20} more")
