"""Codes that a person can say over the telephone: 40 random bits in Crockford's base 32, which has no I, L, O or U."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8


# What people read for another sign: Crockford's own table.
READ_AS = str.maketrans("OIL", "011", " -–—")


def as_printed(typed: str) -> str:
    """A code as it is printed, from however somebody typed it; '' when it can be none."""
    signs = typed.strip().upper().translate(READ_AS)
    if len(signs) != LENGTH or any(sign not in ALPHABET for sign in signs):
        return ""
    return f"{signs[:4]}-{signs[4:]}"


def new_code() -> str:
    """A code as it is printed, e.g. `4K7M-9QXR`."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"
