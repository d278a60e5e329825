"""What slows a guesser down at the door: counters in the database, the same for every process.

A try is counted, and the count committed, before anybody looks whether it is right. Nothing here is ever asked about a
passkey of an account or of an organisation: nobody can be locked out of that way by somebody else's guessing.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connections
from django.http import HttpRequest

from portal import clock

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Limit:
    """So many tries of one purpose in one window, for each subject. It opens again when the window ends."""

    purpose: str
    tries: int
    window: timedelta = QUARTER


PASSWORDS = Limit("password of an account", 5)
CODES = Limit("code of an account", 5)
GUESSES = Limit("passwords and codes from an address", 30)
RECOVERY = Limit("recovery codes from an address", 10)
LINKS = Limit("links from an address", 120)
# Of a passkey: no guess can ever be right, so this only keeps one address from wearing the portal out.
PASSKEYS = Limit("passkeys from an address", 300)
PASSKEY_OPTIONS = Limit("challenges for an address", 300)
# Everybody of an organisation together: it slows for seconds, and never shuts.
CROWD = Limit("passwords of an organisation", 30, timedelta(seconds=5))


class TooOften(Exception):
    """A limit is used up. `opens_at` says when it opens again; `first` is true once a window."""

    def __init__(self, limit: Limit, opens_at: datetime, *, first: bool) -> None:
        super().__init__(limit.purpose)
        self.limit, self.opens_at, self.first = limit, opens_at, first

    @property
    def seconds(self) -> int:
        """For `Retry-After`."""
        return max(1, int((self.opens_at - clock.now()).total_seconds()) + 1)


def count(limit: Limit, subject: str) -> None:
    """Count one try. Committed at once when the door's connection is in no transaction, as in every view of the door.

    Raises:
        TooOften: it is one too many; the try must not be looked at.
    """
    opens_at = _end_of_window(limit, subject)
    key = _digest(f"{limit.purpose}|{subject}|{opens_at.isoformat()}")
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.tried(%s, make_interval(secs => %s))", [key, limit.window.total_seconds()])
        tried = cursor.fetchone()[0]
    if tried > limit.tries:
        raise TooOften(limit, opens_at, first=tried == limit.tries + 1)


def once(secret: bytes, *, lasts: timedelta) -> bool:
    """Whether this secret is used for the first time; of two who use it at once, one is told so."""
    with connections["auth"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.tried(%s, make_interval(secs => %s))", [_digest(f"once|{secret.hex()}"), lasts.total_seconds()]
        )
        return bool(cursor.fetchone()[0] == 1)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; of IPv6 the /64, because one machine has all of its addresses."""
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 - nobody's address
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _end_of_window(limit: Limit, subject: str) -> datetime:
    """Windows lie side by side, and begin for each subject at another moment: nobody can wait for all of them."""
    length = int(limit.window.total_seconds())
    shift = int.from_bytes(_digest(f"{limit.purpose}|{subject}")[:4]) % length
    now = int(clock.now().timestamp())
    return datetime.fromtimestamp(now - (now - shift) % length + length, UTC)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
