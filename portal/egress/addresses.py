"""Which IP addresses may be called. Everything is denied that is not plainly somebody's host on the internet.

`ipaddress.is_global` alone is not enough: Python 3.11 says yes to multicast, to site-local, and to NAT64 and 6to4
addresses that lead to 127.0.0.1. Source: the special-purpose registries of IANA (RFC 6890 and its successors).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_AS_GLOBAL_AS_THEY_SEEM = [
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; a cloud keeps its metadata there
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # one cloud's own host agent, reachable from each of its machines
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
]
# Of IPv6 only this has been given out. Mapped, compatible, NAT64, unique-local and site-local addresses lie outside.
_GIVEN_OUT = IPv6Network("2000::/3")
_ISATAP = {0x00005EFE, 0x02005EFE}
_OWN = [
    ip_network(text) for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]


def is_public(address: Address, *, denied: Iterable[Network] = ()) -> bool:
    """Whether anybody's webhook may lead there. `denied` are networks of the operator's own."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and (address not in _GIVEN_OUT or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP):
        return False
    return not any(address in network for network in [*_NOT_AS_GLOBAL_AS_THEY_SEEM, *denied])


def is_own(address: Address) -> bool:
    """Loopback and private networks: where an operator's exempted name may lead, too."""
    return any(address in network for network in _OWN)


def read_address(text: str) -> Address | None:
    """The address that is written there, or None; an address with a zone is none that can be called."""
    try:
        return ip_address(text) if "%" not in text else None
    except ValueError:
        return None
