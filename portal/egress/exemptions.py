"""What the operator says in the environment about calls out. Read by the settings; a wrong value stops the start."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

from portal.egress.addresses import Network

_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):[0-9]{1,5}")


def exempt_names(text: str) -> frozenset[str]:
    """`host:port`, comma separated: exactly these may be called without encryption, and on networks of one's own."""
    names = frozenset(each.strip().lower() for each in text.split(",") if each.strip())
    for name in names:
        if not _HOST_AND_PORT.fullmatch(name):
            raise ValueError(f"EGRESS_ALLOW holds {name!r}: it must be host:port, several of them with commas.")
    return names


def networks(text: str) -> tuple[Network, ...]:
    """Networks in CIDR notation, comma separated."""
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError:
        raise ValueError(f"EGRESS_DENY is {text!r}: it must be networks like 203.0.113.0/24, with commas.") from None


def existing_file(text: str, *, name: str) -> str:
    if text and not Path(text).is_file():
        raise ValueError(f"{name} names {text}, which is not a file.")
    return text
