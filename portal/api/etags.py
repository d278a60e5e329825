"""`ETag` and `If-Match`: nobody overwrites what they have not read (RFC 9110, section 13.1.1)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson
from rest_framework.request import Request

from portal.api.problems import Refusal

_TAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')


def etag_of(*values: Any) -> str:
    """A strong tag over these values."""
    text = orjson.dumps(values, option=orjson.OPT_UTC_Z, default=str)
    return f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def check_match(request: Request, current: str, *, needed: bool = False) -> None:
    """Compare `If-Match` with the current tag of what is locked now.

    Raises:
        Refusal: 412 when it has changed, 428 when the header is needed and missing, 400 when it is unreadable.
    """
    asked = request.headers.get("If-Match")
    if asked is None:
        if needed:
            raise Refusal(428, "Send the ETag of your last read in If-Match.")
        return
    if asked.strip() == "*":
        return
    if not _TAGS.fullmatch(asked):
        raise Refusal(400, "If-Match holds no ETag.")
    if current not in [tag.strip() for tag in asked.split(",")]:  # strong comparison: a weak tag never matches
        raise Refusal(412, "It has changed since you read it. Read it again.")
