"""Takes away files that no row keeps: of uploads that a crash cut off, and of files that were removed."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

from django.db import connections

from portal.files.limits import ORPHAN_AFTER
from portal.files.store import folder
from portal.tenancy.scope import queue_scope

BATCH = 1000


def sweep_files() -> int:
    """Delete what is older than an hour and kept by no row; how many there were. As the worker; safe to repeat.

    An upload takes minutes at most, so an hour-old file without a row will never get one.
    """
    before = time.time() - ORPHAN_AFTER.total_seconds()
    old = (path for name in ("incoming", "kept") for path in folder(name).rglob("*") if _is_old(path, before))
    gone = 0
    while batch := {path.name: path for path in islice(old, BATCH)}:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT * FROM sec.files_not_kept(%s)", [list(batch)])
            orphans = [name for (name,) in cursor.fetchall()]
        for name in orphans:
            batch[name].unlink(missing_ok=True)
        gone += len(orphans)
    return gone


def _is_old(path: Path, before: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime < before
    except FileNotFoundError:  # it was moved or removed just now
        return False
