"""Opens a source and takes a stream into it, as whoever the scope is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from uuid import UUID

from django.db import connections

from monitoring.access.blocks import blocks_of
from monitoring.access.limits import SOURCES, limit
from monitoring.access.taking import Taker
from monitoring.access.totals import Totals
from monitoring.records.reading import Reader


def source_named(name: str, format_name: str) -> UUID:
    """The own source of that name, made when it is new. In an open scope.

    Raises:
        TooMany: there are as many as there may be.
        django.db.DatabaseError: too long a name.
    """
    with limit(SOURCES), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.source_named(%s, %s)", [name, format_name])
        (found,) = cursor.fetchone()
    return UUID(str(found))


def take_stream(
    source: UUID, reader: Reader, chunks: Iterable[bytes], scope: Callable[[], AbstractContextManager[object]]
) -> Totals:
    """Take all of it; what became of its records."""
    return Taker(source, reader, scope).take(blocks_of(chunks, reader))
