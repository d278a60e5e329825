"""A stream of bytes in blocks of at most 1 MiB, each with what it is known by when it is delivered again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from monitoring.records.json_stream import LONGEST
from monitoring.records.reading import Reader
from monitoring.records.splitting import Piece

MEBIBYTE = 1024 * 1024
MOST = 20_000  # records of a block: short ones cost memory by their number


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records of a stream. `line` is the first one's, `end` the offset behind the last.

    Either `data` holds lines of our own form, or `pieces` the records of another.
    """

    sha256: bytes
    line: int
    end: int
    lines: int  # that stand in it, blank ones left out
    data: bytes = b""
    pieces: list[Piece] = field(default_factory=list)


def blocks_of(chunks: Iterable[bytes], reader: Reader) -> Iterator[Block]:
    """The blocks of a stream; the same stream always gives the same ones, however it comes in."""
    if reader.format_name == "normal":
        return _of_lines(iter(chunks))
    return _of_pieces(reader.documents(chunks))


def _of_lines(chunks: Iterator[bytes]) -> Iterator[Block]:
    line, end, rest = 1, 0, b""
    first = True
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


def _lines(data: bytes, line: int, end: int) -> tuple[Block, int]:
    """The block, and how many lines it takes up."""
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    blank = 0
    if b"\n\n" in data or b"\n\r\n" in data or b"\n " in data or data[:1] in b"\n\r ":
        blank = sum(1 for each in data.split(b"\n") if not each.strip()) - data.endswith(b"\n")
    return Block(hashlib.sha256(data).digest(), line, end, count - blank, data=data), count


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
