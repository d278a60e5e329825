"""Many requests at once under the promises of `request()`, over connections that are kept: for webhooks.

    session = Session()                       # inside a running loop, one a process
    answer = await session.request("POST", url, body=b"…")

aiohttp writes and reads the HTTP. It gets no proxy, no cookies, no redirects and no resolver of its own: every new
connection asks ours, which judges each address, and goes to one of those that were judged. A connection that is kept
goes on leading where it was judged to lead, whatever its name resolves to later.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from django.conf import settings

from portal.egress.addresses import Address, is_own, is_public, read_address
from portal.egress.calls import FRAMING_BYTES, HEAD_BYTES, LIMIT_BYTES, OURS, Answer, trusted_authorities
from portal.egress.refusals import EgressError, Forbidden, TooLarge, TooSlow, Unreachable
from portal.egress.targets import Target, read_target
from portal.egress.wire import CONNECT_SECONDS, MOST_ADDRESSES

PER_HOST = 32
OPEN_AT_ONCE = 256
KEPT_SECONDS = 4.0  # most servers close what has been idle for five
FRESH_SECONDS = 5  # how long what a name resolved to, and was judged, is used for further connections
LINE_BYTES, HEADERS = 4096, 64


class Session:
    """One client for the life of a loop. `per_host` requests to one host and port are under way at once, no more, and
    an answer is of at most `most_bytes`."""

    def __init__(self, *, per_host: int = PER_HOST, most_bytes: int = 65536) -> None:
        if not 0 < most_bytes <= LIMIT_BYTES:
            raise ValueError(f"most_bytes is {most_bytes}: it must be from 1 to {LIMIT_BYTES}")
        self.per_host, self.most_bytes = per_host, most_bytes
        self._hosts: dict[str, _Turns] = {}
        connector = aiohttp.TCPConnector(
            resolver=_Judge(),
            ssl=trusted_authorities(settings.EGRESS_CA_FILE),
            limit=OPEN_AT_ONCE,
            keepalive_timeout=KEPT_SECONDS,
            ttl_dns_cache=FRESH_SECONDS,
        )
        # aiohttp limits each line of an answer, and neither their sum nor answers before the answer.
        allowance = HEAD_BYTES + 2 * most_bytes + FRAMING_BYTES
        counted: Any = partial(_Counted, asyncio.get_running_loop(), allowance)
        connector._factory = counted
        self._client = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": "Bulkhead", "Accept-Encoding": "identity"},
            max_line_size=LINE_BYTES,
            max_field_size=LINE_BYTES,
            max_headers=HEADERS,
        )
        self._limits: dict[float, aiohttp.ClientTimeout] = {}

    async def close(self) -> None:
        await self._client.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        total_seconds: float = 10.0,
    ) -> Answer:
        """Call an address that somebody else has named, and read the answer whole. Waiting for a turn is not counted.

        Raises:
            Forbidden: the address may not be called; nothing was connected.
            Unreachable, TooSlow, TooLarge: there is no whole answer. Whether the other side acted on it is not known.
        """
        if ours := OURS.intersection(name.lower() for name in headers or {}):
            raise ValueError(f"{', '.join(sorted(ours))}: these headers are written by the client itself")
        target, literal = _read_once(url, frozenset(settings.EGRESS_ALLOW))
        if literal is not None:  # aiohttp asks no resolver about these
            judge(target.name, literal, exempt=target.exempt)
        limit = self._limits.get(total_seconds) or self._limits.setdefault(
            total_seconds, aiohttp.ClientTimeout(total=total_seconds, sock_connect=CONNECT_SECONDS)
        )
        async with self._turn(target):
            try:
                async with self._client.request(
                    method, url, headers=headers, data=body, allow_redirects=False, timeout=limit
                ) as response:
                    return await _read(target, response, self.most_bytes)
            except EgressError:
                raise
            except _TooMuch:
                raise TooLarge(f"{target.name} answers with more than may be read.") from None
            except (aiohttp.ConnectionTimeoutError, TimeoutError) as late:
                raise _too_late(target, late) from None
            except aiohttp.ClientConnectorCertificateError:
                raise Unreachable(f"{target.name} shows a certificate that does not hold.") from None
            except (aiohttp.ClientError, OSError, ssl.SSLError) as trouble:
                raise _no_answer(target, trouble) from None

    @asynccontextmanager
    async def _turn(self, target: Target) -> AsyncIterator[None]:
        turns = self._hosts.get(target.name)
        if turns is None:
            turns = self._hosts[target.name] = _Turns(self.per_host)
        turns.wanted += 1
        try:
            async with turns.free:
                yield
        finally:
            turns.wanted -= 1
            if not turns.wanted:
                self._hosts.pop(target.name, None)


@lru_cache(maxsize=256)
def _read_once(url: str, allow: frozenset[str]) -> tuple[Target, Address | None]:
    """An address that is called often, read; and what its host is when that is written as a number."""
    target = read_target(url, allow=allow)
    return target, read_address(target.host)


class _TooMuch(Exception):
    """More came over a connection for one request than may be read."""


class _Counted(ResponseHandler):
    """aiohttp's end of a connection, that counts every byte of an answer and ends when there are too many."""

    def __init__(self, loop: asyncio.AbstractEventLoop, allowance: int) -> None:
        super().__init__(loop)
        self.allowance = self.left = allowance

    def set_response_params(self, **parameters: Any) -> None:
        self.left = self.allowance
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left < 0:
            self.set_exception(_TooMuch())
            if self.transport is not None:
                self.transport.abort()
            return
        super().data_received(data)


