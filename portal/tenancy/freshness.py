"""Whether a passkey was used in this very session just now (`sec.fresh()`), as some acts need it."""

from __future__ import annotations

from django.db import connections

AGAIN = "/sign-in/again/"


def is_fresh() -> bool:
    """Whether the open scope belongs to a session in which a passkey was used within five minutes."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.fresh()")
        return bool(cursor.fetchone()[0])
