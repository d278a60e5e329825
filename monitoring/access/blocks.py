"""A stream of bytes in blocks of at most 1 MiB, each with what it is known by when it is delivered again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter

from monitoring.access.columns import Columns
from monitoring.records.json_stream import LONGEST
from monitoring.records.reading import Reader
from monitoring.records.record import Unreadable
from monitoring.records.splitting import Piece

MEBIBYTE = 1024 * 1024
_LAST = itemgetter(-1)
REMEMBERS = {"windows", "ecs", "ocsf", "cef"}  # readers that learn a domain's spellings from what they read
MOST = 20_000  # records of a block: short ones cost memory by their number


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records of a stream. `line` is the first one's, `end` the offset behind the last.

    Either `data` holds lines of our own form, or `pieces` the records of another. `closed`: each of those lines ends
    with a brace, and so a record with each of them. `decoded` are they as columns, where they have been read ahead and
    are all right.
    """

    sha256: bytes
    line: int
    end: int
    lines: int  # that stand in it, blank ones left out
    data: bytes = b""
    closed: bool = False
    pieces: list[Piece] = field(default_factory=list)
    decoded: Columns | None = None


def blocks_of(chunks: Iterable[bytes], reader: Reader) -> Iterator[Block]:
    """The blocks of a stream; the same stream always gives the same ones, however it comes in."""
    if reader.format_name == "normal":
        return _of_lines(iter(chunks))
    return _of_pieces(reader.documents(chunks))


def known_as(block: Block, reader: Reader, version: str) -> tuple[bytes, bytes]:
    """By what a block is known again: its bytes, how they were read and whose the names in it were then (`version`);
    and by what its lines are known to be counted, whoever's its names are."""
    told, counted = f"{reader.read_as} {version}", f"{reader.read_as} "
    return hashlib.sha256(block.sha256 + told.encode()).digest(), hashlib.sha256(
        block.sha256 + counted.encode()
    ).digest()


def prime(reader: Reader, block: Block, *, is_first: bool) -> None:
    """Let a reader see a block that is passed over: the first row of a CSV names its columns, and some learn names."""
    pieces = block.pieces if reader.format_name in REMEMBERS else []
    if reader.format_name == "csv" and is_first:
        pieces = block.pieces[:1]
    for piece in pieces:
        with suppress(Unreadable):
            reader.read(piece.body)


def _of_lines(chunks: Iterator[bytes]) -> Iterator[Block]:
    line, end, rest = 1, 0, b""
    first = True
    chunks = _larger(chunks)
    for chunk in chunks:
        rest += chunk
        if first and len(rest) >= 3:
            first = False
            if rest.startswith(b"\xef\xbb\xbf"):
                rest, end = rest[3:], 3
        while len(rest) >= MEBIBYTE:
            cut = rest.rfind(b"\n", 0, MEBIBYTE) + 1
            if cut == 0 and (cut := rest.find(b"\n") + 1) == 0:
                break  # one line that is longer than a block: a whole one is refused, more of it is not kept
            block = _lines(rest[:cut], line, end + cut)
            rest, end, line = rest[cut:], end + cut, line + block[1]
            yield block[0]
        if len(rest) > 4 * LONGEST:
            piece = Piece(line, end + len(rest), b"", "too-long")
            end += len(rest)
            rest = b""
            for chunk in chunks:
                cut = chunk.find(b"\n") + 1
                end += cut or len(chunk)
                if cut:
                    rest = chunk[cut:]
                    break
            yield Block(hashlib.sha256(b"too-long %d" % line).digest(), line, end, 1, pieces=[piece])
            line += 1
    if rest.strip():
        yield _lines(rest, line, end + len(rest))[0]


def _larger(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """In pieces of about a block, which are put together once and not again with each chunk."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= MEBIBYTE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _lines(data: bytes, line: int, end: int) -> tuple[Block, int]:
    """The block, and how many lines it takes up."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    count = len(lines)
    try:
        closed = bytes(map(_LAST, lines)).count(b"}") == count
    except IndexError:
        closed = False
    if not closed:
        lines = [each.strip() for each in lines if each.strip()]
        closed = bytes(map(_LAST, lines)).count(b"}") == len(lines)
    return Block(hashlib.sha256(data).digest(), line, end, len(lines), data=data, closed=closed), count


def _of_pieces(pieces: Iterator[Piece]) -> Iterator[Block]:
    held: list[Piece] = []
    size = 0
    for piece in pieces:
        if held and (size + len(piece.body) > MEBIBYTE or len(held) >= MOST):
            yield _together(held)
            held, size = [], 0
        held.append(piece)
        size += len(piece.body) + 1
    if held:
        yield _together(held)


def _together(pieces: list[Piece]) -> Block:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.body or f"{piece.fault} {piece.line}".encode())
        digest.update(b"\n")
    return Block(digest.digest(), pieces[0].line, pieces[-1].end, len(pieces), pieces=pieces)
