"""Recovery codes, for the day when every device is gone: ten, each used once. Needs the open door."""

from __future__ import annotations

import base64
import secrets

from django.db import transaction

from partners.door_record import record_at_door
from partners.models import Person, RecoveryCode
from portal import clock

COUNT, CODE_BYTES = 10, 15  # 120 bits each, which is 24 letters of base32


def make_codes(person: Person) -> list[str]:
    """Ten new codes in groups of four; those of before work no more. They can be read only now."""
    codes = [_grouped(base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()) for _ in range(COUNT)]
    now = clock.now()
    with transaction.atomic(using="auth"):
        RecoveryCode.objects.filter(person=person).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(person=person, digest=RecoveryCode.digest_of(code), created_at=now) for code in codes
        )
    record_at_door("authenticator.changed", person.pk, kind="recovery_codes")
    return codes


def looks_like_one(typed: str) -> bool:
    """Whether somebody typed one of these rather than a code of six digits."""
    return len("".join(typed.replace("-", " ").split())) > 8


def spend_code(person: Person, typed: str) -> bool:
    """Use one up; of two who use it at once, one does. The use is recorded."""
    spent = RecoveryCode.objects.filter(person=person, digest=RecoveryCode.digest_of(typed), used_at=None).update(
        used_at=clock.now()
    )
    if spent:
        record_at_door("recovery_code.used", person.pk, left=codes_left(person))
    return bool(spent)


def codes_left(person: Person) -> int:
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


def has_codes(person: Person) -> bool:
    return RecoveryCode.objects.filter(person=person).exists()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