class _Turns:
    """The turns at one host; forgotten when nobody wants one."""

    __slots__ = ("free", "wanted")

    def __init__(self, most: int) -> None:
        self.free, self.wanted = asyncio.Semaphore(most), 0


class _Judge(AbstractResolver):
    """Resolves a name once for a connection, in a thread of its own, and hands out what was judged, or nothing."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        name = f"{host}:{port}"
        addresses = await _looked_up(host, port)
        exempt = name in settings.EGRESS_ALLOW
        for address in addresses:
            judge(name, address, exempt=exempt)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET6 if address.version == 6 else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses[:MOST_ADDRESSES]
        ]

    async def close(self) -> None:
        """Nothing is held."""


def judge(name: str, address: Address, *, exempt: bool) -> None:
    """Refuse an address that is none of the internet's, nor one that the operator has exempted.

    Raises:
        Forbidden: it may not be called.
    """
    if not is_public(address, denied=settings.EGRESS_DENY) and not (exempt and is_own(address)):
        raise Forbidden(f"{name} leads to {address}, which may not be called.")


async def _looked_up(host: str, port: int) -> list[Address]:
    """All addresses of a name. The resolver has no time limit, so a thread waits for it."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Any] | None] = loop.create_future()

    def answer(entries: list[Any] | None) -> None:
        if not found.done():
            found.set_result(entries)

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            entries = None
        if not loop.is_closed():
            loop.call_soon_threadsafe(answer, entries)

    threading.Thread(target=ask, name="egress-resolver", daemon=True).start()
    try:
        entries = await asyncio.wait_for(found, CONNECT_SECONDS)
    except TimeoutError:
        raise TooSlow(f"{host}:{port}: the name was not resolved in time.") from None
    if not entries:
        raise Unreachable(f"{host}:{port}: the name does not resolve.")
    addresses = [read_address(entry[4][0]) for entry in entries]
    known = [address for address in addresses if address is not None]
    if len(known) < len(addresses):  # of one link only: fe80::1%eth0
        raise Forbidden(f"{host}:{port} leads to an address that may not be called.")
    return list(dict.fromkeys(known))


async def _read(target: Target, response: aiohttp.ClientResponse, most_bytes: int) -> Answer:
    """Read the answer to the end, or raise: half an answer is none, and its connection is not used again."""
    if (response.content_length or 0) > most_bytes:
        response.close()
        raise _too_large(target, most_bytes)
    parts, size = [], 0
    while part := await response.content.readany():
        size += len(part)
        if size > most_bytes:
            response.close()
            raise _too_large(target, most_bytes)
        parts.append(part)
    found: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return Answer(response.status, found, b"".join(parts))


def _too_large(target: Target, most_bytes: int) -> TooLarge:
    return TooLarge(f"{target.name} answers with more than {most_bytes} bytes.")


def _too_late(target: Target, late: Exception) -> EgressError:
    if isinstance(late, aiohttp.ConnectionTimeoutError):
        return Unreachable(f"{target.name} took longer than {CONNECT_SECONDS:g} s to connect.")
    return TooSlow(f"{target.name} took too long.")


def _no_answer(target: Target, trouble: Exception) -> EgressError:
    """The trouble in our words: an exception's own text may quote the other side."""
    if isinstance(trouble, aiohttp.ClientConnectorError):
        return Unreachable(f"{target.name} cannot be connected.")
    if isinstance(trouble, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return Unreachable(f"{target.name} does not answer in HTTP, or not to the end.")
    return Unreachable(f"{target.name} broke the connection.")
