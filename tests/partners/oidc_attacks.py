"""What a hostile provider or a hostile page tries, beside the honest variant that differs in nothing else.

`stops` is the word that the refusal must carry, written from the standards and not from the code: so an attack that
fails for another reason than its own is found out. Every entry names what the honest one does in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.partners.hostile_provider import (
    CLIENT,
    ED_KEY,
    NOW_SECONDS,
    OTHERS,
    OURS,
    RSA_KEY,
    SECRET,
    SHORT_KEY,
    STRANGERS_KEY,
    Scene,
    b64,
    ec_jwk,
    es256,
    hs256,
    packed,
    ps256,
    rs256,
    rsa_jwk,
)  # fmt: skip

Change = Callable[[Scene], Any]


@dataclass(frozen=True)
class Attack:
    name: str
    stops: str
    attack: Change
    honest: Change = lambda scene: None


def claims(**changed: Any) -> Change:
    return lambda scene: scene.claims.update(changed)


def header(**changed: Any) -> Change:
    return lambda scene: scene.header.update(changed)


def signed(alg: str, sign: Callable[[bytes], bytes], kid: str | None = "r1") -> Change:
    def change(scene: Scene) -> None:
        scene.header.update(alg=alg, kid=kid)
        scene.signed = sign

    return change


def says(**changed: Any) -> Change:
    return lambda scene: scene.document.update(changed)


def set_on(name: str, value: Any) -> Change:
    return lambda scene: setattr(scene, name, value)


def both(*changes: Change) -> Change:
    def change(scene: Scene) -> None:
        for each in changes:
            each(scene)

    return change


def back(change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> Change:
    return lambda scene: setattr(scene, "callback", change)


def swapped(name: str, value: str) -> Change:
    return back(lambda pairs: [(each, value if each == name else was) for each, was in pairs])


PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DER = RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
STRANGER = partial(rs256, key=STRANGERS_KEY)
NAMES_ITSELF = says(authorization_response_iss_parameter_supported=True)
NEVER_FETCHED = "https://attacker.example/keys"
# Left halves of the SHA-256 of "opaque-access-token" and of "code-0", by openssl and basenc.
AT_HASH, C_HASH = "ziBUtZEpY5JqE5mEv5FPew", "paTOxskHzwyMD2OYDcTjow"


def nested(raw: str) -> str:
    """An unsigned token within an honest signature."""
    inner = f"{packed({'alg': 'none'})}.{packed({'iss': OURS, 'sub': 'anita'})}."
    message = f"{packed({'alg': 'RS256', 'kid': 'r1', 'cty': 'JWT'})}.{b64(inner.encode())}"
    return f"{message}.{b64(rs256(message.encode()))}"


def unsigned(raw: str) -> str:
    return f"{packed({'alg': 'none'})}.{raw.split('.')[1]}."


def cut(raw: str) -> str:
    return raw.rsplit(".", 1)[0] + "."


TOKENS = [
    Attack("issuer of nobody", "issuer", claims(iss="https://attacker.example"), claims(iss=OURS)),
    Attack("issuer with a slash at its end", "issuer", claims(iss=OURS + "/"), claims(iss=OURS)),
    Attack("issuer in other letters", "issuer", claims(iss=OURS.replace("login", "LOGIN"))),
    Attack("issuer of another organisation", "issuer", claims(iss=OTHERS), claims(iss=OURS)),
    Attack("no issuer", "issuer", claims(iss=None)),
    Attack("issuers in a list", "issuer", claims(iss=[OURS])),
    Attack("for another program", "audience", claims(aud="bulkhead-dunmere"), claims(aud=[CLIENT])),
    Attack("for nobody", "audience", claims(aud=None)),
    Attack("for nobody in a list", "audience", claims(aud=[])),
    Attack(
        "for several, asked for by another", "audience", claims(aud=[CLIENT, "other"], azp="other"),
        claims(aud=[CLIENT, "other"], azp=CLIENT),
    ),
    Attack("for several, and nobody asked", "audience", claims(aud=[CLIENT, "other"])),
    Attack("for us, asked for by another", "audience", claims(azp="other"), claims(azp=CLIENT)),
    Attack("for what begins as we do", "audience", claims(aud=CLIENT + "-test")),
    Attack("nonce of another", "nonce", claims(nonce="0" * 43)),
    Attack("no nonce", "nonce", claims(nonce=None)),
    Attack("empty nonce", "nonce", claims(nonce="")),
    Attack("alg none", "algorithm", set_on("token", unsigned)),
    Attack("alg None, as some write it", "algorithm", header(alg="NoNe")),
    Attack("no alg", "algorithm", header(alg=None)),
    Attack("no signature", "signature", set_on("token", cut)),
    Attack("HS256 with the public key", "algorithm", signed("HS256", hs256(PEM)), signed("RS256", rs256)),
    Attack("HS256 with the public key in DER", "algorithm", signed("HS256", hs256(DER)), signed("PS256", ps256)),
    Attack("HS256 with the client secret", "algorithm", signed("HS256", hs256(SECRET.encode()))),
    Attack("PS256 where RS256 is pinned", "algorithm", both(
        says(id_token_signing_alg_values_supported=["RS256"]), signed("PS256", ps256)),
        both(says(id_token_signing_alg_values_supported=["RS256"]), signed("RS256", rs256))),
    Attack("attacker's key under our kid", "signature", signed("RS256", STRANGER), signed("RS256", rs256)),
    Attack("attacker's key under its own kid", "key", signed("RS256", STRANGER, "a1")),
    Attack("ES256 with the name of an RSA key", "key", signed("ES256", es256, "r1"), signed("ES256", es256, "e1")),
    Attack("EdDSA signed by ES256", "signature", signed("EdDSA", es256, "d1"), signed("EdDSA", ED_KEY.sign, "d1")),
    Attack("embedded jwk", "header", both(header(jwk=rsa_jwk(STRANGERS_KEY, "r1")), set_on("signed", STRANGER))),
    Attack("embedded jwk, honest signature", "header", header(jwk=rsa_jwk(RSA_KEY, "r1")), header(x5t="Zm9v")),
    Attack("jku", "header", both(header(jku=NEVER_FETCHED), set_on("signed", STRANGER))),
    Attack("x5u", "header", both(header(x5u=NEVER_FETCHED), set_on("signed", STRANGER))),
    Attack("x5c", "header", header(x5c=["MIIB"])),
    Attack("crit", "header", header(crit=["exp"], exp=1), header(exp=1)),
    Attack("unencoded payload", "header", header(b64=False)),
    Attack("an access token", "header", header(typ="at+jwt"), header(typ="jwt")),
    Attack("a log-out token", "header", header(typ="logout+jwt"), header(typ=None)),
    Attack("unsigned token within a signed one", "header", set_on("token", nested)),
    Attack("four parts", "token", set_on("token", lambda raw: raw + ".AAAA")),
    Attack("too long", "token", claims(more="x" * 20_000), claims(more="x" * 8_000)),
    Attack("a claim that stands twice", "token", set_on("token", lambda raw: twice())),
    Attack("expired", "time", claims(exp=NOW_SECONDS - 61), claims(exp=NOW_SECONDS - 30)),
    Attack("never expires", "time", claims(exp=None)),
    Attack("expires at the end of numbers", "time", claims(exp=1e300)),
    Attack("expiry is true", "time", claims(exp=True)),
    Attack("not yet valid", "time", claims(nbf=NOW_SECONDS + 61), claims(nbf=NOW_SECONDS + 30)),
    Attack("made in the future", "time", claims(iat=NOW_SECONDS + 3600), claims(iat=NOW_SECONDS + 30)),
    Attack("made at no time", "time", claims(iat=None)),
    Attack("old sign-in where a new one was asked for", "time",
           both(set_on("max_age", 300), claims(auth_time=NOW_SECONDS - 3600)),
           both(set_on("max_age", 300), claims(auth_time=NOW_SECONDS - 200))),
    Attack("silent on a sign-in that was asked for", "time", set_on("max_age", 300)),
    Attack("at_hash of another token", "at_hash", claims(at_hash="A" * 22), claims(at_hash=AT_HASH)),
    Attack("at_hash with no access token", "at_hash",
           both(claims(at_hash=AT_HASH), lambda scene: scene.reply.update(access_token=""))),
    Attack("c_hash of another code", "c_hash", claims(c_hash="A" * 22), claims(c_hash=C_HASH)),
    Attack("no subject", "subject", claims(sub=None, email="anita.desai@brackenfield.example")),
    Attack("empty subject", "subject", claims(sub="")),
    Attack("subject is a number", "subject", claims(sub=1)),
    Attack("subject with a letter that looks like another", "subject", claims(sub="аnita")),
    Attack("subject with a space behind", "subject", claims(sub="anita ")),
    Attack("subject with NUL", "subject", claims(sub="anita\0x")),
    Attack("a token of another kind", "token", lambda scene: scene.reply.update(token_type="mac"),
           lambda scene: scene.reply.update(token_type="bearer")),
    Attack("no token but an access token", "token", lambda scene: scene.reply.update(id_token=None)),
]  # fmt: skip


def twice() -> str:
    """Signed by the provider: the first subject for one reader, the last for another."""
    claims = b'{"sub": "anita", "sub": "gareth"}'
    message = f"{packed({'alg': 'RS256', 'kid': 'r1'})}.{packed(claims)}"
    return f"{message}.{b64(rs256(message.encode()))}"


CALLBACKS = [
    Attack("state of nobody", "state", swapped("state", "x" * 43)),
    Attack("no state", "state", back(lambda pairs: [each for each in pairs if each[0] != "state"])),
    Attack("two states", "callback", back(lambda pairs: [*pairs, ("state", "x")])),
    Attack("two codes", "callback", back(lambda pairs: [*pairs, ("code", "code-9")]), back(lambda pairs: pairs)),
    Attack("code of nobody", "code", swapped("code", "guessed"), swapped("none", "guessed")),
    Attack("no code", "code", back(lambda pairs: [each for each in pairs if each[0] != "code"])),
    Attack("a token by the browser", "callback", back(lambda pairs: [*pairs, ("id_token", "e30.e30.e30")]),
           back(lambda pairs: [*pairs, ("session_state", "x")])),
    Attack("two issuers", "callback", both(NAMES_ITSELF, back(lambda pairs: [*pairs, ("iss", OURS)])), NAMES_ITSELF),
    Attack("no issuer where one is advertised", "iss", both(NAMES_ITSELF, back(lambda pairs: pairs[:2])), NAMES_ITSELF),
    Attack("issuer of another: mix-up", "iss", both(NAMES_ITSELF, swapped("iss", OTHERS)), NAMES_ITSELF),
    Attack("issuer of another, none advertised", "iss", back(lambda pairs: [*pairs, ("iss", OTHERS)]),
           back(lambda pairs: [*pairs, ("iss", OURS)])),
    Attack("a refusal by another issuer", "iss",
           both(NAMES_ITSELF, back(lambda pairs: [("error", "access_denied"), pairs[1], ("iss", OTHERS)])),
           NAMES_ITSELF),
    Attack("the provider's refusal", "error", back(lambda pairs: [("error", "access_denied"), pairs[1]])),
    Attack("an endless answer", "callback", back(lambda pairs: [*pairs, ("more", "x" * 9000)]),
           back(lambda pairs: [*pairs, ("more", "x" * 900)])),
    Attack("a hundred parameters", "callback", back(lambda pairs: [*pairs, *((f"p{n}", "") for n in range(100))])),
    Attack("no cookie", "browser", set_on("cookie", lambda value: "")),
    Attack("cookie of another browser", "browser", set_on("cookie", lambda value: "y" * 43)),
    Attack("too late", "late", set_on("at", Scene().at.replace(hour=9)), set_on("at", Scene().at.replace(minute=45))),
]  # fmt: skip

KEYS = [
    Attack("a short RSA key", "key", both(
        set_on("jwks", [rsa_jwk(SHORT_KEY, "r1")]), set_on("signed", partial(rs256, key=SHORT_KEY))),
        set_on("jwks", [rsa_jwk(RSA_KEY, "r1")])),
    Attack("a key for encrypting", "key", set_on("jwks", [rsa_jwk(RSA_KEY, "r1", use="enc")]),
           set_on("jwks", [rsa_jwk(RSA_KEY, "r1", use="sig")])),
    Attack("a key for another algorithm", "key", set_on("jwks", [rsa_jwk(RSA_KEY, "r1", alg="PS256")]),
           set_on("jwks", [rsa_jwk(RSA_KEY, "r1", alg="RS256")])),
    Attack("a key for signing only", "key", set_on("jwks", [rsa_jwk(RSA_KEY, "r1", key_ops=["sign"])]),
           set_on("jwks", [rsa_jwk(RSA_KEY, "r1", key_ops=["verify"])])),
    Attack("a key without its half", "key", set_on("jwks", [{"kty": "RSA", "kid": "r1", "e": "AQAB"}])),
    Attack("a key of even numbers", "key", set_on("jwks", [rsa_jwk(RSA_KEY, "r1", e="Ag")])),
    Attack("a number for a name", "key", both(set_on("jwks", [{**rsa_jwk(RSA_KEY, ""), "kid": 7}]), header(kid=7))),
    Attack("a key of another curve", "key", both(
        set_on("jwks", [{**ec_jwk("e1"), "crv": "P-384"}]), signed("ES256", es256, "e1")),
        both(set_on("jwks", [ec_jwk("e1")]), signed("ES256", es256, "e1"))),
    Attack("keys that are no list", "keys", set_on("jwks", {"r1": rsa_jwk(RSA_KEY, "r1")})),
    Attack("keys without end", "keys", set_on("jwks", [rsa_jwk(RSA_KEY, f"r{n}") for n in range(1000)])),
    Attack("two keys of one name", "key", set_on("jwks", [rsa_jwk(STRANGERS_KEY, "r1"), rsa_jwk(RSA_KEY, "r1")])),
    Attack("no name, and several keys", "key",
           both(header(kid=None), set_on("jwks", [rsa_jwk(RSA_KEY, "r1"), rsa_jwk(STRANGERS_KEY, "r2")])),
           both(header(kid=None), set_on("jwks", [rsa_jwk(RSA_KEY, "r1")]))),
    Attack("a secret among the keys", "algorithm", both(
        set_on("jwks", [{"kty": "oct", "kid": "o1", "k": b64(b"s" * 32)}]), signed("HS256", hs256(b"s" * 32), "o1"))),
    Attack("a published private key", "key", set_on("jwks", [rsa_jwk(RSA_KEY, "r1", d="AQAB")])),
]  # fmt: skip
