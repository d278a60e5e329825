"""JSON objects out of arrays, wrappers and files written over many lines, one after another, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 1024 * 1024  # bytes of one record

# CloudTrail, Azure Monitor and Microsoft Graph put their records into one object.
_WRAPPER = re.compile(
    rb'\s*\{\s*(?:"[^"\\]{0,200}"\s*:\s*"[^"\\]{0,1000}"\s*,\s*){0,4}"(?:Records|records|value)"\s*:\s*\[', re.ASCII
)
_BETWEEN = re.compile(rb"[\s,\[\]}]*", re.ASCII)  # a stray end belongs to a wrapper that was entered before
_INSIDE = re.compile(rb'["{}\[\]]')
_IN_TEXT = re.compile(rb'["\\]')
_STRAY_END = re.compile(rb"[\n{]")
_LOOKAHEAD = 8 * 1024

Found = tuple[int, int, bytes, str]  # line, end, body, fault: as `splitting.Piece`


def wrapped(head: bytes) -> bool:
    return _WRAPPER.match(head) is not None


def json_pieces(chunks: Iterator[bytes]) -> Iterator[Found]:
    """What stands between objects and is none is given too, a line at a time, so that it can be refused by number."""
    return _Scanner(chunks).pieces()


class _Scanner:
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.buffer = b""
        self.before = 0  # bytes of the stream before the buffer
        self.at = 0
        self.line = 1
        self.ended = False

    def pieces(self) -> Iterator[Found]:
        while True:
            self.skip(_BETWEEN)
            if self.at == len(self.buffer):
                return
            if self.buffer[self.at : self.at + 1] != b"{":
                yield self.stray()
                continue
            self.ensure(_LOOKAHEAD)
            if found := _WRAPPER.match(self.buffer, self.at):
                self.move(found.end())
                continue
            yield self.object()

    def object(self) -> Found:
        line, depth, in_text, scan, kept = self.line, 0, False, self.at, True
        while True:
            found = (_IN_TEXT if in_text else _INSIDE).search(self.buffer, scan)
            if found is None or (found[0] == b"\\" and found.end() == len(self.buffer)):
                scan = found.start() if found else len(self.buffer)
                if scan - self.at > LONGEST or not kept:
                    kept = False
                    self.move(scan)  # nothing is kept of it
                scan -= self.at
                if not self.more():
                    return self.finished(line, len(self.buffer), kept=kept)
                scan += self.at
                if not kept and (cut := self.buffer.find(b"\n{", self.at)) >= 0:
                    # Where a line begins an object, what is too long was never closed.
                    return self.finished(line, cut, kept=False)
                continue
            scan = found.end()
            match found[0]:
                case b'"':
                    in_text = not in_text
                case b"\\":
                    scan += 1
                case b"{" | b"[":
                    depth += 1
                case _:
                    depth -= 1
            if depth == 0 and not in_text:
                return self.finished(line, scan, kept=kept)

    def finished(self, line: int, end: int, *, kept: bool) -> Found:
        body = self.buffer[self.at : end]
        self.move(end)
        if not kept or len(body) > LONGEST:
            return line, self.before + self.at, b"", "too-long"
        return line, self.before + self.at, body, ""

    def stray(self) -> Found:
        """Something that is no object: up to the next line's end, or to where an object begins."""
        line, kept = self.line, True
        while not (found := _STRAY_END.search(self.buffer, self.at)):
            if len(self.buffer) - self.at > LONGEST:
                kept = False
                self.move(len(self.buffer))
            if not self.more():
                return self.finished(line, len(self.buffer), kept=kept)
        return self.finished(line, found.start(), kept=kept)

    def skip(self, pattern: re.Pattern[bytes]) -> None:
        while True:
            found = pattern.match(self.buffer, self.at)
            self.move(found.end() if found else self.at)
            if self.at < len(self.buffer) or not self.more():
                return

    def move(self, to: int) -> None:
        self.line += self.buffer.count(b"\n", self.at, to)
        self.at = to

    def ensure(self, size: int) -> None:
        while len(self.buffer) - self.at < size and self.more():
            pass

    def more(self) -> bool:
        """Another chunk behind what is left of the buffer; False at the end of the stream."""
        chunk = next(self.chunks, b"")
        if not chunk:
            return False
        self.before += self.at
        self.buffer = self.buffer[self.at :] + chunk
        self.at = 0
        return True
