"""Sights and changes as a source gives them: through the functions that ingest calls, inside an open scope."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections

from monitoring.findings.judging import judge_due
from tests.notifications.stage import as_worker

SIGHTS = "SELECT * FROM sec.take_sights(%s, %s, %s, %s, %s, %s::uuid[], %s::uuid[], %s, %s::uuid[], %s, %s, %s::uuid[])"
CHANGES = "SELECT sec.take_changes(%s, %s, %s, %s, %s, %s, %s::uuid[], %s::uuid[], %s, %s::uuid[], %s)"


@dataclass(frozen=True)
class Seen:
    """One row for `sec.take_sights`."""

    home: UUID
    whose: UUID
    at: datetime
    account: str = "svc-backup@ashbourne"
    place: str = "file-02"
    kind: str = "success"
    account_kind: str = "service"
    system: UUID | None = None
    permission: UUID | None = None


@dataclass(frozen=True)
class Changed:
    """One row for `sec.take_changes`."""

    home: UUID | None
    whose: UUID
    at: datetime
    action: str
    target: str = "ng-adm"
    place: str = "file-02"
    system: UUID | None = None


def ask(sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def source(name: str = "SIEM") -> UUID:
    found: UUID = ask("SELECT sec.source_named(%s, 'normal')", [name])[0]
    return found


def see(*rows: Seen, of: UUID | None = None) -> None:
    """Written in the open scope's own name."""
    ask(
        SIGHTS,
        [of or source(), [r.kind for r in rows], [r.account for r in rows], [r.account for r in rows],
         [r.account_kind for r in rows], [r.home for r in rows], [r.whose for r in rows], [r.place for r in rows],
         [r.system for r in rows], [r.place for r in rows], [r.at for r in rows], [r.permission for r in rows]],
    )  # fmt: skip


def change(*rows: Changed) -> None:
    ask(
        CHANGES,
        [source(), [r.action for r in rows], ["success"] * len(rows), ["t.adm@ashbourne"] * len(rows),
         ["t.adm@ashbourne"] * len(rows), [r.target for r in rows], [r.home for r in rows], [r.whose for r in rows],
         [r.place for r in rows], [r.system for r in rows], [r.at for r in rows]],
    )  # fmt: skip


def judge_by_work() -> tuple[int, float]:
    """As `judge`, and the processor's seconds that the database took for it: they do not grow with what else runs."""
    with as_worker():
        connections["default"].ensure_connection()
        server = connections["default"].connection.info.backend_pid
        before = _worked(server)
        judged = judge_due()
        return judged, _worked(server) - before


def _worked(process: int) -> float:
    """Seconds in user and kernel mode (proc_pid_stat(5), fields 14 and 15)."""
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def judge() -> int:
    """The job, as the worker does it; needs sights that are committed."""
    with as_worker():
        return judge_due()
