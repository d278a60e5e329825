"""Whether an address that came with a request leads to a page of ours."""

from __future__ import annotations

from urllib.parse import urlsplit


def path_of_ours(address: object, *, otherwise: str = "/") -> str:
    """The address when it is a path within the portal, else `otherwise`.

    Browsers take a backslash for a slash and skip control characters, so that both could hide another host.
    """
    if not isinstance(address, str) or len(address) > 2000 or not address.isprintable():
        return otherwise
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return otherwise
    try:
        parts = urlsplit(address)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else address
