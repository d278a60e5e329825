"""Whether the portal is well: `/healthz` and `/readyz`, and what every page says of a process that has gone silent.

The other processes say that they are alive by a row of `sec.heartbeat`, read at the door: a probe has no ticket.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import Error, connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal import clock
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import at_the_door

log = logging.getLogger(__name__)

OTHERS = ("live", "worker", "scheduler")  # each beats every two seconds; who reads this is the web process
SILENT_SECONDS = 15.0  # a worker in the middle of a slow batch beats late
KEPT_SECONDS = 5.0
BEATS = "SELECT process, seconds_ago FROM sec.beats()"
APPLIED = "SELECT app, name FROM sec.migrations_applied()"


class Silence(NamedTuple):
    """A process that has said nothing for too long; `since` None: never heard of."""

    process: str
    since: datetime | None


class _Memory:
    """What this process remembers."""

    began = time.monotonic()
    ready = False
    migrated = False
    heard: dict[str, float] = {}  # by `time.monotonic()`
    read_at = -KEPT_SECONDS


def seconds_since_beats() -> dict[str, float]:
    """How many seconds ago each process said that it is alive.

    Raises:
        django.db.Error: the database is away, or has no tables yet.
    """
    with at_the_door(), connections["auth"].cursor() as cursor:
        cursor.execute(BEATS)
        return dict(cursor.fetchall())


def stale_processes() -> list[Silence]:
    """The processes that have gone silent, for the header of every page. One short query in five seconds a process."""
    now = time.monotonic()
    if now - _Memory.read_at >= KEPT_SECONDS:
        _Memory.read_at = now
        try:
            _Memory.heard = {process: now - ago for process, ago in seconds_since_beats().items()}
        except Error:
            log.warning("the heartbeats could not be read", exc_info=True)
    heard = _Memory.heard
    return [
        Silence(process, clock.now() - timedelta(seconds=now - heard[process]) if process in heard else None)
        for process in OTHERS
        if process not in heard or now - heard[process] > SILENT_SECONDS
    ]


@own_scope
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; the body tells of the others and of the database."""
    try:
        beats = seconds_since_beats()
        database = "ok"
    except Error:
        beats, database = {}, "away"
    processes = {"web": "ok"} | {name: _word(beats.get(name), database) for name in OTHERS}
    well = database == "ok" and set(processes.values()) == {"ok"}
    return JsonResponse({"status": "ok" if well else "degraded", "database": database, "processes": processes})


def _word(seconds_ago: float | None, database: str) -> str:
    if database != "ok":
        return "unknown"
    return "ok" if seconds_ago is not None and seconds_ago <= SILENT_SECONDS else "silent"


@own_scope
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 until all tables are there and all processes have beaten since this one began; then only without database."""
    try:
        missing = _missing()
    except Error:
        missing = ["database"]
    if missing:
        return JsonResponse({"status": "not ready", "missing": missing}, status=503, headers={"Retry-After": "1"})
    _Memory.ready = True
    return JsonResponse({"status": "ready"})


def _missing() -> list[str]:
    """What is not there yet.

    Raises:
        django.db.Error: the database is away.
    """
    beats = seconds_since_beats() if _Memory.migrated or _is_migrated() else None
    if beats is None:
        return ["migrations"]
    if _Memory.ready:
        return []
    own_age = time.monotonic() - _Memory.began
    return [name for name in OTHERS if beats.get(name, SILENT_SECONDS) >= min(SILENT_SECONDS, own_age)]


def _is_migrated() -> bool:
    """Whether the database has every migration of this code; a newer database has more."""
    with at_the_door(), connections["auth"].cursor() as cursor:
        cursor.execute("SELECT to_regproc('sec.migrations_applied') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute(APPLIED)
        applied = set(cursor.fetchall())
    _Memory.migrated = applied.issuperset(MigrationLoader(None).disk_migrations or {})
    return _Memory.migrated
