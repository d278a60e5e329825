"""Seal a secret before it is stored, open it when it is used. AES-256-GCM under the organisation's data key.

    seal(seed, organisation_id=person.organisation_id, field="partners_authenticator.secret", row_id=authenticator.pk)

A sealed value is, in this order:

    1 byte    format, 1
    4 bytes   version of the data key, big-endian
    12 bytes  nonce, random
    n bytes   the secret, encrypted
    16 bytes  tag

What it is bound to (associated data) is the first 5 bytes, the organisation's 16 bytes, the length of the field's name
in 2 bytes, the field's name, and the row's id as text: a value that is copied to another row, column or organisation
does not open. Source: NIST SP 800-38D; random 96-bit nonces are good for 2^32 values a key, which is section 8.3.
"""

from __future__ import annotations

import secrets
import struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.columns import is_registered
from portal.vault.keys import NONCE_BYTES, current_key, key_of
from portal.vault.master import VaultError

__all__ = ["VaultError", "open_sealed", "seal", "version_of"]

FORMAT = 1
HEADER = struct.Struct(">BI")
TAG_BYTES = 16

RowId = UUID | int | str


def seal(plain: bytes, *, organisation_id: UUID, field: str, row_id: RowId) -> bytes:
    """Seal a secret for one column (`table.column`, registered in `columns.py`) of one row of one organisation.

    The row's id must be known before: give a new row its id first. Works with the door open or shut.

    Raises:
        VaultError: the field is not registered, or this process has no right master key.
    """
    if not is_registered(field):
        raise VaultError(f"{field} is not registered as a sealed column, so its values would be lost at a rotation.")
    key = current_key(organisation_id)
    header, nonce = HEADER.pack(FORMAT, key.version), secrets.token_bytes(NONCE_BYTES)
    return header + nonce + AESGCM(key.key).encrypt(nonce, plain, _bound_to(header, organisation_id, field, row_id))


def open_sealed(sealed: bytes | memoryview, *, organisation_id: UUID, field: str, row_id: RowId) -> bytes:
    """Give back what was sealed for exactly this column, row and organisation.

    Raises:
        VaultError: it was changed, cut short or sealed for something else; or its key is not here.
    """
    sealed = bytes(sealed)
    key = key_of(organisation_id, version_of(sealed, field=field))
    header, rest = sealed[: HEADER.size], sealed[HEADER.size :]
    try:
        return AESGCM(key.key).decrypt(
            rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bound_to(header, organisation_id, field, row_id)
        )
    except InvalidTag:
        raise VaultError(
            f"A sealed value of {field} was changed, or was sealed for another row, column or organisation."
        ) from None


def version_of(sealed: bytes, *, field: str) -> int:
    """Which data key a sealed value needs; nothing is opened."""
    if len(sealed) < HEADER.size + NONCE_BYTES + TAG_BYTES:
        raise VaultError(f"A sealed value of {field} is cut short.")
    layout, version = HEADER.unpack_from(sealed)
    if layout != FORMAT:
        raise VaultError(f"A sealed value of {field} has a format that this version of the portal does not know.")
    return int(version)


def _bound_to(header: bytes, organisation_id: UUID, field: str, row_id: RowId) -> bytes:
    name = field.encode()
    return header + organisation_id.bytes + struct.pack(">H", len(name)) + name + str(row_id).encode()
