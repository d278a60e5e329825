"""Sights and changes as a source gives them: through the functions that ingest calls, inside an open scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from monitoring.findings.judging import BATCH, judge_due
from tests.notifications.stage import as_worker
from tests.partners.raw import entered

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


def judge_by_work() -> tuple[int, int]:
    """As `judge` for one batch, and how many rows the database read for it, whoever's they were."""
    with entered(role="worker", commits=True) as connection:
        judged = connection.execute("SELECT sec.judge_access(%s)", [BATCH]).fetchone()
        read = connection.execute(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables"
        ).fetchone()
    assert judged
    assert read
    return judged[0], read[0]


def judge() -> int:
    """The job, as the worker does it; needs sights that are committed."""
    with as_worker():
        return judge_due()
