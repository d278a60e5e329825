"""A stream of bytes into records: lines, JSON in its many wrappings, CSV with line breaks, Windows' shown text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from monitoring.records.json_stream import LONGEST, json_pieces, wrapped

HEAD = 64 * 1024
_SHOWN = re.compile(rb"(?:\d\d?/\d\d?/\d{4},? \d\d?:\d\d:\d\d ?[AaPp][Mm]|LogName=[^\r\n]*)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """One record as it came. `line` is where it begins (from 1), `end` the bytes of the stream (as UTF-8) so far.

    `fault` is the reason why it cannot be read at all (`too-long`: `body` is then empty), or ''.
    """

    line: int
    end: int
    body: bytes
    fault: str = ""


def pieces_of(chunks: Iterable[bytes], format_name: str) -> Iterator[Piece]:
    """Memory is bounded by a chunk and `LONGEST`. Blank lines are passed over but counted.

    A mark of UTF-8 or UTF-16 at the beginning is understood; without one the bytes are UTF-8.
    """
    stream = _gathered(_as_utf8(iter(chunks)))
    head = next(stream, b"")
    rest = _again(head, stream)
    if format_name == "csv":
        return _csv_rows(_lines(rest))
    if format_name in ("syslog", "cef"):
        return _filled(_lines(rest))
    if format_name == "windows" and _SHOWN.match(head.lstrip().split(b"\n", 1)[0]):
        return _shown(_lines(rest))
    if format_name != "normal" and _is_json_stream(head):
        return (Piece(*found) for found in json_pieces(rest))
    return _filled(_lines(rest))


def _is_json_stream(head: bytes) -> bool:
    """Whether JSON does not stand one object a line: an array, a wrapper, or written over several lines."""
    start = head.lstrip()
    if start[:1] in (b"[", b",", b"]") or wrapped(start):  # a comma: one goes on behind a record of an array
        return True
    if start[:1] != b"{":
        return False
    return not any(_is_object(line) for line in start.split(b"\n")[:20])


def _is_object(line: bytes) -> bool:
    line = line.strip()
    if line[:1] != b"{" or line[-1:] != b"}":
        return False
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _lines(chunks: Iterator[bytes]) -> Iterator[Piece]:
    """Every line, blank ones too, without its end. Of a line that is too long nothing is kept."""
    number, end, dropped, rest = 0, 0, 0, b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            number, end = number + 1, end + dropped + len(line) + 1
            yield _line(number, end, line, dropped)
            dropped = 0
        if len(rest) > LONGEST:
            dropped, rest = dropped + len(rest), b""
    if rest or dropped:
        yield _line(number + 1, end + dropped + len(rest), rest, dropped)


def _line(number: int, end: int, line: bytes, dropped: int) -> Piece:
    if dropped or len(line) > LONGEST:
        return Piece(number, end, b"", "too-long")
    return Piece(number, end, line.removesuffix(b"\r"))


def _filled(lines: Iterator[Piece]) -> Iterator[Piece]:
    return (line for line in lines if line.fault or line.body.strip())


def _csv_rows(lines: Iterator[Piece]) -> Iterator[Piece]:
    """Lines joined for as long as a quote stays open (RFC 4180, 2.6)."""
    held: list[Piece] = []
    size = 0
    for line in lines:
        if not held and not line.fault and not line.body.strip():
            continue
        held.append(line)
        size += len(line.body)
        if line.fault or size > LONGEST:
            yield Piece(held[0].line, line.end, b"", "too-long")
        elif sum(part.body.count(b'"') for part in held[-1:]) % 2 == (1 if len(held) > 1 else 0):
            yield Piece(held[0].line, line.end, b"\n".join(part.body for part in held))
        else:
            continue
        held, size = [], 0
    if held:
        yield Piece(held[0].line, held[-1].end, b"\n".join(part.body for part in held))


def _shown(lines: Iterator[Piece]) -> Iterator[Piece]:
    """Events as Windows' viewer shows them, one after another: each begins with its date, or with `LogName=`."""
    held: list[Piece] = []
    size = 0
    for line in lines:
        first = _SHOWN.fullmatch(line.body.strip()) is not None
        only_dated = len(held) == 1 and not held[0].body.startswith(b"LogName=")
        if held and first and not (line.body.startswith(b"LogName=") and only_dated):
            yield _joined(held, size)
            held, size = [], 0
        if not held and not line.body.strip() and not line.fault:
            continue
        if size <= LONGEST:  # what is already too long is kept as its length alone
            held.append(line)
        size += LONGEST + 1 if line.fault else len(line.body)
        held[-1] = Piece(held[-1].line, line.end, held[-1].body)
    if held:
        yield _joined(held, size)


def _joined(held: list[Piece], size: int) -> Piece:
    if size > LONGEST:
        return Piece(held[0].line, held[-1].end, b"", "too-long")
    return Piece(held[0].line, held[-1].end, b"\n".join(part.body for part in held))


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    while len(head) < 4 and (chunk := next(chunks, b"")):
        head += chunk
    rest = _again(head.removeprefix(codecs.BOM_UTF8), chunks)
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return rest
    return _from_utf16(rest)


def _from_utf16(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A lone surrogate becomes bytes that are no UTF-8, so that the one line with it is refused and not the file."""
    decoder = codecs.getincrementaldecoder("utf-16")("surrogatepass")
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        yield b"\xff"


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks of some size: a reader that is handed single bytes shall not copy its buffer for each."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= HEAD:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
