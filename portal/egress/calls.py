"""One request, one answer: no redirect is followed, no proxy asked, no connection kept, nothing read beyond a limit.

`http.client` writes and reads the HTTP; connecting, time and amount are ours (`wire.py`). A bigger client would bring
redirects, proxies from the environment, pools and a resolver of its own, all of which would have to be taken out again.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings

from portal.egress.addresses import is_own, is_public
from portal.egress.refusals import Forbidden, TooLarge, Unreachable
from portal.egress.targets import Target, read_target
from portal.egress.wire import Deadline, Wire, connect, resolve

HEAD_BYTES = 65536
FRAMING_BYTES = 65536
LIMIT_BYTES = 1024 * 1024
FEED_BYTES = 32 * LIMIT_BYTES  # a catalogue that the operator has configured; nobody else's address
OURS = {
    "host", "user-agent", "accept-encoding", "connection", "content-length", "transfer-encoding", "expect", "upgrade",
    "te", "trailer",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What came back, a redirect too. Names of headers are in small letters; of one that repeats, values are joined.

    The body is as it was sent: no content coding is asked for and none undone. Never shown to anybody as it is.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None,
    total_seconds: float = 10.0, most_bytes: int = 65536,
) -> Answer:  # fmt: skip
    """Call an address that somebody else has named, and read the answer whole.

    Raises:
        Forbidden: the address may not be called; nothing was connected.
        NotConnected: nobody was there, so that nothing happened.
        Unreachable, TooSlow, TooLarge: there is no whole answer. Whether the other side acted on it is not known.
    """
    if not 0 < most_bytes <= FEED_BYTES:
        raise ValueError(f"most_bytes is {most_bytes}: it must be from 1 to {FEED_BYTES}")
    if ours := OURS.intersection(name.lower() for name in headers or {}):
        raise ValueError(f"{', '.join(sorted(ours))}: these headers are written by the client itself")
    target = read_target(url, allow=settings.EGRESS_ALLOW)
    deadline = Deadline(target, total_seconds)
    addresses = resolve(target, deadline)
    for address in addresses:
        if not is_public(address, denied=settings.EGRESS_DENY) and not (target.exempt and is_own(address)):
            raise Forbidden(f"{target.name} leads to {address}, which may not be called.")
    context = trusted_authorities(settings.EGRESS_CA_FILE) if target.secure else None
    connection = connect(target, addresses, deadline, context)
    try:
        wire = Wire(connection, deadline, allowance=HEAD_BYTES)
        client = _sent(wire, target, method, headers or {}, body)
        return _read(wire, target, client, most_bytes)
    except http.client.HTTPException:
        raise Unreachable(f"{target.name} does not answer in HTTP, or not to the end.") from None
    finally:
        connection.close()


def _sent(
    wire: Wire, target: Target, method: str, headers: Mapping[str, str], body: bytes | None
) -> http.client.HTTPConnection:
    client = http.client.HTTPConnection(target.host, target.port)
    client.auto_open = 0  # it speaks over what was connected, and never connects by itself
    client.sock = wire
    ours = {"Host": target.header, "User-Agent": "Bulkhead", "Accept-Encoding": "identity", "Connection": "close"}
    client.request(method, target.path, body, {**headers, **ours})
    return client


def _read(wire: Wire, target: Target, client: http.client.HTTPConnection, most_bytes: int) -> Answer:
    """Read the answer to the end, or raise: half an answer is none."""
    response = client.getresponse()
    wire.allowance += 2 * most_bytes + FRAMING_BYTES
    lengths = set(response.headers.get_all("content-length") or [])
    if len(lengths) > 1 or not all(each.strip().isdecimal() for each in lengths):
        raise http.client.HTTPException
    if (response.length or 0) > most_bytes:
        raise _too_large(target, most_bytes)
    try:
        content = response.read(most_bytes + 1)
    except ValueError:  # a chunk of less than nothing
        raise http.client.HTTPException from None
    if len(content) > most_bytes:
        raise _too_large(target, most_bytes)
    if response.length:
        raise http.client.IncompleteRead(b"")
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    return Answer(response.status, found, content)


def _too_large(target: Target, most_bytes: int) -> TooLarge:
    return TooLarge(f"{target.name} answers with more than {most_bytes} bytes.")


@lru_cache(maxsize=2)
def trusted_authorities(ca_file: str) -> ssl.SSLContext:
    """The system's certificate authorities, and the operator's own if there is one. Names are always checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
