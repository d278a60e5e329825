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
from portal.ways_out import Blocked, WayOut, not_watched

log = logging.getLogger(__name__)

OTHERS = ("live", "worker", "hooks", "scheduler")  # each beats every two seconds; who reads this is the web process
# Without these nobody is told or sees what happens. Webhooks to tools may come late: no reason to take the portal away.
NEEDED = ("live", "worker", "scheduler")
SILENT_SECONDS = 15.0  # a worker in the middle of a slow batch beats late
KEPT_SECONDS = 5.0
COUNTED_SECONDS = 30.0  # the queues are counted whole, which takes longer
SIGNS = """
SELECT 'process', process, seconds_ago, NULL::float8, NULL::float8 FROM sec.beats()
UNION ALL SELECT 'way', transport, canary_seconds, open_seconds, used_up_seconds FROM sec.ways_out()
"""
FAILING = "SELECT count(*) > 0 FROM sec.queues() WHERE queue = 'planning' AND state = 'failed'"
APPLIED = "SELECT app, name FROM sec.migrations_applied()"


class Silence(NamedTuple):
    """A process that has said nothing for too long; `since` None: never heard of."""

    process: str
    since: datetime | None


class Signs(NamedTuple):
    """What the database knows of the processes and of the ways out."""

    beats: dict[str, float]  # seconds ago, by process
    ways: list[WayOut]


class _Memory:
    """What this process remembers."""

    began = time.monotonic()
    ready = False
    migrated = False
    heard: dict[str, float] = {}  # by `time.monotonic()`
    blocked: list[Blocked] = []
    ways: list[WayOut] | None = None  # None: the database was never asked, or did not answer
    read_at = -KEPT_SECONDS
    failing = False
    counted_at = -COUNTED_SECONDS


def signs() -> Signs:
    """Who said that it is alive, and what of the ways out works. One query.

    Raises:
        django.db.Error: the database is away, or has no tables yet.
    """
    with at_the_door(), connections["auth"].cursor() as cursor:
        cursor.execute(SIGNS)
        rows = cursor.fetchall()
    beats = {name: seconds for what, name, seconds, *_ in rows if what == "process"}
    return Signs(beats, [WayOut(*row) for what, *row in rows if what == "way"])


def stale_processes() -> list[Silence]:
    """The processes that have gone silent, for the header of every page. One short query in five seconds a process."""
    now = _read_sometimes()
    heard = _Memory.heard
    return [
        Silence(process, clock.now() - timedelta(seconds=now - heard[process]) if process in heard else None)
        for process in OTHERS
        if process not in heard or now - heard[process] > SILENT_SECONDS
    ]


def blocked_ways() -> list[Blocked]:
    """The ways out that do not work, for the header of every page; out of the same query as the processes."""
    _read_sometimes()
    return _Memory.blocked


def ways_out() -> list[WayOut] | None:
    """What is known of the ways out, for their page; out of the same query. None: the database did not answer."""
    _read_sometimes()
    return _Memory.ways


def _read_sometimes() -> float:
    """Look at the signs, unless this process did so just now; the time by the process's clock."""
    now = time.monotonic()
    if now - _Memory.read_at >= KEPT_SECONDS:
        _Memory.read_at = now
        try:
            beats, ways = signs()
            _Memory.heard = {process: now - ago for process, ago in beats.items()}
            _Memory.ways, _Memory.blocked = ways, [blocked(way) for way in ways if way.word != "ok"]
        except Error:
            _Memory.ways = None
            log.warning("the heartbeats could not be read", exc_info=True)
    return now


def blocked(way: WayOut) -> Blocked:
    """Since when it does not work, or until when, by this machine's clock."""
    ago = {"used up": -(way.used_up_seconds or 0), "shut": way.open_seconds or 0}.get(way.word, way.canary_seconds or 0)
    return Blocked(way.transport, way.word, clock.now() - timedelta(seconds=ago))


@own_scope
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; the body tells of the others and of the database.

    `not_watched` names the transports in use that no canary tries, each with the setting that changes that (null: none
    does). It makes nothing unhealthy; that such a way works is said nowhere.
    """
    try:
        beats, ways = signs()
        planning = "failing" if planning_fails() else "ok"
        database = "ok"
    except Error:
        beats, ways, planning, database = {}, [], "unknown", "away"
    processes = {"web": "ok"} | {name: _word(beats.get(name), database) for name in OTHERS}
    ways_out = {way.transport: way.word for way in ways if way.is_known}
    unwatched = {name: by or None for name, by in not_watched(ways).items()} if database == "ok" else {}
    well = database == "ok" and {*processes.values(), *ways_out.values(), planning} == {"ok"}
    status = "ok" if well else "degraded"
    said = {"status": status, "database": database, "processes": processes, "ways_out": ways_out, "planning": planning}
    return JsonResponse(said | {"not_watched": unwatched})


def planning_fails() -> bool:
    """Whether the messages of some event could not be planned in more than ten tries. Asked each half minute at most.

    Raises:
        django.db.Error: the database is away.
    """
    now = time.monotonic()
    if now - _Memory.counted_at >= COUNTED_SECONDS:
        with at_the_door(), connections["auth"].cursor() as cursor:
            cursor.execute(FAILING)
            (_Memory.failing,) = cursor.fetchone()
        _Memory.counted_at = now
    return _Memory.failing


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
    beats = signs().beats if _Memory.migrated or _is_migrated() else None
    if beats is None:
        return ["migrations"]
    if _Memory.ready:
        return []
    own_age = time.monotonic() - _Memory.began
    return [name for name in NEEDED if beats.get(name, SILENT_SECONDS) >= min(SILENT_SECONDS, own_age)]


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
