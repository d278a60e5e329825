"""What the database refuses because there is as much of it as there may be, in words for whoever sent more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

PROGRAM_LIMIT = "54000"  # PostgreSQL manual, appendix A
SOURCES = "An organisation has at most 200 sources: send it under the name of one that there is."
WAITING = "Twenty bodies of yours wait already: send this one again later. What was taken of it is known again."


class TooMany(ValueError):
    """A limit is reached; `later`: it passes by itself."""

    def __init__(self, words: str, *, later: bool = False) -> None:
        super().__init__(words)
        self.later = later


@contextmanager
def limit(words: str, *, later: bool = False) -> Iterator[None]:
    """Around the one statement that may reach it. The transaction is over then.

    Raises:
        TooMany: it is reached.
    """
    try:
        yield
    except DatabaseError as refused:
        if getattr(refused.__cause__, "sqlstate", "") != PROGRAM_LIMIT:
            raise
        raise TooMany(words, later=later) from None
