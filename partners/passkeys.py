"""Passkeys: WebAuthn level 2 as the portal wants it. Needs the open door.

The relying party is the host of PORTAL_URL and the origin exactly PORTAL_URL. The device must have verified the person
(fingerprint, face or PIN). Attestation is not asked for. Sources: W3C WebAuthn level 2, sections 7.1 and 7.2.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from django.db.models import Q
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from partners.challenges import LASTS, NoChallenge, remember_challenge, take_challenge
from partners.door_record import record_at_door
from partners.models import Authenticator, Person
from portal import clock

ALGORITHMS = (-7, -8, -257)  # ES256, EdDSA, RS256
COPIED = "an account that copies passkeys"
SIGN_IN, STEP_UP, ADD = "sign in", "step up", "add"
REQUIRED = UserVerificationRequirement.REQUIRED
log = logging.getLogger(__name__)


class PasskeyRefused(Exception):
    """An answer that cannot be believed. What exactly was wrong is for the log, not for whoever sent it."""


@dataclass(frozen=True)
class _Used:
    credential_id: bytes
    user_handle: bytes | None
    count: int
    backed_up: bool


def options_to_add(person: Person, cookie: SessionBase) -> dict[str, Any]:
    """What the browser needs to make a passkey for this person; those it has already are left out."""
    made, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=person.pk.bytes, name=person.email, display_name=person.name),
        credentials=_descriptors(person),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=REQUIRED,
    )
    remember_challenge(cookie, state, for_what=ADD, person=person)
    return _plain(dict(made))


def add(person: Person, cookie: SessionBase, answer: Any, *, label: str) -> Authenticator:
    """Keep the passkey that the browser has made.

    Raises:
        PasskeyRefused: the answer is not for this person's open challenge, or breaks a rule of ours.
    """
    state = _taken(cookie, for_what=ADD, person=person)
    try:
        data: AuthenticatorData = _server().register_complete(state, answer)
        made = data.credential_data
        if made is None or made.public_key.get(3) not in ALGORITHMS or not 16 <= len(made.credential_id) <= 1023:
            raise ValueError("not a key of a kind that was asked for")
        public_key = cbor.encode(dict(made.public_key))
    except Exception as wrong:  # a hostile answer can break a parser anywhere
        raise _refused("a new passkey", wrong) from None
    row = Authenticator(
        organisation_id=person.organisation_id,
        person=person,
        kind=Authenticator.Kind.PASSKEY,
        label=label,
        created_at=clock.now(),
        last_used_at=clock.now(),
        credential_id=bytes(made.credential_id),
        public_key=public_key,
        sign_count=data.counter,
        aaguid=UUID(bytes=bytes(made.aaguid)),
        backed_up=data.is_backed_up(),
        rides_on_words=COPIED if data.is_backup_eligible() or data.is_backed_up() else "",
    )
    try:
        with transaction.atomic(using="auth"):
            row.save()
    except IntegrityError:
        raise _refused("a new passkey", ValueError("somebody has it already")) from None
    return row


def options_to_use(cookie: SessionBase, *, person: Person | None = None) -> dict[str, Any]:
    """What the browser needs to use a passkey: anybody's, or only one of this person's."""
    asked, state = _server().authenticate_begin(
        _descriptors(person) if person is not None else None, user_verification=REQUIRED
    )
    remember_challenge(cookie, state, for_what=SIGN_IN if person is None else STEP_UP, person=person)
    return _plain(dict(asked))


def use(cookie: SessionBase, answer: Any, *, person: Person | None = None) -> Authenticator:
    """The passkey that was used just now, with its person. With `person` it must be one of theirs.

    A counter that does not go up means that the key may have been copied: refused, and recorded.

    Raises:
        PasskeyRefused: anything that is not right.
    """
    state = _taken(cookie, for_what=SIGN_IN if person is None else STEP_UP, person=person)
    try:
        credential_id = websafe_decode(answer["rawId"])
    except Exception as wrong:
        raise _refused("a passkey", wrong) from None
    row = (
        Authenticator.objects.select_related("person__organisation")
        .filter(kind=Authenticator.Kind.PASSKEY, credential_id=credential_id, person__is_active=True)
        .first()
    )
    if row is None or (person is not None and row.person_id != person.pk):
        raise _refused("a passkey", ValueError("nobody's, or somebody else's"))
    used = _verified(state, row, answer)
    # At sign-in nobody was named, so the device must say itself whose key it is.
    if used.user_handle != row.person_id.bytes and (used.user_handle is not None or person is None):
        raise _refused("a passkey", ValueError("it names somebody else"))
    _count(row, used)
    return row


def _verified(state: Mapping[str, Any], row: Authenticator, answer: Any) -> _Used:
    try:
        stored = AttestedCredentialData.create(
            (row.aaguid or UUID(int=0)).bytes,
            bytes(row.credential_id or b""),
            CoseKey.parse(cast(Mapping[int, Any], cbor.decode(bytes(row.public_key or b"")))),
        )
        _server().authenticate_complete(state, [stored], answer)
        told = AuthenticationResponse.from_dict(answer).response
        data = told.authenticator_data
        return _Used(stored.credential_id, told.user_handle, data.counter, data.is_backed_up())
    except Exception as wrong:
        raise _refused("a passkey", wrong) from None


def _count(row: Authenticator, used: _Used) -> None:
    """Accept the counter only upwards, in one statement; devices that do not count always say 0."""
    goes_up = Q(sign_count__lt=used.count) if used.count else Q(sign_count=0)
    moved = Authenticator.objects.filter(goes_up, pk=row.pk).update(
        sign_count=used.count, last_used_at=clock.now(), backed_up=used.backed_up
    )
    if not moved:
        record_at_door("authenticator.refused", row.person_id, authenticator=str(row.pk), because="counter")
        raise _refused("a passkey", ValueError("its counter does not go up: it may have been copied"))


def _server() -> Fido2Server:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=urlsplit(settings.PORTAL_URL).hostname, name="Bulkhead"),
        verify_origin=lambda origin: bool(origin == settings.PORTAL_URL),
    )
    server.timeout = int(LASTS.total_seconds() * 1000)  # type: ignore[assignment]
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=each) for each in ALGORITHMS
    ]
    return server


def _descriptors(person: Person) -> list[PublicKeyCredentialDescriptor]:
    own = Authenticator.objects.filter(person=person, kind=Authenticator.Kind.PASSKEY)
    ids = [bytes(each.credential_id or b"") for each in own.only("credential_id")]
    return [PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=each) for each in ids]


def _taken(cookie: SessionBase, *, for_what: str, person: Person | None) -> dict[str, Any]:
    try:
        return take_challenge(cookie, for_what=for_what, person=person)
    except NoChallenge as none:
        raise _refused(for_what, none) from None


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    return dict(options["publicKey"])


def _refused(what: str, wrong: Exception) -> PasskeyRefused:
    log.info("%s was refused: %s", what, wrong)
    return PasskeyRefused(str(wrong))
