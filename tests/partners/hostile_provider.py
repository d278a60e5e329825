"""A provider that lies on request, and the smallest portal that asks it. Tokens are put together by hand, because a
library would refuse to make most of what is sent here."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from partners.oidc.completing import complete
from partners.oidc.flow import Departure, Flow, begin, digest_of
from partners.oidc.jwks import KeyRing
from partners.oidc.metadata import Metadata, read_metadata
from partners.oidc.refusals import OidcRefused, ProviderAway
from partners.oidc.tokens import Identity

NOW = datetime(2025, 6, 3, 8, 41, tzinfo=UTC)
NOW_SECONDS = int(NOW.timestamp())
OURS, OTHERS = "https://login.brackenfield.example/tenant", "https://login.dunmere.example/tenant"
CLIENT, SECRET = "bulkhead-brackenfield", "a secret that both sides know"
RSA_KEY, STRANGERS_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
SHORT_KEY = rsa.generate_private_key(65537, 1024)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def packed(value: Any) -> str:
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e), **more}


def ec_jwk(kid: str) -> dict[str, Any]:
    public = EC_KEY.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(public.x.to_bytes(32)), "y": b64(public.y.to_bytes(32))}


def ed_jwk(kid: str) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(ED_KEY.public_key().public_bytes_raw())}


def rs256(message: bytes, key: rsa.RSAPrivateKey = RSA_KEY) -> bytes:
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def ps256(message: bytes) -> bytes:
    return RSA_KEY.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def es256(message: bytes) -> bytes:
    r, s = decode_dss_signature(EC_KEY.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Scene:
    """One sign-in of one browser. A test changes what the provider or the browser does before `play`."""

    issuer: str = OURS
    document: dict[str, Any] = field(default_factory=dict)  # what the metadata says beside the usual
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)  # None takes one away
    signed: Callable[[bytes], bytes] = rs256
    token: Callable[[str], str] = lambda raw: raw  # the whole token, last
    reply: dict[str, Any] = field(default_factory=dict)  # beside the ID token
    callback: Callable[[list[tuple[str, str]]], list[tuple[str, str]]] = lambda pairs: pairs
    cookie: Callable[[str], str] = lambda value: value
    jwks: list[dict[str, Any]] = field(default_factory=lambda: [rsa_jwk(RSA_KEY, "r1"), ec_jwk("e1"), ed_jwk("d1")])
    begun: datetime = NOW  # when the browser is sent away
    at: datetime = NOW  # when it comes back
    max_age: int | None = None
    asked: list[str] = field(default_factory=list)  # every address that the portal fetched
    flows: dict[bytes, Flow] = field(default_factory=dict)
    access_token: str = "opaque-access-token"

    def __post_init__(self) -> None:
        self.keys = KeyRing(f"{self.issuer}/keys")
        self.codes: dict[str, dict[str, str]] = {}
        self.made_codes = 0

    # The provider.

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code", "id_token"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "HS256", "none"],
            "code_challenge_methods_supported": ["plain", "S256"],
            **self.document,
        }

    def authorize(self, url: str) -> list[tuple[str, str]]:
        """The person has signed in: the code goes back by the browser."""
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{self.made_codes}"
        self.made_codes += 1
        self.codes[code] = wanted
        back = [("code", code), ("state", wanted["state"])]
        named = self.document.get("authorization_response_iss_parameter_supported")
        return [*back, ("iss", self.issuer)] if named else back

    def fetch(self, method: str, url: str, *, headers: Any = None, body: bytes | None = None, **limits: Any) -> Reply:
        self.asked.append(url)
        if url == f"{self.issuer}/keys":
            return Reply(200, json.dumps({"keys": self.jwks}).encode())
        if url != f"{self.issuer}/token" or method != "POST":
            raise ProviderAway("nobody lives there")
        form = dict(parse_qsl((body or b"").decode()))
        wanted = self.codes.pop(form["code"], None)
        pair = b64decode(headers["Authorization"].removeprefix("Basic ")).decode().split(":")
        client, secret = map(unquote, pair)
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if wanted is None or challenge != wanted["code_challenge"] or secret != SECRET or client != wanted["client_id"]:
            return Reply(400, b'{"error": "invalid_grant"}')
        token = {"id_token": self.made(wanted["nonce"]), "access_token": self.access_token, "token_type": "Bearer"}
        return Reply(200, json.dumps({**token, **self.reply}).encode())

    def made(self, nonce: str) -> str:
        header = {"alg": "RS256", "kid": "r1", "typ": "JWT", **self.header}
        claims = {
            "iss": self.issuer, "sub": "anita", "aud": CLIENT, "nonce": nonce,
            "iat": NOW_SECONDS, "exp": NOW_SECONDS + 300, **self.claims,
        }  # fmt: skip
        header, claims = ({k: v for k, v in each.items() if v is not None} for each in (header, claims))
        message = f"{packed(header)}.{packed(claims)}"
        return self.token(f"{message}.{b64(self.signed(message.encode()))}")

    def later(self, seconds: int) -> Scene:
        """The same scene when so much has passed since NOW."""
        self.begun = self.at = NOW + timedelta(seconds=seconds)
        return self

    # The portal, which pins once, keeps a flow until it is used, and asks nobody else.

    def pin(self) -> Metadata:
        return read_metadata(self.described(), self.issuer)

    def depart(self, metadata: Metadata) -> Departure:
        back = "https://portal.example/oidc/brackenfield/callback"
        departure = begin(metadata, client_id=CLIENT, redirect_uri=back, now=self.begun, max_age_seconds=self.max_age)
        self.flows[departure.flow.state_digest] = departure.flow
        return departure

    def arrive(self, pairs: list[tuple[str, str]], browser: str, metadata: Metadata) -> Identity:
        state = next((value for name, value in pairs if name == "state"), "")
        flow = self.flows.pop(digest_of(state), None)
        if flow is None:
            raise OidcRefused("state", "no such flow")
        return complete(
            urlencode(pairs), flow=flow, browser=browser, metadata=metadata, client_secret=SECRET, keys=self.keys,
            fetch=self.fetch, now=self.at,
        )  # fmt: skip

    def play(self) -> Identity:
        metadata = self.pin()
        departure = self.depart(metadata)
        back = self.callback(self.authorize(departure.url))
        return self.arrive(back, self.cookie(departure.browser), metadata)
