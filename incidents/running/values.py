"""Values of a CACAO variable as text: each in the one spelling of its type. Pure."""

from __future__ import annotations

import ipaddress
import math
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST = 2_000
YES, NO = frozenset(["true", "yes", "1"]), frozenset(["false", "no", "0"])
WANTED = {
    "bool": gettext_lazy("Answer yes or no."),
    "integer": gettext_lazy("This must be a whole number, such as 12."),
    "long": gettext_lazy("This must be a whole number, such as 12."),
    "float": gettext_lazy("This must be a number, such as 12.5."),
    "uri": gettext_lazy("This must be an address such as https://example.org/page."),
    "ipv4-addr": gettext_lazy("This must be an IPv4 address such as 192.0.2.17, or a range such as 192.0.2.0/24."),
    "ipv6-addr": gettext_lazy("This must be an IPv6 address such as 2001:db8::17, or a range such as 2001:db8::/32."),
    "mac-addr": gettext_lazy("This must be a hardware address such as 00:1a:2b:3c:4d:5e."),
    "uuid": gettext_lazy("This must be a UUID, 32 hexadecimal digits in five groups."),
    "hexstring": gettext_lazy("This must be an even number of hexadecimal digits."),
    "hash": gettext_lazy("This must be a hash in hexadecimal digits."),
    "md5-hash": gettext_lazy("This must be an MD5 hash: 32 hexadecimal digits."),
    "sha256-hash": gettext_lazy("This must be a SHA-256 hash: 64 hexadecimal digits."),
    "dictionary": gettext_lazy("This must be a JSON object."),
}
DIGITS = {"hexstring": r"(?:[0-9a-f]{2})+", "hash": r"[0-9a-f]{8,128}", "md5-hash": r"[0-9a-f]{32}",
          "sha256-hash": r"[0-9a-f]{64}", "mac-addr": r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}"}  # fmt: skip


def read_one(kind: str, value: Any) -> str | None:
    """One value as text, or None when it is none of its type."""
    if kind == "dictionary":
        return _object(value)
    text = str(value).strip() if isinstance(value, (str, float)) or _fits(value) else ""
    if not text or not _may_be_kept(text):
        return None
    if kind == "bool":
        word = text.lower()
        return "true" if word in YES else "false" if word in NO else None
    if kind in ("integer", "long"):
        return str(int(text)) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
    if kind == "float":
        return text if re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", text) and math.isfinite(float(text)) else None
    if kind in DIGITS:
        return text.lower() if re.fullmatch(DIGITS[kind], text.lower()) else None
    try:
        if kind in ("ipv4-addr", "ipv6-addr"):
            network = ipaddress.ip_network(text, strict=False)
            return text if network.version == int(kind[3]) else None
        if kind == "uuid":
            return str(UUID(text))
        if kind == "uri":
            parts = urlsplit(text)
            return text if re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) and not re.search(r"\s", text) else None
    except ValueError:
        return None
    return text


def _object(value: Any) -> str | None:
    """A JSON object, one line. One that is nested too deep, or whose numbers have more than 64 bits, is none."""
    if isinstance(value, str) and not _may_be_kept(value):
        return None
    try:
        found = orjson.loads(value) if isinstance(value, str) else value
        text = orjson.dumps(found).decode() if isinstance(found, dict) else ""
    except (TypeError, ValueError, RecursionError):  # orjson says what it cannot write by a TypeError
        return None
    return text if text and _may_be_kept(text) else None


def _fits(value: Any) -> bool:
    """Whether it is a whole number, true or false, that has at most 64 bits."""
    return isinstance(value, int) and -(2**63) <= value < 2**63


def _may_be_kept(text: str) -> bool:
    try:
        text.encode()  # half of a surrogate pair is no text
    except UnicodeEncodeError:
        return False
    return len(text) <= LONGEST and "\0" not in text


def wanted(kind: str) -> str:
    """What a value of that type must be, in words."""
    return str(WANTED.get(kind) or _("This must be a text of at most %(n)s characters.") % {"n": LONGEST})
