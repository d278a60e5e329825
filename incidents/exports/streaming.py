"""The file of one incident as it is sent: each batch in a scope of its own, so that whoever is cut off gets no further.

A whole file says that it is whole; one that was cut off says that, and is a valid file all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import orjson
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError

from incidents.exports.parts import BATCH, PARTS, Row
from partners.importing.sheets import sheet
from portal.tenancy.scope import organisation_scope

COLUMNS = ("part", "at", "organisation", "kind", "title", "status", "details")


class CutOff(Exception):
    """The reader's ticket ended between two batches."""


def _batches(ticket: str, incident_id: UUID, me: UUID, part: str) -> Iterator[list[Row]]:
    after = None
    while True:
        try:
            with organisation_scope(ticket):
                found = PARTS[part](incident_id, me, after)
        except (DatabaseError, PermissionDenied):
            raise CutOff from None
        if found:
            yield [row for _key, row in found]
        if len(found) < BATCH:
            return
        after = found[-1][0]


def as_json(ticket: str, incident_id: UUID, me: UUID, about: Row) -> Iterator[bytes]:
    """`{"incident", "participants": [], "tasks": [], …, "complete": true, "count"}`."""
    yield b'{"incident":' + orjson.dumps(about)
    count = 0
    for part in PARTS:
        yield f',"{part}":['.encode()
        first = True
        try:
            for rows in _batches(ticket, incident_id, me, part):
                yield (b"" if first else b",\n") + b",\n".join(orjson.dumps(row) for row in rows)
                first, count = False, count + len(rows)
        except CutOff:
            yield b'],"cut_off":true}\n'
            return
        yield b"]"
    yield b',"complete":true,"count":' + str(count).encode() + b"}\n"


def as_csv(ticket: str, incident_id: UUID, me: UUID, about: Row) -> Iterator[bytes]:
    """A line for each row, with all of it as JSON in the last column; for no spreadsheet a formula."""
    yield sheet([COLUMNS, _cells("incident", about)])
    count = 0
    for part in PARTS:
        try:
            for rows in _batches(ticket, incident_id, me, part):
                yield sheet([_cells(part, row) for row in rows], first=False)
                count += len(rows)
        except CutOff:
            yield sheet([["cut_off"]], first=False)
            return
    yield sheet([["complete", "", "", "", "", "", str(count)]], first=False)


def _cells(part: str, row: Row) -> list[str]:
    flat = orjson.loads(orjson.dumps(row))
    actor = flat.get("actor") or {}
    return [
        part,
        str(flat.get("at") or flat.get("done_at") or flat.get("changed_at") or flat.get("opened_at") or ""),
        str(flat.get("organisation") or actor.get("organisation") or flat.get("lead") or ""),
        str(flat.get("kind") or flat.get("role") or ""),
        str(flat.get("title") or flat.get("decision") or flat.get("text") or flat.get("name") or ""),
        str(flat.get("status") or flat.get("word") or ""),
        orjson.dumps(flat).decode(),
    ]
