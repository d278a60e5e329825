"""Reading an address that may be called. Whatever could be read in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal.egress.addresses import read_address
from portal.egress.refusals import Forbidden

LONGEST = 2048
PORTS = {"https": 443, "http": 80}
_ODD = re.compile(r'[^\x21-\x7e]|["<>\\^`{|}]')
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# What `getaddrinfo` would take for a number: 2130706433, 0x7f.1, 127.1, 0177.0.0.1. No name of the internet ends so.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True)
class Target:
    """Where a request goes. `exempt` means that the operator has allowed this very host and port."""

    host: str
    port: int
    secure: bool
    exempt: bool
    path: str = field(repr=False)  # with the query: either may hold a secret

    @property
    def name(self) -> str:
        """The host and port, for people and for the list of exemptions."""
        return f"{self.bracketed}:{self.port}"

    @property
    def bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def header(self) -> str:
        """The Host header."""
        return self.bracketed if self.port == PORTS["https" if self.secure else "http"] else self.name


def read_target(url: str, *, allow: Collection[str]) -> Target:
    """Read the address.

    Raises:
        Forbidden: it is not https on port 443 and not exempt, or it is written in a way that could deceive.
    """
    if len(url) > LONGEST or _ODD.search(url):
        raise Forbidden("The address is too long or holds a character that no address has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Forbidden("The address cannot be read.") from None
    if parts.scheme not in PORTS:
        raise Forbidden("The address does not begin with https.")
    if "@" in parts.netloc or "%" in parts.netloc or "#" in url:
        raise Forbidden("The address holds a name, a password, an escaped host or a fragment.")
    host = _read_host(parts.hostname or "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    target = Target(host, PORTS[parts.scheme] if port is None else port, secure, False, path)
    if target.name in allow:
        return Target(host, target.port, secure, True, path)
    if not secure:
        raise Forbidden(f"{target.name} would be called without encryption.")
    if target.port != PORTS["https"]:
        raise Forbidden(f"{target.name} is on another port than 443.")
    if "." not in host and ":" not in host:
        raise Forbidden(f"{target.name} is a name of one's own network.")
    return target


def _read_host(host: str) -> str:
    """An IPv4 address in the one usual spelling, an IPv6 address, or a name that no resolver takes for a number."""
    if (address := read_address(host)) is not None:
        return str(address)
    labels = host.split(".")
    if ":" in host or not all(_LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        raise Forbidden("The host is neither a name nor an address in its usual spelling.")
    if _NUMBER.fullmatch(labels[-1]):
        raise Forbidden("The host is a number in disguise.")
    return host
