"""Whose word an ID token is: nothing in it is believed before its signature, and nothing of it but what is checked."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from partners.oidc.flow import Flow
from partners.oidc.jwks import KeyRing
from partners.oidc.metadata import Metadata
from partners.oidc.reading import Fetch, read_object
from partners.oidc.refusals import OidcRefused

LONGEST = 16384
LEEWAY_SECONDS = 60
# A key that a token brings along or points to is the sender's word about the sender (RFC 7515, 4.1.2 to 4.1.6);
# `crit` demands what we do not know; `zip`, `enc` and `cty` make it another thing than a signed set of claims.
REFUSED_HEADERS = {"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"}
LAST_INSTANT = 253_402_300_799  # the end of the year 9999: nothing later can be a date here


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says this is. Issuer and subject together are the key.

    `display_name` is for showing only; addresses, groups and roles are not even read.
    """

    issuer: str
    subject: str
    auth_time: datetime | None
    amr: tuple[str, ...]
    acr: str
    display_name: str


def verify_id_token(
    raw: str, *, flow: Flow, metadata: Metadata, keys: KeyRing, fetch: Fetch, now: datetime, access_token: str = "",
    code: str = "",
) -> Identity:  # fmt: skip
    """Check an ID token for this flow (OpenID Connect Core 1.0, section 3.1.3.7) and return whose it is.

    Raises:
        OidcRefused: with the first thing that is wrong.
        ProviderAway: the provider's keys could not be fetched.
    """
    header = _header(raw, metadata)
    key = keys.key_for(header.get("kid"), header["alg"], fetch=fetch, now=now)
    try:
        payload = jwt.PyJWS().decode(raw, key, algorithms=[header["alg"]])
    except jwt.PyJWTError:
        raise OidcRefused("signature", "The token is not signed by this provider.") from None
    claims = read_object(payload, what="token")
    _check_parties(claims, flow, metadata)
    _check_times(claims, now.timestamp(), flow.max_age_seconds)
    if not _same(claims.get("nonce"), flow.nonce):
        raise OidcRefused("nonce", "The token was made for another sign-in.")
    _check_halves(claims, header["alg"], access_token=access_token, code=code)
    return Identity(
        issuer=metadata.issuer,
        subject=_subject(claims),
        auth_time=_instant(claims.get("auth_time")),
        amr=_methods(claims),
        acr=claims["acr"] if _is_plain(claims.get("acr")) else "",
        display_name=_display_name(claims),
    )


def _header(raw: str, metadata: Metadata) -> dict[str, Any]:
    """The header of a token that is worth a look at its signature."""
    if len(raw) > LONGEST or not raw.isascii() or raw.count(".") != 2:
        raise OidcRefused("token", "The token is too long, or not a signed token.")
    try:
        header = read_object(_decoded(raw.split(".")[0]), what="token")
    except NotBase64:
        raise OidcRefused("token", "The token cannot be read.") from None
    alg, kid = header.get("alg"), header.get("kid")
    # The list that is pinned decides; the header only says which of them.
    if not isinstance(alg, str) or alg not in metadata.algorithms:
        raise OidcRefused("algorithm", "The token is signed in a way that is not pinned for this provider.")
    if REFUSED_HEADERS & header.keys():
        raise OidcRefused("header", "The token brings its own key, or demands something unknown.")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise OidcRefused("header", "The token is of another type than an ID token.")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= 256):
        raise OidcRefused("key", "The token names its key in a way that cannot be read.")
    return header


def _check_parties(claims: dict[str, Any], flow: Flow, metadata: Metadata) -> None:
    if claims.get("iss") != metadata.issuer:
        raise OidcRefused("issuer", "The token was issued by somebody else.")
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    if flow.client_id not in several or not all(isinstance(each, str) for each in several):
        raise OidcRefused("audience", "The token was made for another program.")
    if len(several) > 1 and "azp" not in claims:
        raise OidcRefused("audience", "The token is for several programs and does not say which of them asked.")
    if "azp" in claims and claims["azp"] != flow.client_id:
        raise OidcRefused("audience", "Another program asked for the token.")


def _check_times(claims: dict[str, Any], now: float, max_age_seconds: int | None) -> None:
    """`now` in seconds of the epoch."""
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires is None or issued is None:
        raise OidcRefused("time", "The token does not say when it was made or until when it holds.")
    if now >= expires + LEEWAY_SECONDS:
        raise OidcRefused("time", "The token has expired.")
    if issued > now + LEEWAY_SECONDS or (_seconds(claims, "nbf") or 0) > now + LEEWAY_SECONDS:
        raise OidcRefused("time", "The token is from the future.")
    signed_in = _seconds(claims, "auth_time")
    if signed_in is not None and signed_in > now + LEEWAY_SECONDS:
        raise OidcRefused("time", "The person has signed in at the provider in the future.")
    if max_age_seconds is not None and (signed_in is None or now - signed_in > max_age_seconds + LEEWAY_SECONDS):
        raise OidcRefused("time", "The person has not signed in at the provider lately, which was asked for.")


def _check_halves(claims: dict[str, Any], alg: str, *, access_token: str, code: str) -> None:
    """When the token says what came with it, that is what must have come (Core, sections 3.1.3.6 and 3.3.2.11)."""
    for name, value in (("at_hash", access_token), ("c_hash", code)):
        if name in claims and not (value and _same(claims[name], half_hash(value, alg))):
            raise OidcRefused(name, "The token belongs to another answer than the one it came in.")


def half_hash(value: str, alg: str) -> str:
    """The left half of the hash that goes with the algorithm; Ed25519 goes with SHA-512 (RFC 8032, section 5.1)."""
    digest = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(value.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _subject(claims: dict[str, Any]) -> str:
    """At most 255 ASCII characters, compared to the letter (Core, section 2)."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_plain(subject) or not subject or subject != subject.strip():
        raise OidcRefused("subject", "The token does not say whose it is, in letters that can be seen.")
    return subject


def _methods(claims: dict[str, Any]) -> tuple[str, ...]:
    """How the person proved themselves (RFC 8176); absent or unreadable counts as the weakest."""
    amr = claims.get("amr")
    return tuple(amr[:20]) if isinstance(amr, list) and all(_is_plain(each) for each in amr) else ()


def _display_name(claims: dict[str, Any]) -> str:
    name = claims.get("name")
    return "".join(each for each in name if each.isprintable()).strip()[:100] if isinstance(name, str) else ""


def _seconds(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LAST_INSTANT:
        raise OidcRefused("time", f"The token's {name} is not a time.")
    return value


def _instant(value: float | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value, UTC)


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and one.isascii() and hmac.compare_digest(one, other)


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 255 and value.isascii() and value.isprintable()


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def used_second_factor(amr: tuple[str, ...]) -> bool:
    """Whether the provider says that two kinds of proof were given (RFC 8176). Mail and telephone are none."""
    known, held = {"pwd", "pin"}, {"otp", "hwk", "swk", "sc"}
    return "mfa" in amr or bool(known.intersection(amr) and held.intersection(amr))
