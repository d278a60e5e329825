"""Reads PostgreSQL's own catalogue and says what in it would let a role past row security, a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from psycopg import Connection

from tests.gates import reviewed
from tests.gates.reviewed_roles import ROLES

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# What a policy that asks who is there has in it: the ticket itself, or a parent whose own policy asks.
ASKS = (
    "sec.me()", "sec.mine()", "sec.my_systems()", "sec.systems_i_run()", "sec.systems_i_speak_for()", "sec.may_link(",
    "sec.guest_incidents(", "incidents_incident i", "monitoring_source s", "monitoring_exposure e",
)  # fmt: skip
LETTER = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}
FIXED_PATHS = ({"search_path=pg_catalog, pg_temp"}, {"search_path=pg_catalog, public, pg_temp"})


def findings(owner: Connection) -> list[str]:
    """Everything that is wrong; an empty list is a pass."""
    return [finding for check in CHECKS for finding in check(owner)]


def tables(owner: Connection) -> list[tuple[str, int]]:
    """Every table, partition and foreign table that is not PostgreSQL's own."""
    found = _ask(
        owner,
        "SELECT n.nspname || '.' || c.relname, c.oid::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relkind IN ('r', 'p', 'f') ORDER BY 1",
    )
    return [(name, oid) for name, oid in found]


def _ask(owner: Connection, sql: str, *parameters: Any) -> list[Any]:
    return owner.execute(sql, parameters or None).fetchall()


def _touched(owner: Connection, oid: int, role: str) -> str:
    """The letters of what a role may do with a table, by whatever way it came to the right."""
    (letters,) = _ask(
        owner,
        "SELECT concat(CASE WHEN has_any_column_privilege(%s, %s::oid, 'SELECT') THEN 'r' END,"
        " CASE WHEN has_any_column_privilege(%s, %s::oid, 'INSERT') THEN 'a' END,"
        " CASE WHEN has_any_column_privilege(%s, %s::oid, 'UPDATE') THEN 'w' END,"
        " CASE WHEN has_table_privilege(%s, %s::oid, 'DELETE') THEN 'd' END)",
        *(role, oid) * 4,
    )
    return str(letters[0])


def unprotected_tables(owner: Connection) -> Iterator[str]:
    """A table is under FORCE row security, or on the list of those granted to nobody (and then it is)."""
    seen = set()
    for name, oid in tables(owner):
        ((enabled, forced),) = _ask(
            owner, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s", oid
        )
        if name in reviewed.GRANTED_TO_NOBODY:
            seen.add(name)
            for role in ROLES:
                if letters := _touched(owner, oid, role):
                    yield f"{name} is on the list of tables granted to nobody, but {role} has {letters}"
        elif not (enabled and forced):
            yield f"{name} has no FORCE row security: protect() it in its migration"
    for name in reviewed.GRANTED_TO_NOBODY.keys() - seen:
        yield f"{name} is on a reviewed list and does not exist"


def commands_without_policy(owner: Connection) -> Iterator[str]:
    """Each granted command has a permissive policy of that very role; each such policy has its grant."""
    for name, oid in tables(owner):
        policies = _ask(
            owner,
            "SELECT r.rolname, p.polcmd::text FROM pg_policy p, unnest(p.polroles) x JOIN pg_roles r ON r.oid = x"
            " WHERE p.polrelid = %s AND p.polpermissive",
            oid,
        )
        for role in ROLES:
            held = {command for who, command in policies if who == role}
            granted = set(_touched(owner, oid, role))
            for letter in granted - held:
                yield f"{name}: {role} may {LETTER[letter]}, but no policy of its own says which rows"
            for letter in held - granted:
                yield f"{name}: {role} has a policy for {LETTER[letter]} that no grant reaches"


