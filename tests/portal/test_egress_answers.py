"""B18: whatever the other side does, the client ends in time, reads no more than agreed, and trusts no other name."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from portal.children import free_port
from portal.egress import EgressError, TooLarge, TooSlow, Unreachable, request, wire
from tests.portal.egress_cases import (
    ENDLESS,
    EVIL,
    HEAD,
    LIES,
    LIMIT,
    NAME,
    PUBLIC,
    SLOW,
    TOO_LONG,
    Calls,
    Counting,
    calling,
    sending,
    silent,
    whole,
)
from tests.portal.listening import Authority, Listener, Serve, answering, listener, pretended, read_head

LATE = 3  # seconds: a busy machine is late, and what is slow here goes on for longer


@pytest.fixture
def call(settings: Any) -> Calls:
    return calling(settings, lambda url, **more: request("POST", url, most_bytes=LIMIT, **more))


@pytest.mark.parametrize("how", SLOW)
def test_slowness_ends_at_the_deadline(call: Calls, how: str) -> None:
    began = time.monotonic()
    with pytest.raises(TooSlow) as slow:
        call(SLOW[how], total_seconds=0.6)
    assert 0.5 < time.monotonic() - began < LATE
    assert slow.value.why.endswith(" took too long.")


def test_who_does_not_read_what_is_sent_is_too_slow(call: Calls) -> None:
    began = time.monotonic()
    with pytest.raises(TooSlow):
        call(silent, total_seconds=0.6, body=b"x" * 20_000_000)
    assert time.monotonic() - began < LATE


def test_a_slow_body_that_ends_in_time_is_read(call: Calls) -> None:
    drops = [b"x"] * 10
    answer = call(sending(HEAD + b"Content-Length: 10\r\n\r\n", *drops, every=0.02))
    assert answer.body == b"x" * 10


@pytest.mark.parametrize("what", ENDLESS)
def test_what_has_no_end_is_left_soon(call: Calls, what: str) -> None:
    serve = Counting(ENDLESS[what])
    began = time.monotonic()
    with pytest.raises((TooLarge, Unreachable)):
        call(serve)
    assert time.monotonic() - began < 3
    assert serve.sent < 8_000_000  # what the kernel's buffers took; we read 64 KiB of head and 75 KiB of body at most


def test_the_limit_is_exact(call: Calls) -> None:
    assert len(call(answering(whole(LIMIT))).body) == LIMIT
    assert len(call(answering(HEAD + b"\r\n" + b"x" * LIMIT)).body) == LIMIT
    for raw in TOO_LONG:
        with pytest.raises(TooLarge):
            call(answering(raw))


def test_chunks_are_put_together(call: Calls) -> None:
    body = b"".join(b"1\r\n%c\r\n" % each for each in b"chunked") + b"0\r\n\r\n"
    assert call(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body)).body == b"chunked"


@pytest.mark.parametrize("lie", LIES)
def test_half_an_answer_is_none(call: Calls, lie: str) -> None:
    with pytest.raises(Unreachable):
        call(answering(HEAD + LIES[lie]))


def test_what_comes_after_the_length_is_not_read(call: Calls) -> None:
    assert call(answering(HEAD + b"Content-Length: 5\r\n\r\nshort, and more")).body == b"short"


@pytest.mark.parametrize("raw", EVIL)
def test_the_other_sides_words_are_in_no_error(call: Calls, raw: bytes) -> None:
    with pytest.raises(EgressError) as error:
        call(answering(raw))
    assert "EVIL" not in repr(error.value) + error.value.why
    assert error.value.__cause__ is None


def test_nobody_there(settings: Any) -> None:
    port = free_port()
    settings.EGRESS_ALLOW = {f"127.0.0.1:{port}"}
    with pytest.raises(Unreachable, match=r"cannot be connected \(ECONNREFUSED\)"):
        request("GET", f"http://127.0.0.1:{port}/")


@pytest.fixture
def ask_over_tls(monkeypatch: pytest.MonkeyPatch, authority: Authority, settings: Any) -> Iterator[Calls]:
    """Call NAME at a listener with this context; answers the result and the heads that the listener was shown."""
    settings.EGRESS_CA_FILE = str(authority.file)

    def ask(context: Any, serve: Serve | None = None, **more: Any) -> tuple[Any, list[bytes], Listener]:
        heads: list[bytes] = []

        def served(connection: socket.socket) -> None:
            heads.append(read_head(connection))
            connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

        with pretended(monkeypatch) as net, listener(serve or served, context) as there:
            net.names[NAME], net.lands_at = [[PUBLIC]], there
            try:
                result: Any = request("GET", f"https://{NAME}/", **more)
            except EgressError as error:
                result = error
            return result, heads, there

    return ask


def test_a_good_certificate_is_believed(ask_over_tls: Calls, authority: Authority) -> None:
    answer, heads, there = ask_over_tls(authority.context(NAME))
    assert (answer.status, len(heads), there.count) == (200, 1, 1)


def test_a_certificate_for_another_name_or_out_of_date_is_not(ask_over_tls: Calls, authority: Authority) -> None:
    for context in (
        authority.context("hooks.elsewhere.example"),
        authority.context("*.example"),
        authority.context(PUBLIC),
        authority.context(NAME, days=-1),
    ):
        refused, heads, there = ask_over_tls(context)
        assert isinstance(refused, Unreachable)
        assert "a certificate that does not hold" in refused.why
        assert (heads, there.count) == ([], 1), "it was told something before it was believed"


def test_an_authority_that_nobody_named_is_not_believed(
    ask_over_tls: Calls, authority: Authority, tmp_path_factory: pytest.TempPathFactory, settings: Any
) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    assert "does not hold" in ask_over_tls(stranger.context(NAME))[0].why
    settings.EGRESS_CA_FILE = ""
    assert "does not hold" in ask_over_tls(authority.context(NAME))[0].why


def test_who_speaks_no_tls_is_told_nothing(ask_over_tls: Calls) -> None:
    def plain(connection: socket.socket) -> None:
        heads.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 400 EVIL\r\n\r\n")

    heads: list[bytes] = []
    refused, _, _ = ask_over_tls(None, plain)
    assert isinstance(refused, Unreachable)
    assert refused.why.endswith("cannot be connected (TLS).")
    assert heads[0].startswith(b"\x16\x03")  # the offer of a TLS handshake
    assert b"GET" not in heads[0]


def test_connecting_has_a_limit_of_its_own_and_so_has_everything(
    ask_over_tls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drops(connection: socket.socket) -> None:
        with suppress(OSError):
            for each in itertools.cycle(b"\x16\x03\x03\x40\x00"):  # a record that is never whole
                connection.sendall(bytes([each]))
                time.sleep(0.02)

    assert wire.CONNECT_SECONDS == 3
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.4)
    began = time.monotonic()
    refused, _, _ = ask_over_tls(None, silent, total_seconds=3)
    assert isinstance(refused, Unreachable)
    assert "longer than 0.4 s to connect" in refused.why
    assert time.monotonic() - began < LATE
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 3.0)
    began = time.monotonic()
    assert isinstance(ask_over_tls(None, drops, total_seconds=0.5)[0], TooSlow)
    assert time.monotonic() - began < LATE


def test_a_resolver_that_sleeps_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: time.sleep(4))
    began = time.monotonic()
    with pytest.raises(TooSlow, match="was not resolved in time"):
        request("GET", f"https://{NAME}/", total_seconds=0.3)
    assert time.monotonic() - began < LATE


def test_a_name_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pretended(monkeypatch) as net, pytest.raises(Unreachable, match="does not resolve"):
        request("GET", "https://absent.example/")
    assert net.connected == []
