"""Secrets at rest: what the vault seals opens for its own row alone, and the database never holds it in plain."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.tenancy.scope import at_the_door
from portal.vault.columns import SealedColumn, register
from portal.vault.keys import OpenKey, current_key, forget
from portal.vault.master import MasterKey, VaultError, read_master_key
from portal.vault.models import DataKey
from portal.vault.sealing import open_sealed, seal
from tests.cast import Cast
from tests.servers import MASTER_KEY

pytestmark = pytest.mark.django_db
FIELD = "partners_authenticator.secret"
OTHER_FIELD = "partners_identityprovider.client_secret"
ROW = UUID("0198c0de-0000-7000-8000-000000000001")
PLAIN = b"JBSWY3DPEHPK3PXP"
NOBODY = UUID("0198c0de-0000-7000-8000-00000000feed")

# One organisation's key and one sealed value, made once by hand from the layout in `sealing.py`: values that are in
# databases already must open for ever.
KNOWN_WRAPPED = (
    "000102030405060708090a0b81180974ea7cdbded5cdedf4b75d00ee57e9be7e5afb701b31eb7646"
    "b9553b08b64eb2af7c5d4aede72d868e6ee42ad1"
)
KNOWN_SEALED = "01000000031415161718191a1b1c1d1e1ff44664d25c5e6d59570c5608f1f796c5258ddd61469865df83a0b58db8"


def bound(header: bytes, organisation: UUID, field: str, row_id: object) -> bytes:
    """The associated data as the documentation has it, put together here a second time."""
    return header + organisation.bytes + len(field).to_bytes(2, "big") + field.encode("ascii") + str(row_id).encode()


def data_key(organisation: UUID, version: int = 1) -> bytes:
    """The organisation's key, unwrapped with nothing but the documented layout."""
    with at_the_door():
        wrapped = bytes(DataKey.objects.get(organisation_id=organisation, version=version).wrapped)
    master = AESGCM(base64.b64decode(MASTER_KEY))
    return master.decrypt(
        wrapped[:12], wrapped[12:], b"bulkhead data key\0" + organisation.bytes + struct.pack(">I", version)
    )


@pytest.fixture
def dunmere(cast: Cast) -> UUID:
    return cast.id("dunmere")


@pytest.fixture
def sealed(dunmere: UUID) -> bytes:
    return seal(PLAIN, organisation_id=dunmere, field=FIELD, row_id=ROW)


def opens(sealed: bytes, organisation: UUID, field: str = FIELD, row_id: Any = ROW) -> bytes:
    return open_sealed(sealed, organisation_id=organisation, field=field, row_id=row_id)


@pytest.mark.parametrize("plain", [PLAIN, b"", bytes(range(256)) * 40])
def test_what_is_sealed_opens_again_and_never_looks_the_same(dunmere: UUID, plain: bytes) -> None:
    first, second = (seal(plain, organisation_id=dunmere, field=FIELD, row_id=ROW) for _ in range(2))
    assert opens(first, dunmere) == opens(second, dunmere) == opens(memoryview(first), dunmere) == plain
    assert first[:5] == second[:5]
    assert first[5:17] != second[5:17]
    assert first[17:] != second[17:]


def test_a_sealed_value_is_what_the_documentation_says(dunmere: UUID, sealed: bytes) -> None:
    header, nonce, rest = sealed[:5], sealed[5:17], sealed[17:]
    assert header == b"\x01\x00\x00\x00\x01"
    expected = AESGCM(data_key(dunmere)).encrypt(nonce, PLAIN, bound(header, dunmere, FIELD, ROW))
    assert rest == expected
    assert len(sealed) == 1 + 4 + 12 + len(PLAIN) + 16


def test_what_is_sealed_by_the_documentation_alone_opens(dunmere: UUID, sealed: bytes) -> None:
    header, nonce = b"\x01\x00\x00\x00\x01", bytes(range(12))
    elsewhere = AESGCM(data_key(dunmere)).encrypt(nonce, b"made elsewhere", bound(header, dunmere, OTHER_FIELD, 42))
    assert opens(header + nonce + elsewhere, dunmere, OTHER_FIELD, 42) == b"made elsewhere"


def test_a_value_from_long_ago_opens() -> None:
    with at_the_door():
        DataKey.objects.create(
            organisation_id=NOBODY, version=3, wrapped=bytes.fromhex(KNOWN_WRAPPED),
            master_key_id=read_master_key(MASTER_KEY).id, created_at="2026-01-01T00:00:00Z",
        )  # fmt: skip
    assert opens(bytes.fromhex(KNOWN_SEALED), NOBODY, FIELD, ROW) == b"from long ago"


def test_it_opens_for_no_other_row_column_or_organisation(dunmere: UUID, sealed: bytes, cast: Cast) -> None:
    stranger = cast.id("gravenhurst")
    for organisation, field, row_id in (
        (dunmere, FIELD, UUID(int=ROW.int + 1)),
        (dunmere, OTHER_FIELD, ROW),
        (stranger, FIELD, ROW),
    ):
        seal(b"so that there is a key", organisation_id=organisation, field=field, row_id=row_id)
        with pytest.raises(VaultError, match="was changed, or was sealed for another row, column or organisation"):
            opens(sealed, organisation, field, row_id)
    assert opens(sealed, dunmere) == PLAIN


