"""The folder for everything written at run time: who holds it, and the secrets in it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

LOG_LIMIT_BYTES = 10_000_000


class FolderTaken(Exception):
    """Another process holds the folder; the message is a sentence that names it."""


def root() -> Path:
    """The project's folder: where manage.py stands."""
    return Path(__file__).resolve().parent.parent


def var_folder() -> Path:
    """The absolute folder named by BULKHEAD_VAR, default `var/` in the project."""
    return (root() / (os.environ.get("BULKHEAD_VAR") or "var")).resolve()


def hold(lock: Path) -> TextIO:
    """Take the lock file for as long as the answer stays open; the kernel frees it when the process dies.

    Raises:
        FolderTaken: another process holds it.
    """
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = lock.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read().strip() or "of unknown number"
        handle.close()
        raise FolderTaken(
            f"Bulkhead is already running in {lock.parent} as process {holder}: "
            "stop it first, or name another folder with BULKHEAD_VAR."
        ) from None
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle


def token() -> str:
    """256 random bits, in hexadecimal."""
    return secrets.token_hex(32)


def secret(base: Path, name: str, *, make: Callable[[], str] = token) -> str:
    """The secret of that name in `base/secrets`, made on first use and readable by nobody else."""
    folder = base / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        write_private(path, make())
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    unfinished.replace(path)


def log_file(base: Path, name: str) -> Path:
    """The path of a log in `base/log`; a long one is set aside as `.old` first."""
    path = base / "log" / f"{name}.log"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.old"))
    return path
