"""Blocks read by another thread while the one before is being written: the database waits for no reading.

No connection is used there, so whoever takes the blocks stays in its own transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, Full, Queue

from monitoring.access.blocks import Block
from monitoring.access.columns import columns_of
from monitoring.access.words import Known

AHEAD = 16  # blocks that lie ready, about 2 MB each: what is taken at once
LOOKS_EVERY_SECONDS = 0.1  # whether anybody still wants more
Item = Block | BaseException | None


@contextmanager
def read_ahead(
    blocks: Iterable[Block], *, behind: int = 0, depth: int = AHEAD, idle: threading.Event | None = None
) -> Iterator[Iterator[Block]]:
    """The same blocks, at most `depth` of them ahead; those behind that offset with their lines as columns. At the end
    nobody reads any more.

    `idle` is set while whoever takes them waits, for the database or for a block. The two share one interpreter: beside
    each other they would take as long as one after the other, and nobody would read while the database works.

    An error of reading is raised where its block would have come.
    """
    ready: Queue[Item] = Queue(depth)
    ended = threading.Event()

    def put(item: Item) -> None:
        while not ended.is_set():
            try:
                ready.put(item, timeout=LOOKS_EVERY_SECONDS)
                return
            except Full:
                continue

    def read() -> None:
        known = Known()
        try:
            for block in blocks:
                known = known.or_new()
                while idle and not idle.wait(LOOKS_EVERY_SECONDS) and not ended.is_set():
                    continue
                put(_decoded(block, known) if block.end > behind else block)
                if ended.is_set():
                    return
            put(None)
        except BaseException as error:  # raised again by whoever takes them
            put(error)

    reader = threading.Thread(target=read, name="read ahead", daemon=True)
    reader.start()
    try:
        yield _taken(ready)
    finally:
        ended.set()
        while reader.is_alive():
            try:
                ready.get_nowait()
            except Empty:
                reader.join(LOOKS_EVERY_SECONDS)


def _taken(ready: Queue[Item]) -> Iterator[Block]:
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _decoded(block: Block, known: Known) -> Block:
    if not block.closed:
        return block
    columns = columns_of(block.data, known)
    return replace(block, decoded=columns, closed=columns is not None)  # so that nobody tries it again
