"""Signatures in a playbook (CACAO 2.0, section 10.15): whether each one is right, one at a time.

What is signed: the playbook with this signature alone in it and without its `value`, in canonical form; of that the
SHA-256 as lower-case hexadecimal text; and that text is what the key signs. `value` is base64url without padding.
Algorithms are those of RFC 7518 and RFC 8037. Nothing is fetched: a key that only an address or a fingerprint names
cannot be looked at, and neither can an algorithm that we do not know: such a signature is kept, and said not to be
checked. Whether anybody should believe a right signature is another question (`incidents.trusting`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from incidents.cacao.canonical import canonical, content_of
from incidents.cacao.notes import Notes, Place
from incidents.cacao.parts import check_instant
from portal import clock

# Section 10.15 says that a signature may be signed by another within it, and not what that one signs: with or without
# the `value` around it. The published examples have none. So whoever countersigned may say what they like.
COUNTERSIGNED = "Countersigned, not checked: the standard does not say what exactly a countersignature signs."
MOST = 50  # signatures in one document
SHORTEST_RSA, LONGEST_RSA = 2048, 8192  # bits; RFC 7518 section 3.3, and what can be checked without long work
HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
FIELD_OF = {"revoked": "revoked", "early": "valid_from", "expired": "valid_until"}
WORDS_OF = {
    "revoked": "Whoever made this signature has taken it back.",
    "early": "This signature does not hold yet.",
    "expired": "This signature has expired.",
}
ALGORITHMS = frozenset({f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in HASHES} | {"Ed25519"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one signature. `because` is a sentence unless it is right; `public_key` is DER, b"" if none."""

    state: Literal["right", "wrong", "unchecked"]
    because: str = ""
    public_key: bytes = b""

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the public key (SubjectPublicKeyInfo) in lower-case hexadecimal; '' without a key."""
        return hashlib.sha256(self.public_key).hexdigest() if self.public_key else ""


class Signed:
    """A document whose signatures are looked at. Its parts get their canonical form once, for all of them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._parts = {key: canonical(value) for key, value in content_of(document).items()}

    def message(self, signature: Mapping[str, Any]) -> bytes:
        """The 64 characters that the signature's key signs."""
        bare = {key: value for key, value in signature.items() if key not in {"value", "signature"}}
        parts = self._parts | {"signatures": b"[" + canonical(bare) + b"]"}
        order = sorted(parts, key=lambda key: key.encode("utf-16-be"))
        whole = b"{" + b",".join(canonical(key) + b":" + parts[key] for key in order) + b"}"
        return hashlib.sha256(whole).hexdigest().encode()

    def verdict(self, signature: Mapping[str, Any]) -> Verdict:
        """Whether the signature is right. One within it is left out (`COUNTERSIGNED`)."""
        algorithm = signature["algorithm"]
        if algorithm not in ALGORITHMS:
            return Verdict("unchecked", f"Signatures by {algorithm[:40]} cannot be checked here.")
        if signature["hash_algorithm"].lower().replace("-", "") != "sha256":
            return Verdict("unchecked", f"The hash {signature['hash_algorithm'][:40]} is not one that is used here.")
        if not signature.keys() & {"public_key", "public_cert_chain"}:
            return Verdict("unchecked", "It does not bring its key, and nothing is fetched.")
        try:
            key = _key_of(signature)
            der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        except Exception:  # a hostile certificate raises whatever its reader thinks of: x509.InvalidVersion, TypeError
            return Verdict("wrong", "Its public key cannot be read.")
        if isinstance(key, rsa.RSAPublicKey) and not SHORTEST_RSA <= key.key_size <= LONGEST_RSA:
            why = f"Its key has {key.key_size} bits; {SHORTEST_RSA} to {LONGEST_RSA} are taken."
            return Verdict("unchecked", why, der)
        check = _check(algorithm, key)
        if check is None:
            return Verdict("wrong", f"Its key is not one for {algorithm}.", der)
        try:
            check(_decoded(signature["value"]), self.message(signature))
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return Verdict("wrong", "The playbook was changed after it was signed, or another key signed it.", der)
        return Verdict("right", "", der)


