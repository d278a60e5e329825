"""What workers do of access: bodies that were handed over, and files in the watched folder."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from django.conf import settings
from django.db import connections

from monitoring.access.intakes import Intake, NoSuchOrganisation, called, claimed, open_intake, take_file
from monitoring.access.specs import reader_from
from monitoring.access.streams import BadStream, unpacked
from monitoring.records.reading import FORMATS, guess_format, reader_of
from portal.claims import claimant
from portal.files.store import open_kept, remove
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

AT_MOST = 4
QUIET_SECONDS = 2.0  # a file that was written to since then is not whole yet
DONE, REFUSED = ".taken", ".refused"


def take_handed_over() -> int:
    """Go on with bodies whose sender was answered already; how many were finished. Safe to run twice at once."""
    worker = claimant()
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT id, source_id, reached, line, totals, rejections, format, file FROM sec.claim_intakes(%s, %s)",
            [worker, AT_MOST],
        )
        rows = cursor.fetchall()
    return sum(_go_on(claimed(row[:6], worker), row[6], row[7]) for row in rows)


def _go_on(intake: Intake, spec: str, file: str) -> bool:
    try:
        with open_kept(file) as stream:
            take_file(intake, reader_from(spec), stream)
    except FileNotFoundError:
        intake.end("The rest of the body is no longer there: send it again.")
    except Exception:  # one organisation's file is no other's trouble; its lease runs out and somebody tries again
        log.exception("intake %s is taken again", intake.id)
        return False
    remove(file)
    return True


def take_folder() -> int:
    """Take the files in `ACCESS_FOLDER`: `<organisation>/<source>/<file>`, a source's folder may be called
    `name.format`. What was taken is renamed with `.taken` behind it, what cannot be with `.refused`."""
    if not settings.ACCESS_FOLDER or not Path(settings.ACCESS_FOLDER).is_dir():
        return 0
    worker, taken = claimant(), 0
    for path in sorted(Path(settings.ACCESS_FOLDER).glob("*/*/*")):
        if path.name.startswith(".") or path.name.endswith((DONE, REFUSED)) or path.is_symlink() or not path.is_file():
            continue
        if _is_quiet(path):
            taken += _take(path, worker)
    return taken


def _is_quiet(path: Path) -> bool:
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
            (now,) = cursor.fetchone()
        return bool(now - path.stat().st_mtime > QUIET_SECONDS)
    except FileNotFoundError:
        return False


def _take(path: Path, worker: str) -> bool:
    organisation, source = path.parent.parent.name, path.parent.name
    name, dot, format_name = source.rpartition(".")
    if not dot or format_name not in FORMATS:
        name, format_name = source, ""
    try:
        with path.open("rb") as file:
            if not format_name:
                first = next(unpacked(file), b"")
                format_name = guess_format(first.splitlines()[:300]) or ""
                if not format_name:
                    raise BadStream("looks like no log that is read here")
            intake = open_intake(
                organisation, name[:100], called(path), format_name, os.fstat(file.fileno()).st_size, worker
            )
            size = os.fstat(file.fileno()).st_size
            totals = take_file(intake, reader_of(format_name), file)
            if os.fstat(file.fileno()).st_size != size:
                return False  # somebody goes on writing: what came later is taken the next time
    except (BadStream, NoSuchOrganisation, ValueError) as trouble:
        log.warning("%s is not taken: %s", path, trouble)
        _rename(path, REFUSED)
        return False
    except Exception:
        log.exception("%s is tried again", path)
        return False
    log.info("%s: %s accepted, %s rejected", path, totals.accepted, totals.rejected)
    _rename(path, DONE)
    return True


def _rename(path: Path, ending: str) -> None:
    try:
        path.rename(path.with_name(path.name + ending))
    except OSError:
        log.exception("%s cannot be renamed: it is looked at again and again, and its lines are duplicates", path)
