"""B18 through the client for many calls at once: it refuses what the other one refuses, and nothing is connected."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from portal.egress import Answer, EgressError, Forbidden, TooLarge, TooSlow, Unreachable
from portal.egress.exemptions import networks
from portal.egress.session import Session
from tests.portal.egress_cases import (
    ADDRESSES,
    ADDRESSES_OF_NOBODY,
    ENDLESS,
    EVIL,
    HEAD,
    LIES,
    LIMIT,
    NAME,
    OK,
    PUBLIC,
    SLOW,
    SPELLINGS,
    TOO_LONG,
    Calls,
    Counting,
    calling,
    whole,
)
from tests.portal.listening import Authority, Listener, Net, Serve, answering, listener, read_head

KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def in_a_session(work: Callable[[Session], Coroutine[Any, Any, Any]], **limits: Any) -> Any:
    async def do() -> Any:
        session = Session(**limits)
        try:
            return await work(session)
        finally:
            await session.close()

    return asyncio.run(do())


def request(method: str, url: str, **more: Any) -> Answer:
    return in_a_session(lambda session: session.request(method, url, **more))


def refused(url: str) -> Forbidden:
    with pytest.raises(Forbidden) as forbidden:
        request("POST", url, body=b"{}")
    return forbidden.value


def serving_for_ever(raw: bytes = KEPT) -> Serve:
    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            while read_head(connection):
                connection.sendall(raw)

    return serve


def test_an_address_of_the_internet_is_called(net: Net, listening: Listener) -> None:
    answer = request("GET", f"https://{NAME}/a?b=c")
    assert (answer.status, answer.body, answer.headers["x-two"]) == (200, b"ok", "a, b")
    assert (net.asked, net.connected, listening.count) == ([NAME], [(PUBLIC, 443)], 1)
    assert request("GET", f"https://{PUBLIC}/").body == b"ok"


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_nobodys_is_not_connected(net: Net, listening: Listener, address: str) -> None:
    refused(f"https://[{address}]/" if ":" in address else f"https://{address}/")
    assert (net.asked, net.connected) == ([], [])
    for answers in ([address], [PUBLIC, address], [PUBLIC] * 9 + [address]):
        net.names["rebound.example"] = [answers]
        assert "rebound.example:443 leads to " in refused("https://rebound.example/").why
    assert (net.connected, listening.count) == ([], 0)
    assert request("GET", f"https://{NAME}/").status == 200, "the same listener counts what may be called"
    assert listening.count == 1


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_host_that_can_be_read_in_two_ways_is_not_even_resolved(net: Net, listening: Listener, host: str) -> None:
    net.names[host] = [[PUBLIC]]
    refused(f"https://{host}/")
    assert (net.asked, net.connected, listening.count) == ([], [], 0)


@pytest.mark.parametrize("shape", ADDRESSES_OF_NOBODY)
def test_other_schemes_ports_credentials_and_tricks_are_refused(net: Net, listening: Listener, shape: str) -> None:
    refused(shape.format(NAME))
    assert (net.asked, net.connected, listening.count) == ([], [], 0)


def test_a_name_that_rebinds_gains_nothing_by_a_connection_that_is_kept(net: Net, authority: Authority) -> None:
    """Ours goes on to the judged address; a new connection is judged anew, and refused."""
    net.names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    with listener(serving_for_ever(), authority.context(NAME)) as net.lands_at:

        async def work(session: Session) -> None:
            for _ in range(5):
                assert (await session.request("POST", f"https://{NAME}/", body=b"{}")).status == 200
            assert (net.asked, net.connected) == ([NAME], [(PUBLIC, 443)])
            await session._client.connector.close()  # type: ignore[union-attr]

        in_a_session(work)
        refused(f"https://{NAME}/")
        assert net.connected == [(PUBLIC, 443)]
        assert net.lands_at.count == 1


def test_a_name_of_many_calls_at_once_is_judged_before_any(net: Net, listening: Listener) -> None:
    net.names["rebound.example"] = [["10.0.0.7"]]

    async def work(session: Session) -> list[Any]:
        calls = [session.request("POST", "https://rebound.example/", body=b"{}") for _ in range(40)]
        return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(each) for each in in_a_session(work)} == {Forbidden}
    assert (net.connected, listening.count) == ([], 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(net: Net, authority: Authority, status: int) -> None:
    with listener(answering(OK)) as inside:
        head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:{inside.port}/\r\nContent-Length: 0\r\n\r\n"
        with listener(answering(head.encode()), authority.context(NAME)) as net.lands_at:
            assert request("POST", f"https://{NAME}/", body=b"{}").status == status
        assert (net.connected, inside.count) == ([(PUBLIC, 443)], 0)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_not_asked(net: Net, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with listener(answering(OK)) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert request("GET", f"https://{NAME}/").status == 200
        assert proxy.count == 0


def test_only_what_the_operator_exempts_is_plain_and_on_loopback_and_what_he_denies_is_not_called(
    net: Net, listening: Listener, settings: Any
) -> None:
    with listener(answering(OK)) as inside:
        url = f"http://127.0.0.1:{inside.port}/"
        refused(url)
        settings.EGRESS_ALLOW = {f"127.0.0.1:{inside.port}", "idp.example:443"}
        assert (request("GET", url).body, inside.count) == (b"ok", 1)
    net.names["idp.example"] = [["169.254.169.254"]]
    refused("https://idp.example/")
    settings.EGRESS_DENY = networks("93.184.216.0/24")
    refused(f"https://{NAME}/")
    refused(f"https://{PUBLIC}/")
    assert listening.count == 0


def test_it_says_which_host_it_means_and_keeps_no_cookie(net: Net, authority: Authority) -> None:
    heads: list[bytes] = []
    named: list[str | None] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            while head := read_head(connection):
                heads.append(head)
                connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    context = authority.context(NAME)
    context.sni_callback = lambda _, name, __: named.append(name)
    with listener(serve, context) as net.lands_at:

        async def work(session: Session) -> None:
            for _ in range(2):
                await session.request("POST", f"https://{NAME}/hook?a=b", headers={"Webhook-Id": "m1"}, body=b"{}")

        in_a_session(work)
    assert named == [NAME]
    for head in heads:
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /hook?a=b HTTP/1.1"
        assert {f"Host: {NAME}", "Webhook-Id: m1", "Content-Length: 2", "Accept-Encoding: identity"} <= set(lines)
        assert not [each for each in lines if each.lower().startswith(("cookie", "authorization", "proxy"))]
    with pytest.raises(ValueError, match="written by the client itself"):
        request("GET", f"https://{NAME}/", headers={"host": "localhost"})


@pytest.mark.parametrize("wrong", ["hooks.elsewhere.example", "*.example", PUBLIC])
def test_a_certificate_for_another_name_is_told_nothing(net: Net, authority: Authority, wrong: str) -> None:
    heads: list[bytes] = []
    with listener(lambda connection: heads.append(read_head(connection)), authority.context(wrong)) as net.lands_at:
        with pytest.raises(Unreachable, match="a certificate that does not hold"):
            request("POST", f"https://{NAME}/SECRET", body=b"SECRET")
        assert (heads, net.lands_at.count) == ([], 1)


@pytest.fixture
def call(settings: Any) -> Calls:
    def send(url: str, **more: Any) -> Answer:
        return in_a_session(lambda session: session.request("POST", url, **more), most_bytes=LIMIT)

    return calling(settings, send)


@pytest.mark.parametrize("how", SLOW)
def test_slowness_ends_at_the_deadline(call: Calls, how: str) -> None:
    began = time.monotonic()
    with pytest.raises((TooSlow, Unreachable)):
        call(SLOW[how], total_seconds=0.4)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("what", ENDLESS)
def test_what_has_no_end_is_left_soon(call: Calls, what: str) -> None:
    serve = Counting(ENDLESS[what])
    with pytest.raises((TooLarge, Unreachable)):
        call(serve)
    assert serve.sent < 8_000_000


def test_the_limit_is_exact(call: Calls) -> None:
    assert len(call(answering(whole(LIMIT))).body) == LIMIT
    assert len(call(answering(HEAD + b"\r\n" + b"x" * LIMIT)).body) == LIMIT
    for raw in TOO_LONG:
        with pytest.raises(TooLarge):
            call(answering(raw))


@pytest.mark.parametrize("lie", LIES)
def test_half_an_answer_is_none(call: Calls, lie: str) -> None:
    with pytest.raises(Unreachable):
        call(answering(HEAD + LIES[lie]))


@pytest.mark.parametrize("raw", EVIL)
def test_the_other_sides_words_are_in_no_error(call: Calls, raw: bytes) -> None:
    with pytest.raises(EgressError) as error:
        call(answering(raw))
    assert "EVIL" not in repr(error.value) + error.value.why
    assert error.value.__cause__ is None


def test_a_host_that_hangs_holds_up_no_other_and_has_only_its_turns(settings: Any) -> None:
    """The other host is answered while the hanging one still hangs, and that one has as many connections as turns."""
    release = threading.Event()

    def hang(connection: socket.socket) -> None:
        read_head(connection)
        release.wait(20)

    with listener(hang) as hanging, listener(serving_for_ever()) as works:
        settings.EGRESS_ALLOW = {f"127.0.0.1:{hanging.port}", f"127.0.0.1:{works.port}"}

        async def work(session: Session) -> None:
            stuck = [
                asyncio.create_task(session.request("POST", f"http://127.0.0.1:{hanging.port}/", body=b"{}"))
                for _ in range(20)
            ]
            for _ in range(50):
                assert (await session.request("POST", f"http://127.0.0.1:{works.port}/", body=b"{}")).status == 200
            assert not any(each.done() for each in stuck)
            assert hanging.count == 4
            assert works.count == 1, "one connection served them all"
            release.set()
            for each in stuck:
                each.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
            assert session._hosts == {}

        in_a_session(work, per_host=4)
