"""Bytes as they are sent or lie on the disk, unpacked on the way and never more than is taken."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

MEBIBYTE = 1024 * 1024
MOST_SENT, MOST_UNPACKED = 100 * MEBIBYTE, 1024 * MEBIBYTE
CHUNK = 256 * 1024
MOST_MEMBERS = 10_000
MAGIC = b"\x1f\x8b"
ANY_LENGTH = zlib.MAX_WBITS | 16  # gzip alone


class BadStream(ValueError):
    """It cannot be unpacked, or is more than is taken. The words are for the sender."""

    def __init__(self, words: str, *, too_large: bool = False) -> None:
        super().__init__(words)
        self.too_large = too_large


def unpacked(file: BinaryIO, *, most: int = 0) -> Iterator[bytes]:
    """The chunks of a file from its beginning, unpacked if it is gzip (RFC 1952), several members too.

    Raises:
        BadStream: broken gzip; more than `most` bytes when that is given.
    """
    file.seek(0)
    packed = file.read(2) == MAGIC
    file.seek(0)
    size = 0
    for chunk in _gunzipped(file) if packed else iter(lambda: file.read(CHUNK), b""):
        size += len(chunk)
        if most and size > most:
            raise BadStream(f"Unpacked it is more than {most // MEBIBYTE} MiB: send it in pieces.", too_large=True)
        yield chunk


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    machine = zlib.decompressobj(ANY_LENGTH)
    fed, members = b"", 0
    try:
        while True:
            fed = fed or file.read(CHUNK)
            if not fed:
                break
            if machine.eof:
                members += 1
                if members > MOST_MEMBERS:
                    raise BadStream("This gzip has too many parts: pack it as one.")
                if not fed.strip(b"\0"):
                    fed = b""
                    continue  # padding behind the end, as tapes and some tools leave it
                machine = zlib.decompressobj(ANY_LENGTH)
            if chunk := machine.decompress(fed, CHUNK):  # bounded: a bomb is met chunk by chunk
                yield chunk
            fed = machine.unconsumed_tail or machine.unused_data
    except zlib.error:
        raise BadStream("This is not whole gzip: nothing of it was taken.") from None
    while not machine.eof and (chunk := machine.decompress(machine.unconsumed_tail, CHUNK)):
        yield chunk
    if not machine.eof:
        raise BadStream("The gzip breaks off before its end: nothing of it was taken.")
