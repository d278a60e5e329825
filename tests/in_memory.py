"""Where the servers of a run keep their data: in memory when the machine offers it, since each committing test copies a
database of a thousand files.

The template is the same for many runs, so the data as a run left it is kept under `var/test/kept` and taken from there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TextIO

from portal.var_folder import hold

MEMORY = Path("/dev/shm")
LEAST_BYTES = 2 * 1024**3
PREFIX = "bulkhead-test-"
LOCK = "run.lock"
_held_open: list[TextIO] = []


def memory_folder() -> Path | None:
    """A new folder in memory, or None where there is no room; whatever a killed run has left there is removed."""
    try:
        for left in MEMORY.glob(f"{PREFIX}*"):
            if not _held(left):
                shutil.rmtree(left, ignore_errors=True)
        if shutil.disk_usage(MEMORY).free < LEAST_BYTES:
            return None
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY))
        _held_open.append(hold(folder / LOCK))
    except OSError:
        return None
    return folder


def take_kept(kept: Path, folder: Path) -> None:
    """Begin with what an earlier run of the same state has kept."""
    if kept.is_dir():
        shutil.copytree(kept, folder, dirs_exist_ok=True)


def keep(folder: Path, kept: Path) -> None:
    """Keep it for later runs in place of what was kept before; the servers have stopped."""
    if kept.exists():
        return
    part = kept.with_name(f"{kept.name}-{os.getpid()}")
    shutil.copytree(folder, part, ignore=shutil.ignore_patterns("*.lock", "log"))
    for older in kept.parent.glob("kept-*"):
        if older != part:
            shutil.rmtree(older, ignore_errors=True)
    part.replace(kept)


def _held(folder: Path) -> bool:
    """Whether a run is using it. One that is just being made has no lock yet, and is left alone for a minute."""
    try:
        with (folder / LOCK).open() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return folder.stat().st_mtime > time.time() - 60
    except OSError:
        return True
    return False
