"""Which hosts a kind of address may lead to, as the operator lists them. A wrong list stops the start.

Beside the rules for every call out: an address that somebody has typed leads to the service that it is said to be of,
and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_PATTERN = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?")


def host_patterns(text: str, *, name: str) -> tuple[str, ...]:
    """`host`, `host:port` or `*.domain`, comma separated; '' is none at all."""
    patterns = tuple(each.strip().lower() for each in text.split(",") if each.strip())
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise ValueError(f"{name} holds {pattern!r}: it must be hosts or *.domains, several of them with commas.")
    return patterns


def host_of(url: str) -> str:
    """The host in small letters, with its port when that is not the one of https; '' when there is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".").lower()
    return host if not host or port in {None, 443} else f"{host}:{port}"


def is_listed(host: str, patterns: Collection[str]) -> bool:
    """Whether one of the patterns covers it. `*.domain` covers what is under the domain, and not the domain itself."""
    return any(host == each or (each.startswith("*.") and host.endswith(each[1:])) for each in patterns)
