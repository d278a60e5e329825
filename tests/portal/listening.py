"""Listeners that count who comes, a resolver that answers what a test says, and certificates of the test's own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Serve = Callable[[socket.socket], None]


def read_head(connection: socket.socket) -> bytes:
    """What a client sends until the empty line. A body is read, too: closing with something unread is a reset."""
    head = b""
    while b"\r\n\r\n" not in head and (more := connection.recv(4096)):
        head += more
    head, _, body = head.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]) and (more := connection.recv(4096)):
        body += more
    return head


def answering(raw: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(raw)

    return serve


class Listener:
    """A real listening socket: `count` connections were accepted, each is served in a thread."""

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None) -> None:
        self.serve, self.context, self.count, self.heads = serve, context, 0, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.socket.getsockname()
        self.port = self.address[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.count += 1
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(20)
            if self.context is None:
                self.serve(connection)
            else:
                with self.context.wrap_socket(connection, server_side=True) as secure:
                    self.serve(secure)


@contextmanager
def listener(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[Listener]:
    it = Listener(serve, context)
    try:
        yield it
    finally:
        with suppress(OSError):
            it.socket.shutdown(socket.SHUT_RDWR)  # or the thread that accepts would hold it open
        it.socket.close()


@dataclass
class Net:
    """The internet of a test: `names` resolve to one list after another, the last for ever; every connection to port
    443 of any address ends at `lands_at`. `asked` and `connected` are what the client did."""

    names: dict[str, list[list[str]]] = field(default_factory=dict)
    lands_at: Listener | None = None
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    net, connect = Net(), socket.socket.connect

    def getaddrinfo(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        net.asked.append(host)
        if host not in net.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = net.names[host]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in (answers.pop(0) if len(answers) > 1 else answers[0])
        ]

    def to_the_listener(self: socket.socket, address: Any) -> None:
        net.connected.append(address[:2])
        if address[1] != 443 or net.lands_at is None:
            return connect(self, address)
        prefix = "::ffff:" if self.family == socket.AF_INET6 else ""
        return connect(self, (prefix + net.lands_at.address[0], net.lands_at.port))

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket.socket, "connect", to_the_listener)
        yield net


@dataclass
class Authority:
    """A certificate authority in a folder; `file` is what a client must trust."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def name(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority of {self.folder.name}")])

    @property
    def file(self) -> Path:
        path = self.folder / "authority.pem"
        if not path.exists():
            basic = x509.BasicConstraints(ca=True, path_length=0)
            usage = x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            built = self._builder(self.name, self.key.public_key()).add_extension(basic, critical=True)
            certificate = built.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())
            path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def context(self, *names: str, days: int = 1) -> ssl.SSLContext:
        """A server's context with a certificate for these names or addresses, valid for so many days from yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        builder = self._builder(subject, key.public_key(), days).add_extension(alternatives, critical=False)
        path = self.folder / f"{names[0]}{days}.pem"
        path.write_bytes(
            builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(self, subject: x509.Name, public: Any, days: int = 1) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(issuer_name=self.name, subject_name=subject, public_key=public)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - dt.timedelta(days=2)).not_valid_after(now + dt.timedelta(days=days))
