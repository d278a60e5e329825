"""A provider's keys: fetched from the one address that is pinned, and from no address that a token names."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from partners.oidc.reading import Fetch, get_object
from partners.oidc.refusals import OidcRefused

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
# One key type for each algorithm: a token cannot have an RSA key taken for a secret, or for a curve's point.
TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
SHORTEST_RSA, LONGEST_RSA = 2048, 8192
MOST_KEYS = 64
BETWEEN_READS = timedelta(minutes=1)
# A key that the provider has withdrawn is believed for no longer than this.
LIFETIME = timedelta(minutes=10)
PATIENCE_SECONDS = 5.0


@dataclass
class KeyRing:
    """One provider's keys as they were last read, and when. Whoever holds the ring stores both after use."""

    jwks_uri: str
    keys: list[Any] = field(default_factory=list)
    read_at: datetime | None = None

    def key_for(self, kid: str | None, alg: str, *, fetch: Fetch, now: datetime) -> PublicKey:
        """The key of this name and kind.

        An unknown name is looked for once more at the provider, at most once a minute: keys do rotate, and whoever
        sends tokens with invented names must not have us ask without end.

        Raises:
            ProviderAway: the keys are too old to be believed and could not be fetched.
            OidcRefused: there is no such key, or it is not fit to be used.
        """
        if self.read_at is None or not timedelta() <= now - self.read_at < LIFETIME:
            self._read(fetch, now)
        found = self._fitting(kid, alg)
        if not found and self.read_at is not None and now - self.read_at >= BETWEEN_READS:
            self._read(fetch, now)
            found = self._fitting(kid, alg)
        if len(found) != 1:
            raise OidcRefused("key", "The token names no key of this provider, or more than one.")
        return public_key(found[0], alg)

    def _read(self, fetch: Fetch, now: datetime) -> None:
        keys = get_object(fetch, self.jwks_uri, what="keys", seconds=PATIENCE_SECONDS).get("keys")
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise OidcRefused("keys", "The provider's keys are not a list, or there are too many.")
        self.keys, self.read_at = [each for each in keys if isinstance(each, dict)], now

    def _fitting(self, kid: str | None, alg: str) -> list[dict[str, Any]]:
        """A token may leave its key unnamed when there is only one it can mean (OpenID Connect Core, section 10.1)."""
        return [
            each
            for each in self.keys
            if each.get("kty") == TYPES[alg]
            and each.get("use", "sig") == "sig"
            and each.get("alg", alg) == alg
            and (kid is None or each.get("kid") == kid)
        ]


def public_key(jwk: Mapping[str, Any], alg: str) -> PublicKey:
    """The public key that a JWK describes (RFC 7518, section 6; RFC 8037), when it is long enough to be relied on."""
    if "d" in jwk or "k" in jwk:
        raise OidcRefused("key", "The provider publishes a secret key.")
    try:
        if "key_ops" in jwk and "verify" not in jwk["key_ops"]:
            raise OidcRefused("key", "The key is not meant for checking signatures.")
        if alg in {"RS256", "PS256"}:
            key: PublicKey = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        elif alg == "ES256" and jwk["crv"] == "P-256":
            key = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1()).public_key()
        elif alg == "EdDSA" and jwk["crv"] == "Ed25519":
            key = ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
        else:
            raise OidcRefused("key", "The key is of a curve that this portal does not take.")
    except (KeyError, TypeError, ValueError):
        raise OidcRefused("key", "The key cannot be read.") from None
    if isinstance(key, rsa.RSAPublicKey) and not SHORTEST_RSA <= key.key_size <= LONGEST_RSA:
        raise OidcRefused("key", f"The key has {key.key_size} bits.")
    return key


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
