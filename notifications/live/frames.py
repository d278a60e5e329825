"""Frames: rows of an organisation's stream as the text that each of its sockets gets, built once for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection

from notifications.live.outlet import Frame, text_frame
from notifications.live.reading import labels_for
from portal.ledger.stream import TailRow, ids_to_label, public_event


def json_frame(content: dict[str, Any]) -> Frame:
    """A frame that has no place in the stream: hello, resync, beat."""
    return text_frame(orjson.dumps(content).decode())


class FrameMaker:
    """Builds frames and remembers slugs, which everybody may know, and names, kept apart by organisation."""

    def __init__(self) -> None:
        self._slugs: dict[UUID, str | None] = {}
        self._names: dict[UUID, dict[UUID, str | None]] = defaultdict(dict)

    def forget(self) -> None:
        """Look everything up again: people are renamed and leave."""
        self._slugs.clear()
        self._names.clear()

    async def frames(
        self, rows: Sequence[TailRow], *, organisation_id: UUID, ticket: str, connection: AsyncConnection[Any]
    ) -> list[Frame]:
        """Build the frames of rows that have events; what is not remembered is read with the organisation's ticket."""
        names = self._names[organisation_id]
        unknown = ids_to_label(rows) - self._slugs.keys() - names.keys()
        if unknown:
            found = await labels_for(connection, ticket, unknown)
            organisations = {row.actor_organisation_id for row in rows}
            for each in unknown:
                (self._slugs if each in organisations else names)[each] = found.get(each)
        labels = {**self._slugs, **names}
        return [text_frame(orjson.dumps(public_event(row, labels)).decode(), row.seq or 0) for row in rows]
