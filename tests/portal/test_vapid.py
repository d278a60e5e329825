"""The key pair for push services: made once, handed to those who need a half, and looked at when the portal starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portal import vapid
from portal.egress.hosts import host_of, host_patterns, is_listed
from portal.processes import environment_of, plan_from, shared_environment

# The public key of the example of RFC 8292, 2.4.
POINT = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"


def test_the_public_half_is_the_point_of_the_private_one():
    private = vapid.new_private_key()
    number = int.from_bytes(vapid.read(private), "big")
    expected = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
    point = vapid.read(vapid.public_of(private))
    assert point == b"\x04" + expected.x.to_bytes(32, "big") + expected.y.to_bytes(32, "big")
    assert vapid.trouble_with(private=private, public=vapid.public_of(private)) == ""
    assert vapid.trouble_with(private="", public=POINT) == ""


@pytest.mark.parametrize(
    ("private", "public"),
    [(vapid.new_private_key(), POINT), ("short", POINT), ("", "short"), ("*", POINT), (vapid.new_private_key(), "")],
    ids=["of another", "short", "short point", "no base64", "alone"],
)
def test_a_pair_that_is_none_stops_the_start_and_is_not_repeated(private: str, public: str):
    trouble = vapid.trouble_with(private=private, public=public)
    assert "python -m portal.vapid" in trouble
    assert not private or private not in trouble


def test_a_start_makes_a_pair_keeps_it_and_hands_the_private_half_to_what_sends(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BULKHEAD_VAR", str(tmp_path))
    shared = shared_environment(plan_from({}), {}, addresses={})
    assert shared == shared_environment(plan_from({}), {}, addresses={})
    assert shared["VAPID_PUBLIC_KEY"] == vapid.public_of(shared["VAPID_PRIVATE_KEY"])
    has = {name: "VAPID_PRIVATE_KEY" in environment_of(name, shared) for name in ("web", "live", "worker", "hooks")}
    assert has == {"web": False, "live": False, "worker": True, "hooks": False}
    assert "VAPID_PUBLIC_KEY" in environment_of("web", shared)


def test_an_operators_own_pair_is_used(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("BULKHEAD_VAR", str(tmp_path))
    mine = vapid.new_private_key()
    shared = shared_environment(plan_from({}), {"VAPID_PRIVATE_KEY": mine}, addresses={})
    assert (shared["VAPID_PRIVATE_KEY"], shared["VAPID_PUBLIC_KEY"]) == (mine, vapid.public_of(mine))


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("https://prod-12.uksouth.logic.azure.com:443/workflows/x?sig=y", True),
        ("https://hooks.slack.com/services/x", True),
        ("https://HOOKS.Slack.com./services/x", True),
        ("https://logic.azure.com/x", False),
        ("https://evil-logic.azure.com/x", False),
        ("https://hooks.slack.com.example.org/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://example.org/?hooks.slack.com", False),
        ("https://hooks.slack.com@example.org/x", False),
        ("https://[::1/x", False),
        ("", False),
    ],
)
def test_which_hosts_a_list_covers(url: str, listed: bool):
    patterns = host_patterns("*.logic.azure.com, hooks.slack.com", name="X_HOSTS")
    assert is_listed(host_of(url), patterns) is listed


@pytest.mark.parametrize("wrong", ["*", "*.", "localhost", "https://x.example", "a.b.*", "x.example/path"])
def test_a_list_that_is_none_stops_the_start(wrong: str):
    with pytest.raises(ValueError, match="X_HOSTS"):
        host_patterns(wrong, name="X_HOSTS")
