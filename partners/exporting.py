"""The register as an organisation may see it, as files that the import takes again.

What is streamed has a scope for each batch: whoever is cut off meanwhile gets no further batch, and the file says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import orjson
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connections

from partners.importing.all_kinds import KINDS
from partners.importing.kinds import Values
from partners.importing.sheets import sheet
from portal.tenancy.scope import organisation_scope

BATCH = 500
CUT_OFF = "cut off: this file is not whole"


class CutOff(Exception):
    """The ticket has ended while the file was written."""


def as_csv(kind_name: str, *, me: UUID, ticket: str) -> Iterator[bytes]:
    """All objects of one kind, a row each, under the names that the import knows."""
    fields = KINDS[kind_name].fields
    yield sheet([[each.name for each in fields]])
    try:
        for batch in _batches(kind_name, me=me, ticket=ticket):
            yield sheet(
                (
                    [
                        each.reader.write(row[each.name]) if row[each.name] not in (None, "", []) else ""
                        for each in fields
                    ]
                    for row in batch
                ),
                first=False,
            )
    except CutOff:
        yield sheet([[CUT_OFF]], first=False)


def as_json(*, me: UUID, ticket: str) -> Iterator[bytes]:
    """Everything as one JSON object: a list of objects a kind, and at its end whether it is whole."""
    yield b"{"
    try:
        for name in KINDS:
            yield orjson.dumps(name) + b": ["
            first = True
            for batch in _batches(name, me=me, ticket=ticket):
                yield (b"" if first else b",") + b"\n" + b",\n".join(map(orjson.dumps, batch))
                first = False
            yield b"],\n"
    except CutOff:
        yield b'], "complete": false}\n'
        return
    yield b'"complete": true}\n'


def _batches(kind_name: str, *, me: UUID, ticket: str) -> Iterator[Sequence[Values]]:
    with _inside(ticket):
        kind = KINDS[kind_name](me)
    rows = [kind.there[key].values for key in sorted(kind.there)]
    for first in range(0, len(rows), BATCH):
        with _inside(ticket), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.me()")  # raises for whoever has been cut off
        yield rows[first : first + BATCH]


@contextmanager
def _inside(ticket: str) -> Iterator[None]:
    try:
        with organisation_scope(ticket):
            yield
    except (DatabaseError, PermissionDenied) as error:
        raise CutOff from error
