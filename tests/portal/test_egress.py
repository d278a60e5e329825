"""B18: no address that anybody can write leads the client anywhere but to a host of the internet."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.egress import Answer, Forbidden, Unreachable, request
from portal.egress.addresses import is_public
from portal.egress.exemptions import exempt_names, existing_file, networks
from portal.egress.targets import read_target
from tests.portal.egress_cases import ADDRESSES, ADDRESSES_OF_NOBODY, NAME, OK, PUBLIC, SPELLINGS
from tests.portal.listening import Authority, Listener, Net, answering, listener, read_head


def refused(url: str, **more: Any) -> Forbidden:
    with pytest.raises(Forbidden) as forbidden:
        request("GET", url, **more)
    return forbidden.value


def the_listener_counts(net: Net, listening: Listener) -> None:
    """The positive control: an allowed address is connected, answered and counted by the same listener."""
    before = listening.count
    assert request("GET", f"https://{NAME}/").status == 200
    assert listening.count == before + 1


def test_an_address_of_the_internet_is_called(net: Net, listening: Listener) -> None:
    answer = request("GET", f"https://{NAME}/a?b=c")
    assert answer == Answer(200, {"content-length": "2", "x-two": "a, b"}, b"ok")
    assert net.asked == [NAME]
    assert net.connected == [(PUBLIC, 443)]
    assert listening.count == 1
    assert request("GET", f"https://{PUBLIC}/").body == b"ok"
    assert net.asked == [NAME]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_nobodys_is_not_connected(net: Net, listening: Listener, address: str) -> None:
    refused(f"https://[{address}]/" if ":" in address else f"https://{address}/")
    assert (net.asked, net.connected) == ([], [])
    for answers in ([address], [PUBLIC, address], [address, PUBLIC], [PUBLIC] * 9 + [address]):
        net.names["rebound.example"] = [answers]
        forbidden = refused("https://rebound.example/")
        assert "rebound.example:443 leads to " in forbidden.why
    assert net.connected == []
    assert listening.count == 0
    the_listener_counts(net, listening)


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_host_that_can_be_read_in_two_ways_is_not_even_resolved(net: Net, listening: Listener, host: str) -> None:
    net.names[host] = [[PUBLIC]]
    refused(f"https://{host}/")
    assert (net.asked, net.connected, listening.count) == ([], [], 0)
    the_listener_counts(net, listening)


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "①27.0.0.1"])
def test_these_spellings_would_have_led_to_ourselves(spelling: str) -> None:
    """Why they are in the list: the resolver of this machine takes them for 127.0.0.1."""
    assert {entry[4][0] for entry in socket.getaddrinfo(spelling, 443)} == {"127.0.0.1"}


@pytest.mark.parametrize("shape", ADDRESSES_OF_NOBODY)
def test_other_schemes_ports_credentials_and_tricks_are_refused(net: Net, listening: Listener, shape: str) -> None:
    refused(shape.format(NAME))
    assert (net.asked, net.connected, listening.count) == ([], [], 0)
    the_listener_counts(net, listening)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_is_resolved_once_and_what_was_judged_is_what_is_connected(
    net: Net, listening: Listener, method: str
) -> None:
    net.names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    with pytest.raises(Unreachable):  # the listener's certificate is for another name; the socket was opened
        request(method, "https://rebinding.example/", body=b"x")
    assert net.asked == ["rebinding.example"]
    assert net.connected == [(PUBLIC, 443)]
    assert listening.count == 1
    assert refused("https://rebinding.example/")
    assert listening.count == 1


def test_a_public_address_of_the_sixth_version_is_called(net: Net, listening: Listener) -> None:
    net.names[NAME] = [["2a00:1450:4001::200e"]]
    assert request("GET", f"https://{NAME}/").status == 200
    assert net.connected == [("2a00:1450:4001::200e", 443)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(net: Net, authority: Authority, status: int) -> None:
    with listener(answering(OK)) as inside:
        location = f"http://127.0.0.1:{inside.port}/admin"
        head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        with listener(answering(head.encode()), authority.context(NAME)) as net.lands_at:
            answer = request("POST", f"https://{NAME}/", body=b"{}")
        assert (answer.status, answer.headers["location"]) == (status, location)
        assert net.connected == [(PUBLIC, 443)]
        assert inside.count == 0
        with socket.socket() as control:
            control.connect(inside.address)
            control.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert control.recv(15) == b"HTTP/1.1 200 OK"
        assert inside.count == 1


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_not_asked(net: Net, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with listener(answering(OK)) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert request("GET", f"https://{NAME}/").status == 200
        assert proxy.count == 0


def test_exactly_what_the_operator_has_exempted_may_be_plain_and_on_loopback(settings: Any) -> None:
    with listener(answering(OK)) as inside, listener(answering(OK)) as other:
        url = f"http://127.0.0.1:{inside.port}/"
        refused(url)
        assert inside.count == 0
        settings.EGRESS_ALLOW = exempt_names(f" 127.0.0.1:{inside.port} , LOCALHOST:{inside.port}")
        assert request("GET", url).body == b"ok"
        assert request("GET", f"http://localhost:{inside.port}/").body == b"ok"
        assert inside.count == 2
        for near in (
            f"http://127.0.0.1:{other.port}/", f"http://127.0.0.2:{inside.port}/", f"http://127.1:{inside.port}/",
            f"http://u@127.0.0.1:{inside.port}/", f"http://0.0.0.0:{inside.port}/", f"http://localhost.:{inside.port}/",
        ):  # fmt: skip
            refused(near)
        assert (inside.count, other.count) == (2, 0)


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1"])
def test_an_exempted_name_leads_to_networks_of_ones_own_and_not_to_a_clouds_metadata(
    net: Net, listening: Listener, settings: Any, address: str
) -> None:
    settings.EGRESS_ALLOW = {"idp.example:443", f"{address}:443", f"[{address}]:443"}
    net.names["idp.example"] = [[address]]
    refused("https://idp.example/")
    refused(f"https://[{address}]/" if ":" in address else f"https://{address}/")
    assert listening.count == 0


def test_networks_that_the_operator_denies_are_not_called(net: Net, listening: Listener, settings: Any) -> None:
    settings.EGRESS_DENY = networks("93.184.216.0/24, 2a00::/16")
    refused(f"https://{NAME}/")
    refused("https://[2a00:1450:4001::200e]/")
    assert listening.count == 0
    settings.EGRESS_DENY = networks("93.184.217.0/24")
    the_listener_counts(net, listening)


@pytest.mark.parametrize("value", ["localhost", "http://localhost:80", "*:443", "*.example:443", "a b:1", "x:123456"])
def test_an_exemption_is_an_exact_name(value: str) -> None:
    with pytest.raises(ValueError, match="EGRESS_ALLOW holds"):
        exempt_names(f"ok.example:443,{value}")


def test_what_the_operator_writes_is_checked_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="EGRESS_DENY is"):
        networks("10.0.0.1/8")
    with pytest.raises(ValueError, match="EGRESS_CA_FILE names"):
        existing_file(str(tmp_path / "none.pem"), name="EGRESS_CA_FILE")
    assert (exempt_names(""), networks(""), existing_file("", name="EGRESS_CA_FILE")) == (frozenset(), (), "")


def test_a_webhooks_secret_path_is_in_no_error_and_no_repr(net: Net) -> None:
    url = "https://169.254.169.254/services/T0P/SECRET?token=SECRET"
    assert "SECRET" not in repr(refused(url)) + refused(url).why
    assert "SECRET" not in repr(read_target(f"https://{NAME}/SECRET?a=SECRET", allow=()))
    assert "SECRET" not in repr(Answer(200, {"set-cookie": "SECRET"}, b"SECRET"))


def test_the_client_sends_what_was_asked_and_says_which_host_it_means(net: Net, authority: Authority) -> None:
    heads: list[bytes] = []
    named: list[str | None] = []

    def serve(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(OK)

    context = authority.context(NAME)
    context.sni_callback = lambda _, name, __: named.append(name)
    with listener(serve, context) as net.lands_at:
        request("POST", f"https://{NAME}/hook?a=b", headers={"Webhook-Id": "m1"}, body=b"{}")
    assert named == [NAME]
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "POST /hook?a=b HTTP/1.1"
    assert {f"Host: {NAME}", "Webhook-Id: m1", "Content-Length: 2", "Connection: close"} <= set(lines)
    assert not [line for line in lines if line.lower().startswith(("cookie", "authorization", "proxy"))]


@pytest.mark.parametrize("name", ["Host", "host", "Transfer-Encoding", "Content-Length", "User-Agent"])
def test_headers_that_say_where_and_how_much_are_the_clients_own(net: Net, listening: Listener, name: str) -> None:
    with pytest.raises(ValueError, match="written by the client itself"):
        request("GET", f"https://{NAME}/", headers={name: "localhost"})
    with pytest.raises(ValueError, match="most_bytes"):
        request("GET", f"https://{NAME}/", most_bytes=32 * 1024 * 1024 + 1)
    assert listening.count == 0


PRIVATE = st.sampled_from(["127.0.0.0", "10.0.0.0", "192.168.0.0", "169.254.0.0"]).flatmap(
    lambda network: st.integers(0, 65535).map(lambda low: int(IPv4Address(network)) + low)
)


@given(PRIVATE)
def test_no_private_address_is_public_in_any_disguise(private: int) -> None:
    assert not is_public(IPv4Address(private))
    for above, shift in ((0, 0), (0xFFFF << 32, 0), (0x64FF9B << 96, 0), (0x2002 << 112, 80), (0x5EFE << 32, 0)):
        assert not is_public(IPv6Address(above | private << shift))
    assert not is_public(IPv6Address(0x20010000 << 96 | private ^ 0xFFFFFFFF))
    assert not is_public(IPv6Address(0x2A001450 << 96 | 0x5EFE << 32 | private))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "193.0.6.139", "2606:4700::1111", "2001:4860:4860::8888"])
def test_what_is_somebodys_is_public(address: str) -> None:
    assert is_public(IPv6Address(address) if ":" in address else IPv4Address(address))
