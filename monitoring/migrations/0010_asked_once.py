"""Functions ask who is asking once a statement, not once a row.

`sec.me()` and its like look their answer up each time they are called, and a stable function in a WHERE is called for
each row. `sec.access_permissions()` took six seconds of 2,448 permissions by that. As `(SELECT sec.me())` it is looked up
once (PostgreSQL manual, "Row Security Policies" and `EXPLAIN`'s InitPlan); policies have always written it so.

It stands in the room above all others, as it is about the functions of all of them. Later functions are written like this
to begin with: `tests/gates/test_asked_once.py`.
"""

import re

from django.db import migrations

ASKS = "me|role|who|my_systems|systems_i_run"
LISTS = ("my_systems", "systems_i_run")  # behind `= ANY` a bare (SELECT …) would mean its rows
KEPT = re.compile(rf"--[^\n]*|\(\s*SELECT\s+sec\.(?:{ASKS})\(\)\s*\)", re.IGNORECASE)
BARE = re.compile(rf"(?<![\w.])sec\.({ASKS})\(\)")
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prosrc, pg_get_functiondef(p.oid) FROM pg_proc p
      JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'sec' AND l.lanname = 'sql' AND p.prosecdef AND p.prokind = 'f' ORDER BY 1
"""


def asked_once(body: str) -> str:
    """The body of a function with each bare call in a sub-select of its own; comments stay as they are."""
    done, at = "", 0
    for kept in KEPT.finditer(body):
        done += _once(body[at : kept.start()]) + kept.group(0)
        at = kept.end()
    return done + _once(body[at:])


def _once(part: str) -> str:
    return BARE.sub(lambda found: f"(SELECT {found.group(0)})" + "::uuid[]" * (found.group(1) in LISTS), part)


def write(apps: object, schema_editor) -> None:  # type: ignore[no-untyped-def]  # as Django calls it
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        for name, body, definition in cursor.fetchall():
            wanted = asked_once(body)
            if wanted != body:
                assert definition.count(body) == 1, name
                cursor.execute(definition.replace(body, wanted), None)


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0009_advisories_rest"),
        ("incidents", "0053_duty_rest"),
        ("notifications", "0043_advisory_words"),
        ("partners", "0022_duty_catalogue"),
    ]
    # Going back, they may stay as they are: they answer the same.
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
