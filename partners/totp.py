"""One-time codes from an app (TOTP, RFC 6238): SHA-1, 30 seconds, 6 digits, as every app knows them.

A code counts one step early or late, and once: the step is written in the same statement that accepts it, so that no
second process takes it again. Needs the open door.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from markupsafe import Markup

from partners.models import Authenticator, Person
from portal import clock
from portal.vault.sealing import open_sealed, seal

SECONDS, DIGITS, DRIFT = 30, 6, 1
SEED_BYTES = 20  # RFC 4226, section 4: at least 128 bits, 160 recommended
FIELD = "partners_authenticator.secret"


def code_of(seed: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of one step of 30 seconds (RFC 4226, section 5.3)."""
    mac = hmac.new(seed, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4]) & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(when: datetime) -> int:
    return int(when.timestamp()) // SECONDS


def step_that_fits(seed: bytes, typed: str) -> int | None:
    """The step whose code was typed: this one, the one before or the one after. Takes the same time for every code."""
    digits, now, fits = "".join(typed.split()), step_of(clock.now()), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_of(seed, step).encode(), digits.encode()):
            fits = step
    return fits


def accept_code(person: Person, typed: str) -> Authenticator | None:
    """The app of this person that showed the code, which is spent now; None when none did, or it was used before."""
    for app in Authenticator.objects.filter(person=person, kind=Authenticator.Kind.TOTP):
        step = step_that_fits(open_seed(app), typed)
        if step is None:
            continue
        spent = Authenticator.objects.filter(pk=app.pk, last_step__lt=step).update(
            last_step=step, last_used_at=clock.now()
        )
        if spent:
            return app
    return None


def new_seed() -> bytes:
    return secrets.token_bytes(SEED_BYTES)


def seal_seed(seed: bytes, *, person: Person, row_id: UUID) -> bytes:
    """Sealed for the row that it will stand in, so that it can wait for its first code in a session."""
    return seal(seed, organisation_id=person.organisation_id, field=FIELD, row_id=row_id)


def open_seed(app: Authenticator) -> bytes:
    return open_sealed(app.secret or b"", organisation_id=app.organisation_id, field=FIELD, row_id=app.pk)


def typed_seed(seed: bytes) -> str:
    """For whoever cannot scan: base32 in groups of four."""
    text = base64.b32encode(seed).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def picture(seed: bytes, *, person: Person) -> Markup:
    """The QR code that apps scan, drawn as SVG without any style of its own."""
    label = quote(f"Bulkhead:{person.email}")
    secret = base64.b32encode(seed).decode().rstrip("=")
    address = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': 'Bulkhead'})}"
    drawn = segno.make(address, micro=False).svg_inline(scale=5, svgclass="qr", lineclass=None, title="QR code")
    return Markup(drawn)  # noqa: S704 - drawn by the library; the address stands in it as squares only