def rights_beside_row_security(owner: Connection) -> Iterator[str]:
    """TRUNCATE, REFERENCES, TRIGGER and MAINTAIN ask no policy, and a sequence tells how much others write."""
    for name, role, right in _ask(
        owner,
        "SELECT n.nspname || '.' || c.relname, who, what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
        " unnest(%s::text[]) who, unnest(ARRAY['TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN']) what"
        f" WHERE {OURS} AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND (has_table_privilege(who, c.oid, what)"
        " OR what = 'REFERENCES' AND has_any_column_privilege(who, c.oid, what))",
        [*ROLES, "public"],
    ):
        yield f"{name}: {role} has {right}"
    for name, role, right in _ask(
        owner,
        "SELECT n.nspname || '.' || c.relname, who, what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
        f" unnest(%s::text[]) who, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) what WHERE {OURS} AND c.relkind = 'S'"
        " AND has_sequence_privilege(who, c.oid, what)",
        [*ROLES, "public"],
    ):
        yield f"sequence {name}: {role} has {right}"


def grants_to_public(owner: Connection) -> Iterator[str]:
    for name, oid in tables(owner):
        if letters := _touched(owner, oid, "public"):
            yield f"{name}: PUBLIC has {letters}"
    for (right,) in _ask(
        owner,
        "SELECT x FROM unnest(ARRAY['TEMP', 'CREATE']) x WHERE has_database_privilege('public', current_database(), x)",
    ):
        yield f"PUBLIC has {right} on the database"


def policies(owner: Connection) -> Iterator[str]:
    """None is for PUBLIC, none for all commands at once but the owner's, and an open one is on the list."""
    rows = _ask(
        owner,
        "SELECT c.relname, p.polname, p.polcmd::text, p.polpermissive,"
        " ARRAY(SELECT coalesce(r.rolname, 'PUBLIC') FROM unnest(p.polroles) x LEFT JOIN pg_roles r ON r.oid = x),"
        " pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)"
        " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid ORDER BY 1, 2",
    )
    still_open: dict[tuple[str, str], set[str]] = {}
    for table, name, command, permissive, roles, using, check in rows:
        if "PUBLIC" in roles:
            yield f"{table}: policy {name} is for PUBLIC"
        for role in set(roles) & set(ROLES):
            if command == "*":
                yield f"{table}: policy {name} is for every command of {role} at once"
            said = [expression for expression in (using, check) if expression is not None]
            asks = said and all(any(ask in expression for ask in ASKS) for expression in said)
            if permissive and not asks:
                still_open.setdefault((role, table), set()).add("i" if command == "a" else command)
    listed = {(role, table, letters) for role, table, letters in reviewed.OPEN_POLICIES}
    found = {(role, table, "".join(sorted(letters))) for (role, table), letters in still_open.items()}
    for role, table, letters in sorted(found - listed):
        yield f"{table}: {role}'s policies ({letters}) ask for no ticket and are not on the reviewed list"
    for role, table, letters in sorted(listed - found):
        yield f"{table}: {role}'s open policies ({letters}) are on the reviewed list and do not exist so"


def views(owner: Connection) -> Iterator[str]:
    """A view reads with its owner's eyes unless it says otherwise; a materialised one has no row security at all."""
    rows = _ask(
        owner,
        "SELECT n.nspname || '.' || c.relname, c.relkind::text, coalesce(c.reloptions, '{}')"
        f" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND c.relkind IN ('v', 'm', 'f')",
    )
    for name, kind, options in rows:
        if kind == "m":
            yield f"{name} is a materialised view: everybody would read all of it"
        elif kind == "f":
            yield f"{name} is a foreign table: row security ends at its server"
        elif not {"security_invoker=true", "security_invoker=on"} & set(options):
            yield f"{name} is a view without security_invoker"


