"""The portal's own signing key (Ed25519): what it hands to machines is signed with it, so that they know it as ours.

It is derived from the master key (HKDF, RFC 5869, with a purpose of its own), so there is no row to keep it in and no
other secret to look after. While MASTER_KEY_PREVIOUS is set, the public key that it gave is published as well.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from portal.vault.master import KEY_BYTES, VaultError, read_master_key

PURPOSE = b"bulkhead signing key of the portal, Ed25519, 1"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """`public` is its JWK (RFC 8037), of which `kid` is the thumbprint (RFC 7638)."""

    kid: str
    public: dict[str, Any]
    private: Ed25519PrivateKey = field(repr=False)


def own_key() -> OwnKey:
    """The key that signs now.

    Raises:
        VaultError: this process has no master key.
    """
    if not settings.MASTER_KEY:
        raise VaultError("MASTER_KEY is not set: nothing can be signed here.")
    return _derived(settings.MASTER_KEY)


def published_keys() -> list[dict[str, Any]]:
    """The public keys that a signature of ours may have been made with, as JWKs; the one that signs now first."""
    known = [text for text in (settings.MASTER_KEY, settings.MASTER_KEY_PREVIOUS) if text]
    return [_derived(text).public for text in known]


@cache
def _derived(text: str) -> OwnKey:
    master = read_master_key(text)
    seed = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(master.key)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    bare = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    # RFC 7638 section 3: the required members, in this order, without any space.
    kid = _base64url(hashlib.sha256(orjson.dumps(bare)).digest())
    return OwnKey(kid, {**bare, "kid": kid, "alg": "EdDSA", "use": "sig"}, private)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
