"""The database roles: who logs in for what, and the SQL that makes them.

One list for the embedded server (`portal.embedded`) and for a server of one's own (`manage.py roles`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

# Nobody serves a page for longer than this, and an abandoned transaction frees its locks by itself.
SERVING_LIMITS = {
    "jit": "off",  # row policies look expensive to the planner, and compiling them costs more than running them
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "15s",
    "transaction_timeout": "30s",
}
FIRST_VERSION_WITH = {"transaction_timeout": 170000}


@dataclass(frozen=True)
class Role:
    """A login of the portal; `variable` is the environment variable that holds its address."""

    name: str
    variable: str
    may_create_databases: bool = False
    serves: bool = True


OWNER = Role("portal_owner", "DATABASE_URL", may_create_databases=True, serves=False)
SERVING_ROLES = (
    Role("portal_app", "DATABASE_URL_APP"),
    Role("portal_auth", "DATABASE_URL_AUTH"),
    Role("portal_worker", "DATABASE_URL_WORKER"),
    Role("portal_sealer", "DATABASE_URL_SEALER", serves=False),
)
ALL_ROLES = (OWNER, *SERVING_ROLES)


class RoleError(Exception):
    """The addresses in the environment do not fit the roles; the message is a sentence for the operator."""


def passwords_from(environ: Mapping[str, str], roles: Iterable[Role] = SERVING_ROLES) -> dict[str, str]:
    """Read each role's password out of its address.

    Raises:
        RoleError: an address is absent, logs in as somebody else, or has no password.
    """
    passwords = {}
    for role in roles:
        address = urlsplit(environ.get(role.variable, ""))
        if not address.scheme:
            raise RoleError(f"{role.variable} is not set: it is the address that {role.name} logs in with.")
        if unquote(address.username or "") != role.name:
            raise RoleError(f"{role.variable} must log in as {role.name}.")
        if not address.password:
            raise RoleError(f"{role.variable} has no password.")
        passwords[role.name] = unquote(address.password)
    return passwords


def missing_roles(connection: Connection, roles: Iterable[Role]) -> list[Role]:
    """Those of `roles` that the server does not know yet, in the same order."""
    present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    return [role for role in roles if role.name not in present]


def role_statements(connection: Connection, role: Role, password: str) -> list[Composed]:
    """The SQL that creates `role`.

    The password goes in as a SCRAM verifier, so that neither the server's log nor a printed script reveals it.
    """
    verifier = connection.pgconn.encrypt_password(password.encode(), role.name.encode(), b"scram-sha-256").decode()
    create_databases = SQL("CREATEDB" if role.may_create_databases else "NOCREATEDB")
    name = Identifier(role.name)
    statements = [
        SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT NOCREATEROLE {} PASSWORD {}").format(
            name, create_databases, Literal(verifier)
        )
    ]
    if role.serves:
        statements += [
            SQL("ALTER ROLE {} SET {} = {}").format(name, Identifier(setting), Literal(value))
            for setting, value in SERVING_LIMITS.items()
            if connection.info.server_version >= FIRST_VERSION_WITH.get(setting, 0)
        ]
    return statements


def database_statements(database: str) -> list[Composed]:
    """The SQL that closes a database to everybody but its owner; each copy of a template needs it again."""
    return [
        SQL("REVOKE TEMPORARY, CREATE ON DATABASE {} FROM PUBLIC").format(Identifier(database)),
        Composed([SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC")]),
    ]


def create_roles(connection: Connection, roles: Iterable[Role], passwords: Mapping[str, str]) -> None:
    """Create `roles` in one transaction: all of them or none."""
    with connection.transaction():
        for role in roles:
            for statement in role_statements(connection, role, passwords[role.name]):
                connection.execute(statement)
