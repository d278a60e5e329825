"""How much may be uploaded, in words for people too. The database holds the same numbers (`files/0001_initial`)."""

from __future__ import annotations

from datetime import timedelta

MEBIBYTE = 1024 * 1024
LARGEST = 25 * MEBIBYTE  # one file
QUOTA = 500 * MEBIBYTE  # of one organisation altogether
MOST = 20  # of one organisation for one object
NAME_LENGTH = 150
ENVELOPE = 64 * 1024  # what a form may hold beside its file
AT_ONCE, AT_ONCE_OF_ONE = 3, 2  # uploads that one process reads at the same time: the other threads answer people
LONGEST = timedelta(minutes=5)  # that one upload may take
ORPHAN_AFTER = timedelta(hours=1)


def in_words(size: int) -> str:
    """`812 bytes`, `14 KB`, `3.2 MB`."""
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.0f} KB" if size < MEBIBYTE else f"{size / MEBIBYTE:.1f} MB"
