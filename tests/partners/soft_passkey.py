"""A passkey in software, for tests: EC P-256, answers as a browser would send them. Every part can be made wrong."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

PRESENT, VERIFIED, ELIGIBLE, COPIED, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
ORIGIN, RP_ID = "http://localhost:8000", "localhost"


@dataclass
class SoftPasskey:
    """One device with one key. `make` answers a registration, `use` an authentication."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    flags: int = PRESENT | VERIFIED
    counter: int = 1
    user_handle: bytes | None = None
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any], *, kind: str = "webauthn.create") -> dict[str, Any]:
        self.user_handle = websafe_decode(options["user"]["id"])
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))  # type: ignore[no-untyped-call]
        credential = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + public
        data = self._data(self.flags | ATTESTED) + credential
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client(kind, options["challenge"])
        return self._answer({"clientDataJSON": client, "attestationObject": attestation})

    def use(self, options: dict[str, Any], *, kind: str = "webauthn.get") -> dict[str, Any]:
        self.counter += 1
        data, client = self._data(self.flags), self._client(kind, options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._answer(told | ({"userHandle": self.user_handle} if self.user_handle else {}))

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, parts: dict[str, bytes]) -> dict[str, Any]:
        told = {name: websafe_encode(value) for name, value in parts.items()}
        name = websafe_encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": told}
