"""The master key: it stands in the environment, never in the database, and does nothing but wrap data keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field

KEY_BYTES = 32
FINGERPRINT_CHARACTERS = 12


class VaultError(Exception):
    """Something sealed cannot be opened, or nothing can be sealed. The message is a sentence without any secret."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """`id` is a fingerprint: it tells two keys apart and gives neither away."""

    id: str
    key: bytes = field(repr=False)


def new_master_key() -> str:
    """A fresh key in the shape that MASTER_KEY wants."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def read_master_key(text: str, *, name: str = "MASTER_KEY") -> MasterKey:
    """Read a master key as the environment holds it.

    Raises:
        VaultError: it is not the base64 of 32 bytes. What it was instead is not repeated: it may be nearly right.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(f"{name} is wrong: it must be the base64 of {KEY_BYTES} random bytes.")
    return MasterKey(hashlib.sha256(b"bulkhead master key\0" + key).hexdigest()[:FINGERPRINT_CHARACTERS], key)


def trouble_with(*, current: str, previous: str, needed: bool) -> str:
    """Why these two values of the environment cannot be used, as a sentence; '' when they can."""
    if needed and not current:
        return "MASTER_KEY is not set: without it no secret in the database can be opened (see docs/secrets.md)."
    try:
        for name, text in (("MASTER_KEY", current), ("MASTER_KEY_PREVIOUS", previous)):
            if text:
                read_master_key(text, name=name)
    except VaultError as trouble:
        return str(trouble)
    return ""
