"""Files on the disk: written whole under a random name or not at all, and never under a name that somebody sent.

A file is first written to `incoming/`, then moved to `kept/xx/` inside the transaction that writes its row: a crash in
between leaves a file without a row, which the sweep takes away, and never a row without its file.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class Incoming:
    """A file that is being written: counts and hashes on the way. `name` is 256 random bits in hexadecimal."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(32)
        self.path = folder("incoming") / self.name
        self.size = 0
        self._digest = hashlib.sha256()
        self._handle: BinaryIO | None = os.fdopen(os.open(self.path, FLAGS, 0o600), "wb")

    def write(self, chunk: bytes) -> None:
        assert self._handle is not None
        self._handle.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    def finish(self) -> None:
        """All of it has come: make sure that the disk has it."""
        if self._handle is not None:
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()
            self._handle = None

    def keep(self) -> None:
        """Move it to where kept files stand. Inside the transaction that writes its row, and before its commit.

        Raises:
            OSError: the disk does not take it, or the sweep has taken it away.
        """
        self.finish()
        place = path_of(self.name)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        os.rename(self.path, place)
        for changed in (place.parent, place.parent.parent):
            _sync(changed)

    def discard(self) -> None:
        """Leave nothing of it, wherever it has got to. Safe to repeat."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
        remove(self.name)


def folder(name: str) -> Path:
    """`incoming` or `kept` under FILES_ROOT, made on first use and closed to everybody else."""
    root: Path = settings.FILES_ROOT
    root.parent.mkdir(parents=True, exist_ok=True)
    for path in (root, root / name):
        path.mkdir(mode=0o700, exist_ok=True)
    return root / name


def path_of(name: str) -> Path:
    """Where the kept file of that random name stands.

    Raises:
        ValueError: it is no such name; nothing else ever becomes part of a path.
    """
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise ValueError("not a name of the store")
    return folder("kept") / name[:2] / name


def open_kept(name: str) -> BinaryIO:
    """The kept file, to read. Raises OSError when it is not there."""
    return os.fdopen(os.open(path_of(name), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")


def remove(name: str) -> None:
    """Take the file of that name away, kept or incoming. Safe to repeat."""
    for path in (path_of(name), folder("incoming") / name):
        with suppress(FileNotFoundError):
            path.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
