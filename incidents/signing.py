"""An organisation's own signing key, and signatures made with it. The rules stand in the database
(`incidents/migrations/0021_playbook_keys.py`); the private half is sealed by the vault and opened for one signature."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.db import connections, transaction
from django.utils.translation import gettext as _

from incidents.cacao.canonical import as_doubles, canonical
from incidents.cacao.signatures import Signed
from incidents.kept_signatures import handed_out
from incidents.models import Playbook, PlaybookSignature, SigningKey
from partners import approvals
from partners.models import Organisation
from portal import clock
from portal.ledger.signals import announce
from portal.vault.sealing import open_sealed, seal

FIELD = "incidents_signingsecret.sealed"
RSA_BITS = 3072
Algorithm = SigningKey.Algorithm


def document_with_signatures(playbook: Playbook) -> dict[str, Any]:
    """The document as others get it: with the signatures that are kept of it, in the order in which they came."""
    found = handed_out(playbook)
    return as_doubles({**playbook.document, "signatures": found} if found else playbook.document)


def exported(playbook: Playbook) -> bytes:
    """The same in canonical form (RFC 8785)."""
    return canonical(document_with_signatures(playbook))


def make_key(algorithm: Algorithm, *, organisation_id: UUID) -> UUID:
    """Make a key for one's own organisation; the one in use until now signs no more. Its id.

    Raises:
        approvals.NotAllowed: not an administrator with a passkey used just now.
    """
    key_id, private = uuid4(), _new(algorithm)
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    plain = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    sealed = seal(plain, organisation_id=organisation_id, field=FIELD, row_id=key_id)
    public = base64.b64encode(der).decode()
    approvals.call("SELECT sec.make_signing_key(%s, %s, %s, %s)", [key_id, algorithm, public, sealed])
    announce(connections["default"], {"signing_key.made"})
    return key_id


def retire_key(key_id: UUID, *, exposed: bool) -> None:
    """Sign with it no more. `exposed`: others may have it, so nothing that it signed counts any more, for anybody.

    Raises:
        approvals.NotAllowed: see `make_key`; or it is not one's own, or ended before.
    """
    approvals.call("SELECT sec.retire_signing_key(%s, %s)", [key_id, "exposed" if exposed else "retired"])
    announce(connections["default"], {"signing_key.ended", "signing_key.exposed"})


def sign(playbook: Playbook, *, organisation_id: UUID) -> PlaybookSignature:
    """Sign a version with one's own key and keep the signature beside it. Signing makes no other version.

    Raises:
        approvals.NotAllowed: the role may not, no fresh passkey, no key in use, or it has our signature already.
    """
    own = PlaybookSignature.objects.filter(playbook=playbook, key__organisation=organisation_id)
    if own.filter(key__ended_at=None).exists():  # what others added takes no place from us
        raise approvals.NotAllowed(_("Your organisation's key has signed this version already."))
    with approvals.refusals(), transaction.atomic(using="default"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT key, how, public, whole FROM sec.use_signing_key(%s)", [playbook.pk])
        key_id, algorithm, public, sealed = cursor.fetchone()
    at = clock.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = {
        "type": "jss",
        "id": f"jss--{uuid4()}",
        "created": at,
        "modified": at,
        "signee": Organisation.objects.values_list("name", flat=True).get(pk=organisation_id),
        "related_to": playbook.cacao_id,
        "related_version": playbook.version,
        "hash_algorithm": "sha-256",
        "algorithm": algorithm,
        "public_key": public,
    }
    plain = open_sealed(sealed, organisation_id=organisation_id, field=FIELD, row_id=key_id)
    value = _signature(plain, algorithm, Signed(playbook.document).message(made))
    made["value"] = base64.urlsafe_b64encode(value).decode().rstrip("=")
    row = PlaybookSignature(
        playbook=playbook,
        signature_id=made["id"],
        document=made,
        organisation_id=organisation_id,
        key_id=key_id,
        added_at=clock.now(),
    )
    with approvals.refusals(), transaction.atomic(using="default"):
        row.save(force_insert=True)
    announce(connections["default"], {"playbook.signed"})
    return row


def in_groups(thumbprint: str) -> str:
    """A key's fingerprint for reading aloud: 64 characters in groups of four."""
    return " ".join(thumbprint[at : at + 4] for at in range(0, len(thumbprint), 4))


def thumbprint_of(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def _new(algorithm: Algorithm) -> Any:
    match algorithm:
        case Algorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def _signature(plain: bytes, algorithm: str, message: bytes) -> bytes:
    private = serialization.load_der_private_key(plain, None)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(message)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    assert isinstance(private, ec.EllipticCurvePrivateKey), algorithm
    r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)  # RFC 7518 section 3.4