def functions(owner: Connection) -> Iterator[str]:
    """Every function is on the list with exactly its callers; one that runs as the owner has a fixed search path."""
    rows = _ask(
        owner,
        "SELECT n.nspname || '.' || p.proname || '(' || replace(oidvectortypes(p.proargtypes), ', ', ',') || ')',"
        " p.oid::int, p.prosecdef, coalesce(p.proconfig, '{}'), has_function_privilege('public', p.oid, 'EXECUTE')"
        f" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS} ORDER BY 1",
    )
    seen = set()
    for name, oid, definer, options, is_public in rows:
        seen.add(name)
        listed = (reviewed.DEFINER if definer else reviewed.INVOKER).get(name)
        if listed is None:
            yield f"{name} is a SECURITY {'DEFINER' if definer else 'INVOKER'} function that is not on the list"
        if is_public:
            yield f"{name}: PUBLIC may execute it"
        if set(options) not in FIXED_PATHS:
            yield f"{name} has no fixed search_path"
        callers = {
            role
            for role in ROLES
            if _ask(owner, "SELECT has_function_privilege(%s, %s::oid, 'EXECUTE')", role, oid)[0][0]
        }
        if listed is not None and callers != set(listed[0]):
            yield f"{name} may be called by {sorted(callers)}, the list says {sorted(listed[0])}"
    for name in (reviewed.DEFINER.keys() | reviewed.INVOKER.keys()) - seen:
        yield f"{name} is on the list of functions and does not exist"


def roles(owner: Connection) -> Iterator[str]:
    """A role of the product is nobody special, member of nothing and owner of nothing."""
    rows = _ask(
        owner,
        "SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication,"
        " EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid OR m.roleid = r.oid),"
        " EXISTS (SELECT 1 FROM pg_shdepend d WHERE d.refobjid = r.oid AND d.deptype = 'o')"
        " FROM pg_roles r WHERE r.rolname = ANY (%s)",
        list(ROLES),
    )
    names = ("superuser", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION", "a membership", "an object of its own")
    for role, *flags in rows:
        for name, has in zip(names, flags, strict=True):
            if has:
                yield f"{role} has {name}"
    for role in set(ROLES) - {row[0] for row in rows}:
        yield f"{role} does not exist"
    for (who,) in _ask(
        owner,
        "SELECT rolname FROM pg_roles WHERE rolname = 'portal_owner' AND (rolsuper OR rolbypassrls OR rolcreaterole)",
    ):
        yield f"{who} needs no such right: FORCE must bind it too"


def schemas(owner: Connection) -> Iterator[str]:
    for (name,) in _ask(owner, f"SELECT n.nspname FROM pg_namespace n WHERE {OURS}"):
        if name not in reviewed.SCHEMAS:
            yield f"schema {name} is not on the list"
        for role in (*ROLES, "public"):
            ((uses, creates),) = _ask(
                owner,
                "SELECT has_schema_privilege(%s, %s, 'USAGE'), has_schema_privilege(%s, %s, 'CREATE')",
                *(role, name) * 2,
            )
            if creates:
                yield f"schema {name}: {role} may create objects in it"
            if uses and role != "public" and role not in reviewed.SCHEMAS.get(name, ()):
                yield f"schema {name}: {role} may look into it"
    for (name,) in _ask(owner, "SELECT extname FROM pg_extension"):
        if name not in reviewed.EXTENSIONS:
            yield f"extension {name} is not on the list"


def cascades(owner: Connection) -> Iterator[str]:
    """A cascade in the database deletes other organisations' rows: foreign keys walk past row security."""
    rows = _ask(
        owner,
        "SELECT c.conrelid::regclass::text, conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace"
        f" WHERE {OURS} AND c.contype = 'f' AND (c.confdeltype NOT IN ('a', 'r') OR c.confupdtype NOT IN ('a', 'r'))",
    )
    for table, name in rows:
        yield f"{table}: foreign key {name} deletes or changes rows behind row security's back"


CHECKS: tuple[Callable[[Connection], Iterator[str]], ...] = (
    unprotected_tables,
    commands_without_policy,
    rights_beside_row_security,
    grants_to_public,
    policies,
    views,
    functions,
    roles,
    schemas,
    cascades,
)
