"""Opens a source and takes a stream into it, as whoever the scope is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from uuid import UUID

from django.db import connections

from monitoring.access.blocks import blocks_of
from monitoring.access.taking import Taker, Totals
from monitoring.records.reading import Reader


def source_named(name: str, format_name: str) -> UUID:
    """The own source of that name, made when it is new. In an open scope.

    Raises:
        django.db.DatabaseError: too long a name, or too many sources.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.source_named(%s, %s)", [name, format_name])
        (found,) = cursor.fetchone()
    return UUID(str(found))


def take_stream(
    source: UUID, reader: Reader, chunks: Iterable[bytes], scope: Callable[[], AbstractContextManager[object]]
) -> Totals:
    """Take all of it; what became of its records."""
    taker = Taker(source, reader, scope)
    for block in blocks_of(chunks, reader):
        taker.add(block)
    return taker.finish()