def check_signatures(document: dict[str, Any], notes: Notes) -> None:
    """A wrong signature is an error; one that nobody can check, or that does not hold now, a warning."""
    signatures = document.get("signatures", [])
    if len(signatures) > MOST:
        notes.error(("signatures",), f"A playbook has at most {MOST} signatures.")
        return
    seen: set[str] = set()
    signed = Signed(document) if signatures else None
    for at, each in enumerate(signatures):
        place: Place = ("signatures", at)
        if each["id"] in seen:
            notes.error((*place, "id"), "Another signature here has this identifier.")
        seen.add(each["id"])
        start, end = (_moment(each.get(name)) for name in ("valid_from", "valid_until"))
        if start and end and end <= start:
            notes.error((*place, "valid_until"), "The signature stops being valid before it starts.")
        if each["related_to"] != document["id"]:
            notes.error((*place, "related_to"), "This signature belongs to another playbook.")
        elif _moment(each["related_version"]) != _moment(document["modified"]):
            notes.error((*place, "related_version"), "This signature belongs to another version.")
        elif signed is not None:
            _note(signed.verdict(each), each, place, notes)


def _note(verdict: Verdict, signature: dict[str, Any], place: Place, notes: Notes) -> None:
    if verdict.state == "wrong":
        notes.error(place, f"This signature is wrong. {verdict.because}")
        return
    if verdict.state == "unchecked":
        notes.warn(place, f"This signature is kept but not checked. {verdict.because}")
    if why := out_of_force(signature, clock.now()):
        notes.warn((*place, FIELD_OF[why]), WORDS_OF[why])
    if "signature" in signature:
        notes.warn((*place, "signature"), COUNTERSIGNED)


def out_of_force(signature: Mapping[str, Any], now: datetime) -> str:
    """Why a right signature does not hold now: a key of `WORDS_OF`; '' when it does."""
    start, end = (_moment(signature.get(name)) for name in ("valid_from", "valid_until"))
    if signature.get("revoked"):
        return "revoked"
    if start and now < start:
        return "early"
    return "expired" if end and now >= end else ""


def _moment(text: str | None) -> datetime | None:
    return check_instant(text, (), Notes()) if text else None


def _key_of(signature: Mapping[str, Any]) -> Any:
    """The key that a signature brings: PEM without its first and last line, or a certificate like that."""
    if "public_key" in signature:
        return serialization.load_der_public_key(_base64(signature["public_key"]))
    return x509.load_der_x509_certificate(_base64(signature["public_cert_chain"][0])).public_key()


def der_of(text: str) -> bytes:
    """A public key as somebody pasted it, with or without PEM's first and last line, as DER.

    Raises:
        ValueError: it cannot be read, or is of a kind that is not used here.
    """
    try:
        key = serialization.load_der_public_key(_base64(text))
    except Exception:  # as above
        raise ValueError("no public key") from None
    if not any(_check(algorithm, key) for algorithm in ALGORITHMS):
        raise ValueError("no key of a kind that is used here")
    if isinstance(key, rsa.RSAPublicKey) and not SHORTEST_RSA <= key.key_size <= LONGEST_RSA:
        raise ValueError("an RSA key of a length that is not used here")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _base64(text: str) -> bytes:
    return base64.b64decode("".join(re.sub(r"-----[A-Z ]+-----", "", text).split()), validate=True)


def _decoded(value: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _check(algorithm: str, key: Any) -> Callable[[bytes, bytes], None] | None:
    """What looks at (signature, message) and raises if they do not fit; None when the key is of another kind."""
    if algorithm == "Ed25519":
        return key.verify if isinstance(key, ed25519.Ed25519PublicKey) else None
    kind, hashed = algorithm[:2], HASHES[algorithm[2:]]
    if kind == "ES":
        fits = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == CURVES[algorithm]
        return (lambda value, message: key.verify(_dss(value, key), message, ec.ECDSA(hashed))) if fits else None
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    padded = padding.PKCS1v15() if kind == "RS" else padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return lambda value, message: key.verify(value, message, padded, hashed)


def _dss(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """RFC 7518 section 3.4 puts the two numbers one after the other; `cryptography` wants them as ASN.1."""
    size = (key.curve.key_size + 7) // 8
    if len(value) != 2 * size:
        raise ValueError("not two numbers of this curve")
    return encode_dss_signature(int.from_bytes(value[:size]), int.from_bytes(value[size:]))
