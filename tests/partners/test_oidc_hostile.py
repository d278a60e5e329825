"""A hostile provider and a hostile page against sign-in by OpenID Connect: forged tokens, mixed answers, swapped
metadata. Of every attack the honest variant is accepted first, so that none can fail for want of a working sign-in."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from partners.oidc.flow import check_callback
from partners.oidc.metadata import discover, discovery_address, pinned, read_metadata
from partners.oidc.refusals import OidcRefused, ProviderAway, ProviderSaidNo
from partners.oidc.tokens import Identity, used_second_factor
from tests.partners.hostile_provider import (
    CLIENT,
    NOW_SECONDS,
    OTHERS,
    OURS,
    STRANGERS_KEY,
    Reply,
    Scene,
    rs256,
    rsa_jwk,
)
from tests.partners.metadata_attacks import METADATA, NO_ISSUER
from tests.partners.oidc_attacks import CALLBACKS, KEYS, NEVER_FETCHED, TOKENS, Attack

FORGED = [*TOKENS, *CALLBACKS, *KEYS]
OUR_ADDRESSES = {f"{OURS}/token", f"{OURS}/keys"}


def accepted(scene: Scene) -> tuple[Identity | None, str]:
    """Who was signed in, or the word of the refusal."""
    try:
        return scene.play(), ""
    except OidcRefused as refused:
        return None, refused.what


def named(attacks: list[Any]) -> Any:
    return pytest.mark.parametrize("attack", attacks, ids=lambda attack: attack.name)


@named(FORGED)
def test_a_forged_answer_signs_nobody_in(attack: Attack):
    honest, forged = Scene(), Scene()
    attack.honest(honest)
    who, refused = accepted(honest)
    assert who is not None, f"the honest variant was refused: {refused}"
    assert (who.issuer, who.subject) == (OURS, "anita")
    attack.attack(forged)
    assert accepted(forged) == (None, attack.stops)
    assert set(forged.asked) <= OUR_ADDRESSES, "an address that the answer names was asked"


def test_the_battery_is_counted_and_nothing_of_it_is_accepted():
    let_in = []
    for attack in FORGED:
        scene = Scene()
        attack.attack(scene)
        if accepted(scene)[0] is not None:
            let_in.append(attack.name)
    assert let_in == []
    assert len(FORGED) + len(METADATA) + len(NO_ISSUER) >= 100
    assert len({attack.name for attack in FORGED}) == len(FORGED)


@named(METADATA)
def test_metadata_that_cannot_be_pinned_is_refused(attack: Any):
    assert read_metadata(Scene(document=attack.honest).described(), OURS).issuer == OURS
    with pytest.raises(OidcRefused) as refused:
        read_metadata(Scene(document=attack.changes).described(), OURS)
    assert refused.value.what == attack.stops


@pytest.mark.parametrize("issuer", NO_ISSUER)
def test_what_is_not_one_organisations_issuer_is_never_asked(issuer: str):
    asked: list[str] = []

    def fetch(method: str, url: str, **limits: Any) -> Reply:
        asked.append(url)
        return Reply(200, json.dumps(Scene(issuer=issuer).described()).encode())

    with pytest.raises(OidcRefused):
        discover(issuer, fetch=fetch)
    assert asked == []
    assert discover(OURS, fetch=lambda *a, **k: Reply(200, json.dumps(Scene().described()).encode())).issuer == OURS


def test_a_tenants_own_issuer_is_taken_and_plain_http_only_at_the_allowed_door():
    tenant = "https://login.microsoftonline.com/4a1f0f4e-8a1c-4f0e-9d3b-0b8f6f1b2c3d/v2.0"
    assert read_metadata(Scene(issuer=tenant).described(), tenant).issuer == tenant
    local = "http://localhost:9400"
    assert read_metadata(Scene(issuer=local).described(), local, {"localhost:9400"}).issuer == local
    for elsewhere in ((), {"localhost:9401"}, {"localhost"}, {"127.0.0.1:9400"}):
        with pytest.raises(OidcRefused):
            read_metadata(Scene(issuer=local).described(), local, elsewhere)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"issuer": 1, "issuer": 2}', b"\xff", b"[" * 40_000, b'{"issuer": NaN}']
)
def test_metadata_that_is_no_plain_object_is_refused(body: bytes):
    with pytest.raises(OidcRefused):
        discover(OURS, fetch=lambda *a, **k: Reply(200, body))


@pytest.mark.parametrize("status", [204, 301, 302, 404, 500])
def test_a_provider_that_redirects_or_fails_has_not_answered(status: int):
    body = json.dumps(Scene().described()).encode()
    with pytest.raises(ProviderAway):
        discover(OURS, fetch=lambda *a, **k: Reply(status, body, {"Location": NEVER_FETCHED}))


def test_the_description_stands_where_the_standard_says():
    assert discovery_address(OURS) == f"{OURS}/.well-known/openid-configuration"
    assert discovery_address("https://a.example/") == "https://a.example/.well-known/openid-configuration"


def test_whatever_matters_in_the_metadata_changes_its_fingerprint_and_nothing_else_does():
    first = Scene().pin()
    assert pinned(json.loads(json.dumps(first.document()))) == first
    for silent in ({"claims_supported": ["email"]}, {"userinfo_endpoint": "https://x.example"}):
        assert Scene(document=silent).pin().fingerprint == first.fingerprint
    for loud in (
        {"jwks_uri": "https://attacker.example/keys"},
        {"token_endpoint": f"{OURS}/token2"},
        {"authorization_endpoint": "https://attacker.example/authorize"},
        {"id_token_signing_alg_values_supported": ["RS256"]},
        {"authorization_response_iss_parameter_supported": True},
        {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
    ):
        assert Scene(document=loud).pin().fingerprint != first.fingerprint


def test_keys_come_from_the_pinned_address_when_the_metadata_has_been_swapped():
    """The attacker has the metadata document and signs with a key of its own; the keys that were pinned decide."""
    scene = Scene()
    metadata = scene.pin()
    departure = scene.depart(metadata)
    scene.document["jwks_uri"] = "https://attacker.example/keys"
    scene.signed = lambda message: rs256(message, STRANGERS_KEY)
    with pytest.raises(OidcRefused, match="not signed"):
        scene.arrive(scene.authorize(departure.url), departure.browser, metadata)
    assert set(scene.asked) <= OUR_ADDRESSES


def test_an_answer_a_token_and_a_code_work_once():
    scene = Scene()
    metadata = scene.pin()
    departure = scene.depart(metadata)
    back = scene.authorize(departure.url)
    assert scene.arrive(back, departure.browser, metadata).subject == "anita"
    with pytest.raises(OidcRefused) as refused:  # the same answer again: its flow is spent
        scene.arrive(back, departure.browser, metadata)
    assert refused.value.what == "state"
    second = scene.depart(metadata)
    fresh = dict(scene.authorize(second.url))
    with pytest.raises(OidcRefused) as refused:  # the spent code in a fresh answer
        scene.arrive([("code", "code-0"), ("state", fresh["state"])], second.browser, metadata)
    assert refused.value.what == "code"
    third = scene.depart(metadata)
    old = scene.made(departure.flow.nonce)
    scene.token = lambda raw: old  # the token of the first sign-in, honestly signed and in date
    with pytest.raises(OidcRefused) as refused:
        scene.arrive(scene.authorize(third.url), third.browser, metadata)
    assert refused.value.what == "nonce"


def test_a_code_that_another_flow_or_another_program_earned_is_not_exchanged():
    """Injection: the attacker's own code, or one for another client, in the answer to an honest browser."""
    scene = Scene()
    metadata = scene.pin()
    victim, attacker = scene.depart(metadata), scene.depart(metadata)
    injected = dict(scene.authorize(attacker.url))["code"]
    honest = dict(scene.authorize(victim.url))
    with pytest.raises(OidcRefused) as refused:  # the verifier is the victim's, the challenge the attacker's
        scene.arrive([("code", injected), ("state", honest["state"])], victim.browser, metadata)
    assert refused.value.what == "code"
    again = scene.depart(metadata)
    back = scene.authorize(again.url.replace(CLIENT, "other-client"))
    with pytest.raises(OidcRefused) as refused:
        scene.arrive(back, again.browser, metadata)
    assert refused.value.what == "code"


