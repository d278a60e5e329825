"""Reading a JSON body strictly: whatever could surprise the code or the database behind it stops here."""

from __future__ import annotations

import hashlib
from codecs import lookup
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from django.http import HttpRequest, UnreadablePostError
from django.http.request import RawPostDataException
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from portal.api.problems import Refusal
from portal.documents import DEEPEST, Refused, depth_of, read_json, unkeepable

MEBIBYTE = 1024 * 1024
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
