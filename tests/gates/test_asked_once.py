"""No function looks up for each row who is asking: what costs twenty microseconds once costs seconds in a list."""

from __future__ import annotations

import re

import psycopg
import pytest

pytestmark = pytest.mark.django_db

ASKS = ("me", "role", "who", "my_systems", "systems_i_run")
# A function that may call them as it likes, and why.
ALLOWED: dict[str, str] = {}


def bare_calls(body: str) -> list[str]:
    """Calls that stand neither in a comment nor directly behind SELECT in brackets."""
    code = re.sub(r"--.*", "", body)
    return [
        call.group(0)
        for call in re.finditer(r"\bsec\.(\w+)\(\)", code)
        if call.group(1) in ASKS and not re.search(r"\(\s*select\s+$", code[: call.start()], re.IGNORECASE)
    ]


def test_bare_calls_are_noticed() -> None:
    assert bare_calls("SELECT 1 FROM t WHERE t.org = sec.me() -- sec.who()") == ["sec.me()"]
    assert bare_calls("SELECT 1 FROM t WHERE t.org = ANY ((SELECT sec.my_systems())::uuid[])") == []


def test_functions_ask_once_a_statement(owner_url: str) -> None:
    with psycopg.connect(owner_url) as owner:
        bodies = owner.execute(
            "SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
            " JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'sec' AND l.lanname = 'sql' AND p.prosecdef"
        ).fetchall()
    assert len(bodies) > 100
    wrong = {name: calls for name, body in bodies if name not in ALLOWED and (calls := bare_calls(body))}
    assert not wrong, f"write (SELECT sec.me()), a list with ::uuid[] behind it: {wrong}"
