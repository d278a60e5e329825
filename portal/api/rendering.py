"""JSON answers: times in UTC with `Z`, ids as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


def as_json(data: Any) -> bytes:
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer that is rendered here and now, while the scope is open."""
    return HttpResponse(as_json(data), status=status, content_type="application/json", headers=dict(headers or {}))


class OrjsonRenderer(BaseRenderer):
    """The one format of the API; also for DRF's own answers, should there be any."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return as_json(data)


class AlwaysJson(BaseContentNegotiation):
    """Whatever is asked for in `Accept`, the answer is JSON: a refusal in HTML helps no program."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        asked = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if _takes(parser, asked)), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _takes(parser: BaseParser, asked: str) -> bool:
    return parser.media_type == asked
