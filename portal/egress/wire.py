"""The network: a name is resolved once, every address is judged, and the judged address is the one that is connected.

All of it under one deadline on the wall clock. A time limit of the socket alone begins anew with every byte.
"""

from __future__ import annotations

import errno
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from portal.egress.addresses import Address, read_address
from portal.egress.refusals import Forbidden, NotConnected, TooLarge, TooSlow, Unreachable
from portal.egress.targets import Target

CONNECT_SECONDS = 3.0
MOST_ADDRESSES = 4


class Deadline:
    """The moment at which whatever is still going on ends."""

    def __init__(self, target: Target, seconds: float) -> None:
        self.target, self.end = target, time.monotonic() + seconds

    def left(self, most: float = 3600.0) -> float:
        """Seconds that may still pass, at most `most`. Raises TooSlow when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise self.over()
        return min(left, most)

    def over(self) -> TooSlow:
        return TooSlow(f"{self.target.name} took too long.")


def resolve(target: Target, deadline: Deadline) -> list[Address]:
    """All addresses of the host, asked for once. The resolver has no time limit, so a thread waits for it."""
    if (literal := read_address(target.host)) is not None:
        return [literal]
    answers: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as trouble:
            answers.put(OSError(str(trouble)))

    threading.Thread(target=ask, name="egress-resolver", daemon=True).start()
    try:
        found = answers.get(timeout=deadline.left(CONNECT_SECONDS))
    except queue.Empty:
        raise TooSlow(f"{target.name}: the name was not resolved in time.") from None
    if isinstance(found, OSError):
        raise NotConnected(f"{target.name}: the name does not resolve.")
    return list(dict.fromkeys(_address(entry[4][0], target) for entry in found))


def _address(text: str, target: Target) -> Address:
    address = read_address(text)
    if address is None:  # of one link only: fe80::1%eth0
        raise Forbidden(f"{target.name} leads to an address that may not be called.")
    return address


def connect(
    target: Target, addresses: list[Address], deadline: Deadline, context: ssl.SSLContext | None
) -> socket.socket:
    """Connect to the first of the judged addresses that answers; with a context, as the host that the caller named."""
    trouble = NotConnected(f"{target.name} has no address.")
    for address in addresses[:MOST_ADDRESSES]:
        plain = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        try:
            plain.settimeout(deadline.left(CONNECT_SECONDS))
            plain.connect((str(address), target.port))
            if context is None:
                return plain
            plain.settimeout(deadline.left(CONNECT_SECONDS))
            return context.wrap_socket(plain, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            plain.close()  # not tried elsewhere: whoever speaks for this name must be able to show it
            raise NotConnected(
                f"{target.name} shows a certificate that does not hold (OpenSSL code {error.verify_code})."
            ) from None
        except TimeoutError:
            plain.close()
            trouble = NotConnected(f"{target.name} at {address} took longer than {CONNECT_SECONDS:g} s to connect.")
        except OSError as error:
            plain.close()
            trouble = NotConnected(f"{target.name} at {address} cannot be connected ({_code(error)}).")
        except BaseException:
            plain.close()
            raise
    deadline.left()
    raise trouble


class Wire(io.RawIOBase):
    """A connected socket as `http.client` wants one, that counts every byte and looks at the clock before each."""

    def __init__(self, connection: socket.socket, deadline: Deadline, *, allowance: int) -> None:
        self.connection, self.deadline, self.allowance = connection, deadline, allowance

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def sendall(self, data: bytes) -> None:
        self._in_time(lambda: self.connection.sendall(data))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.allowance <= 0:
            raise TooLarge(f"{self.deadline.target.name} answers with more than may be read.")
        count = self._in_time(lambda: self.connection.recv_into(buffer, min(len(buffer), self.allowance)))
        self.allowance -= count
        return count

    def close(self) -> None:
        """`http.client` closes when it has read the head of an answer; who has opened the socket closes it."""

    def _in_time(self, do: Callable[[], Any]) -> Any:
        name = self.deadline.target.name
        self.connection.settimeout(self.deadline.left())
        try:
            return do()
        except TimeoutError:
            raise self.deadline.over() from None
        except OSError as error:
            raise Unreachable(f"{name} broke the connection ({_code(error)}).") from None


def _code(error: OSError) -> str:
    """The trouble as a fixed word: an exception's own text may quote the other side."""
    return "TLS" if isinstance(error, ssl.SSLError) else errno.errorcode.get(error.errno or 0, "no reason given")