def test_the_attackers_whole_answer_does_not_sign_in_the_victims_browser():
    """Login CSRF: everything in the answer is genuine, only the browser is not the one that was sent away."""
    scene = Scene()
    metadata = scene.pin()
    attacker, victim = scene.depart(metadata), scene.depart(metadata)
    back = scene.authorize(attacker.url)
    with pytest.raises(OidcRefused) as refused:
        scene.arrive(back, victim.browser, metadata)
    assert refused.value.what == "browser"
    assert scene.asked == []  # not even the code was redeemed
    again = scene.depart(metadata)
    assert scene.arrive(scene.authorize(again.url), again.browser, metadata).subject == "anita"


def test_an_answer_of_one_organisations_provider_does_not_end_a_flow_to_anothers():
    ours, theirs = Scene(), Scene(issuer=OTHERS)
    departure = ours.depart(ours.pin())
    theirs.flows = ours.flows
    with pytest.raises(OidcRefused) as refused:
        theirs.arrive(ours.authorize(departure.url), departure.browser, theirs.pin())
    assert refused.value.what == "issuer"


def test_an_answer_must_fit_the_flow_that_it_was_taken_for():
    """Even when whoever keeps the flows hands out the wrong one."""
    scene = Scene()
    metadata = scene.pin()
    one, other = scene.depart(metadata), scene.depart(metadata)
    query = urlencode(scene.authorize(one.url))
    expected = {"browser": one.browser, "metadata": metadata, "now": scene.at}
    assert check_callback(query, flow=one.flow, **expected) == "code-0"
    with pytest.raises(OidcRefused, match="no sign-in that was begun here"):
        check_callback(query, flow=other.flow, **expected)
    for broken in (query + "&x=%ff", query + "&state=", query.replace("code=", "%63ode=&code=")):
        with pytest.raises(OidcRefused) as refused:
            check_callback(broken, flow=one.flow, **expected)
        assert refused.value.what == "callback"


