"""Reading a JSON body strictly: whatever could surprise the code or the database behind it stops here."""

from __future__ import annotations

import hashlib
import math
from codecs import lookup
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Any

from django.http import HttpRequest, UnreadablePostError
from django.http.request import RawPostDataException
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from portal.api.problems import Refusal
from portal.documents import Problem, Refused, pointer, read_json

MEBIBYTE = 1024 * 1024
DEEPEST = 32
WIDEST = 2**63  # a larger number fits neither a bigint nor the JSON of most programs
DRAINED = 16 * MEBIBYTE  # so much of a refused body is still read


class StrictJSONParser(BaseParser):
    """One JSON object of at most `view.max_body` bytes, at most 32 levels deep, in UTF-8.

    Leaves the SHA-256 of the bytes on the view as `body_digest`, for the idempotency key.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        context = parser_context or {}
        view = context.get("view")
        _check_charset(media_type or "")
        raw = read_body(stream, getattr(view, "max_body", MEBIBYTE))
        if view is not None:
            view.body_digest = hashlib.sha256(raw).digest()
        try:
            document = read_json(raw)
        except Refused as refused:
            raise Refusal(400, "This is not JSON as we take it.", errors=_listed(refused.problems)) from None
        if depth_of(document) > DEEPEST:
            raise Refusal(400, f"The body is nested more than {DEEPEST} levels deep.")
        if not isinstance(document, dict):
            raise Refusal(422, "The body must be a JSON object.", errors=[{"pointer": "", "detail": "Not an object."}])
        wrong = list(unkeepable(document))
        if wrong:
            raise Refusal(422, errors=_listed(wrong[:100]))
        return document


def _listed(problems: Any) -> list[dict[str, str]]:
    return [{"pointer": each.pointer, "detail": each.detail} for each in problems]


def _check_charset(media_type: str) -> None:
    for parameter in media_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            try:
                plain = lookup(value.strip().strip('"')).name == "utf-8"
            except (LookupError, ValueError):
                plain = False
            if not plain:
                raise UnsupportedMediaType(media_type, "JSON is taken in UTF-8 only.")


def read_body(stream: IO[bytes], most: int) -> bytes:
    """The bytes of a body.

    Raises:
        Refusal: 413 when there are more than `most`, 400 when it stopped before its end.
    """
    try:
        raw = stream.read(most + 1)
    except UnreadablePostError:
        raise Refusal(400, "The body stopped before its end.") from None
    if len(raw) <= most:
        return raw
    raise Refusal(413, f"A body here has at most {most // MEBIBYTE} MiB.")


def drain(stream: IO[bytes] | HttpRequest) -> None:
    """Read what a refused sender is still sending: it could not hear the answer before it has sent all."""
    left = DRAINED
    with suppress(UnreadablePostError, RawPostDataException):
        while left > 0 and (more := stream.read(min(left, 65536))):
            left -= len(more)


def depth_of(document: Any) -> int:
    """How many objects and arrays stand within one another."""
    depth, level = 0, [document]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def unkeepable(document: Any) -> Iterator[Problem]:
    """Values that JSON can say and PostgreSQL or UTF-8 cannot keep. The document is at most `DEEPEST` deep."""
    yield from _unkeepable(document, ())


def _unkeepable(value: Any, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if isinstance(value, str):
        if words := _wrong_text(value):
            yield Problem(_printable(at), words)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if words := _wrong_text(key):
                yield Problem(_printable(at), f"The name of a field: {words}")
            yield from _unkeepable(inner, (*at, key))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from _unkeepable(inner, (*at, nth))
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(_printable(at), "This number is too large.")
    elif isinstance(value, int) and not -WIDEST <= value < WIDEST:
        yield Problem(_printable(at), "This number is too large.")


def _wrong_text(text: str) -> str:
    if "\x00" in text:
        return "The character NUL is not allowed."
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        return "Half of a surrogate pair is not a character."
    return ""


def _printable(at: tuple[str | int, ...]) -> str:
    return pointer(*at).encode("utf-8", "replace").decode().replace("\x00", "?")