def test_field_and_row_cannot_be_shifted_into_one_another(dunmere: UUID) -> None:
    """The name's length is bound, too: `a.b` of row `c1` is not `a.bc` of row `1`."""
    register(SealedColumn("shift", "id", "b", "t.organisation_id"))
    register(SealedColumn("shift", "id", "bc", "t.organisation_id"))
    sealed = seal(PLAIN, organisation_id=dunmere, field="shift.b", row_id="c1")
    with pytest.raises(VaultError):
        opens(sealed, dunmere, "shift.bc", "1")


def test_no_byte_can_be_changed(dunmere: UUID, sealed: bytes) -> None:
    for place in range(len(sealed)):  # format, version, nonce, the secret itself, tag
        for bit in (0x01, 0x80):
            changed = sealed[:place] + bytes([sealed[place] ^ bit]) + sealed[place + 1 :]
            with pytest.raises(VaultError):
                opens(changed, dunmere)


def test_none_can_be_cut_off_added_or_swapped(dunmere: UUID, sealed: bytes) -> None:
    for length in range(len(sealed)):
        with pytest.raises(VaultError):
            opens(sealed[:length], dunmere)
    other = seal(PLAIN, organisation_id=dunmere, field=FIELD, row_id=ROW)
    for changed in (sealed + b"\0", b"\0" + sealed, sealed[:17] + other[17:], sealed[:-16] + other[-16:]):
        with pytest.raises(VaultError):
            opens(changed, dunmere)


def test_a_key_that_is_moved_to_another_organisation_or_version_does_not_unwrap(dunmere: UUID, sealed: bytes) -> None:
    with at_the_door():
        row = DataKey.objects.get(organisation_id=dunmere)
        for organisation, version in ((NOBODY, 1), (dunmere, 2)):
            DataKey.objects.create(
                organisation_id=organisation, version=version, wrapped=row.wrapped, master_key_id=row.master_key_id,
                created_at=row.created_at,
            )  # fmt: skip
            with pytest.raises(VaultError, match="was changed in the database or belongs to another row"):
                current_key(organisation)


def test_nothing_is_sealed_for_a_column_that_rotation_would_not_find(dunmere: UUID) -> None:
    with pytest.raises(VaultError, match="is not registered"):
        seal(PLAIN, organisation_id=dunmere, field="partners_person.name", row_id=1)
    with pytest.raises(VaultError, match="otherwise"):
        register(SealedColumn("partners_authenticator", "id", "secret", "t.another_organisation_id"))


def test_an_organisation_has_one_key_that_comes_with_its_first_secret(dunmere: UUID, sealed: bytes) -> None:
    seal(PLAIN, organisation_id=dunmere, field=OTHER_FIELD, row_id=1)
    with at_the_door():
        assert list(DataKey.objects.filter(organisation_id=dunmere).values_list("version", flat=True)) == [1]
    assert data_key(dunmere) == current_key(dunmere).key


def test_it_works_inside_an_organisations_scope(
    cast: Cast, inside: Callable[..., AbstractContextManager[None]]
) -> None:
    with inside("dunmere"):
        sealed = seal(PLAIN, organisation_id=cast.id("dunmere"), field=FIELD, row_id=ROW)
        assert opens(sealed, cast.id("dunmere")) == PLAIN


def test_without_the_master_key_nothing_is_sealed_or_opened(dunmere: UUID, sealed: bytes, settings: Any) -> None:
    settings.MASTER_KEY = ""
    with pytest.raises(VaultError, match="MASTER_KEY is not set in this process"):
        opens(sealed, dunmere)
    settings.MASTER_KEY = base64.b64encode(bytes(32)).decode()
    with pytest.raises(VaultError, match="which is not here"):
        opens(sealed, dunmere)
    settings.MASTER_KEY_PREVIOUS = MASTER_KEY
    assert opens(sealed, dunmere) == PLAIN


def test_nothing_secret_is_in_what_people_may_come_to_see(dunmere: UUID, sealed: bytes) -> None:
    key = current_key(dunmere)
    with at_the_door():
        row = DataKey.objects.get(organisation_id=dunmere)
    master = read_master_key(MASTER_KEY)
    with pytest.raises(VaultError) as refused:
        opens(sealed[:-1], dunmere)
    shown = " ".join([repr(key), str(key), repr(row), repr(master), repr(refused.value), master.id])
    assert (key, master) == (OpenKey(1, data_key(dunmere)), MasterKey(master.id, base64.b64decode(MASTER_KEY)))
    for secret in (key.key, master.key, PLAIN):
        for shape in (secret.hex(), repr(secret)[2:-1], base64.b64encode(secret).decode()):
            assert shape not in shown
    assert refused.value.__cause__ is None


def test_only_the_owner_forgets(dunmere: UUID, sealed: bytes) -> None:
    with at_the_door(), pytest.raises(VaultError, match="Only the owner"):
        forget(dunmere)
    assert opens(sealed, dunmere) == PLAIN