def test_the_same_subject_and_mail_at_two_providers_are_two_identities():
    mail = {"email": "anita.desai@brackenfield.example", "email_verified": True}
    one = Scene(claims=mail).play()
    other = Scene(issuer=OTHERS, claims=mail).play()
    assert (one.issuer, one.subject) != (other.issuer, other.subject)
    assert "brackenfield.example" not in repr(other)
    assert "email" not in Identity.__dataclass_fields__


def test_no_claim_can_say_what_somebody_may_do():
    loud = {"groups": ["administrator"], "roles": ["administrator"], "role": "administrator", "is_superuser": True}
    assert Scene(claims=loud).play() == Scene().play()


def test_a_rotated_key_is_looked_for_once_a_minute():
    scene = Scene()
    assert scene.play().subject == "anita"
    scene.jwks = [rsa_jwk(STRANGERS_KEY, "r2")]
    scene.header = {"kid": "r2"}
    scene.signed = lambda message: rs256(message, STRANGERS_KEY)
    scene.claims = {"exp": NOW_SECONDS + 3600}
    for second in (1, 30, 59):
        assert accepted(scene.later(second)) == (None, "key")
    assert scene.asked.count(f"{OURS}/keys") == 1
    assert accepted(scene.later(60))[0] is not None
    scene.header = {"kid": "invented"}
    for second in (61, 90, 119):
        assert accepted(scene.later(second)) == (None, "key")
    assert scene.asked.count(f"{OURS}/keys") == 2
    scene.header, scene.jwks = {"kid": "r2"}, [rsa_jwk(STRANGERS_KEY, "r3")]
    assert accepted(scene.later(60 + 599))[0] is not None
    assert accepted(scene.later(60 + 600)) == (None, "key")  # withdrawn: believed for ten minutes at most


def test_a_browser_is_sent_away_with_pkce_and_three_secrets_that_never_repeat():
    scene = Scene(max_age=300)
    urls = [scene.depart(scene.pin()) for _ in range(2)]
    for departure in urls:
        scene.authorize(departure.url)
    for sent in scene.codes.values():
        assert (sent["response_type"], sent["code_challenge_method"]) == ("code", "S256")
        assert (sent["max_age"], sent["scope"].split()[0]) == ("300", "openid")
    one, two = (each.flow for each in urls)
    assert len({one.nonce, two.nonce, one.verifier, two.verifier, urls[0].browser, urls[1].browser}) == 6
    assert one.verifier not in urls[0].url
    assert urls[0].browser not in urls[0].url
    assert hashlib.sha256(urls[0].browser.encode()).digest() == one.browser_digest


def test_the_providers_refusal_is_told_apart_from_a_forged_one():
    scene = Scene()
    scene.callback = lambda pairs: [("error", "access_denied"), pairs[1]]
    with pytest.raises(ProviderSaidNo) as said:
        scene.play()
    assert said.value.error == "access_denied"
    scene.callback = lambda pairs: [("error", "<script>"), pairs[1]]
    with pytest.raises(ProviderSaidNo) as said:
        scene.play()
    assert said.value.error == "unreadable"


@pytest.mark.parametrize(
    ("amr", "two"),
    [
        ([], False), (["pwd"], False), (["mfa"], True), (["pwd", "mfa"], True), (["pwd", "otp"], True),
        (["otp"], False), (["pwd", "sms"], False), (["pwd", "pin"], False), ("mfa", False), (None, False), ([1], False),
    ],
)  # fmt: skip
def test_a_second_factor_counts_only_when_the_provider_says_so(amr: Any, two: bool):
    who = Scene(claims={"amr": amr}).play()
    assert used_second_factor(who.amr) is two


def test_the_clock_of_the_flow_is_not_the_browsers():
    scene = Scene()
    scene.at = scene.at - timedelta(minutes=5)  # a clock that was set back
    assert accepted(scene) == (None, "late")
