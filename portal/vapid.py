"""The key by which push services know this portal (VAPID, RFC 8292): one pair for the whole installation.

    python -m portal.vapid

prints a fresh pair as the environment wants it. Browsers are given the public half when they subscribe, and push
services take messages signed by the private one alone; another pair ends every subscription.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SCALAR_BYTES, POINT_BYTES = 32, 65


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(text: str) -> bytes:
    """Bytes from base64url, with or without its padding.

    Raises:
        ValueError: it is none.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None


def new_private_key() -> str:
    """A fresh private key: the base64url of its 32 bytes."""
    return _written(
        ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(SCALAR_BYTES, "big")
    )


def public_of(private: str) -> str:
    """The public half, as browsers take it: the base64url of the uncompressed point.

    Raises:
        ValueError: it is no key. What it was instead is not repeated.
    """
    raw = read(private)
    if len(raw) != SCALAR_BYTES:
        raise ValueError("not the base64url of 32 bytes")
    key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    return _written(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def trouble_with(*, private: str, public: str) -> str:
    """Why these two values of the environment cannot be used, as a sentence; '' when they can.

    A process that only hands the public half out has no private one.
    """
    try:
        if public and len(read(public)) != POINT_BYTES:
            return "VAPID_PUBLIC_KEY is wrong: make a pair with `python -m portal.vapid`."
        if private and public_of(private) != public:
            return "VAPID_PUBLIC_KEY is not that of VAPID_PRIVATE_KEY: make a pair with `python -m portal.vapid`."
    except ValueError:
        return "VAPID_PRIVATE_KEY or VAPID_PUBLIC_KEY is wrong: make a pair with `python -m portal.vapid`."
    return ""


if __name__ == "__main__":
    made = new_private_key()
    print(f"VAPID_PRIVATE_KEY={made}\nVAPID_PUBLIC_KEY={public_of(made)}")
