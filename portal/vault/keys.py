"""Data keys: one current one per organisation, made on first use, unwrapped for each use and kept nowhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db.models import Max

from portal import clock
from portal.tenancy.scope import at_the_door, current_ticket
from portal.vault.master import KEY_BYTES, MasterKey, VaultError, read_master_key
from portal.vault.models import DataKey

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A data key that is unwrapped. It is dropped after use."""

    version: int
    key: bytes = field(repr=False)


def current_key(organisation_id: UUID) -> OpenKey:
    """The key that seals for this organisation now; the first one is made and committed here.

    Raises:
        VaultError: there is no master key here, or not the right one.
    """
    with _reading():
        row = _newest(organisation_id)
    return _unwrapped(row or add_key(organisation_id))


def key_of(organisation_id: UUID, version: int) -> OpenKey:
    """The key of that version, also a retired one.

    Raises:
        VaultError: there is no such version or it was forgotten, or the master key is not the right one.
    """
    with _reading():
        row = DataKey.objects.filter(organisation_id=organisation_id, version=version).first()
    if row is None:
        raise VaultError(f"The organisation has no data key of version {version}.")
    return _unwrapped(row)


def add_key(organisation_id: UUID, *, replaces: int = 0) -> DataKey:
    """Make a data key for the organisation, and answer the current one: of two who do so at once, one makes it.

    With `replaces` the current key must be newer than that version.
    """
    with _writing():
        while True:
            # The number before the look at who seals: a key that comes in between is then seen, or takes the number.
            last = DataKey.objects.filter(organisation_id=organisation_id).aggregate(last=Max("version"))["last"] or 0
            row = _newest(organisation_id)
            if row is not None and row.version > replaces:
                return row
            fresh = DataKey(organisation_id=organisation_id, version=last + 1, created_at=clock.now())
            wrap(fresh, secrets.token_bytes(KEY_BYTES), _master_keys()[0])
            DataKey.objects.bulk_create([fresh], ignore_conflicts=True)


def forget(organisation_id: UUID) -> int:
    """Erase an organisation's data keys for good: nothing sealed for it can be opened again. Only the owner may.

    Answers how many keys were erased. Copies of the database that were made before still hold them, wrapped.
    """
    if settings.PROCESS != "owner":
        raise VaultError("Only the owner of the database may forget an organisation's keys.")
    known = DataKey.objects.filter(organisation_id=organisation_id).exclude(wrapped=b"")
    return known.update(wrapped=b"", master_key_id="", retired_at=clock.now())


def wrap(row: DataKey, key: bytes, master: MasterKey) -> None:
    """Put the key into the row (unsaved), bound to its organisation and version."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    row.wrapped = nonce + AESGCM(master.key).encrypt(nonce, key, _bound_to(row))
    row.master_key_id = master.id


def rewrap(row: DataKey) -> None:
    """Wrap a key that the previous master key holds under the present one; the row is not saved."""
    wrap(row, _unwrapped(row).key, _master_keys()[0])


def present_master_key_id() -> str:
    return _master_keys()[0].id


def trouble_with_master_key() -> str:
    """Why the keys of this database cannot be opened here, as a sentence; '' when they can."""
    try:
        known = {master.id for master in _master_keys()}
    except VaultError:
        known = set()
    strange = DataKey.objects.exclude(wrapped=b"").exclude(master_key_id__in=known).count()
    if not strange:
        return ""
    return (
        f"MASTER_KEY is not the key of this database: {strange} data keys are wrapped by another. Give the one they"
        " were made with, as MASTER_KEY or as MASTER_KEY_PREVIOUS (see docs/secrets.md)."
    )


def _unwrapped(row: DataKey) -> OpenKey:
    wrapped = bytes(row.wrapped)
    if not wrapped:
        raise VaultError("The key of this secret was forgotten on purpose: nobody can open it again.")
    master = next((each for each in _master_keys() if each.id == row.master_key_id), None)
    if master is None:
        raise VaultError(f"Data key {row.version} is wrapped by master key {row.master_key_id}, which is not here.")
    try:
        key = AESGCM(master.key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound_to(row))
    except InvalidTag:
        raise VaultError(f"Data key {row.version} was changed in the database or belongs to another row.") from None
    return OpenKey(row.version, key)


def _bound_to(row: DataKey) -> bytes:
    return b"bulkhead data key\0" + row.organisation_id.bytes + row.version.to_bytes(4, "big")


def _master_keys() -> list[MasterKey]:
    if not settings.MASTER_KEY:
        raise VaultError("MASTER_KEY is not set in this process, so it can neither seal nor open a secret.")
    keys = [read_master_key(settings.MASTER_KEY)]
    if settings.MASTER_KEY_PREVIOUS:
        keys.append(read_master_key(settings.MASTER_KEY_PREVIOUS, name="MASTER_KEY_PREVIOUS"))
    return keys


def _newest(organisation_id: UUID) -> DataKey | None:
    return DataKey.objects.filter(organisation_id=organisation_id, retired_at=None).order_by("-version").first()


@contextmanager
def _reading() -> Iterator[None]:
    """A job inside an organisation's scope reads that organisation's keys as the worker; everybody else at the door."""
    if settings.PROCESS in {"worker", "scheduler"} and current_ticket():
        yield
    else:
        with _writing():
            yield


@contextmanager
def _writing() -> Iterator[None]:
    if settings.PROCESS == "owner":
        yield
    else:
        with at_the_door():
            yield
