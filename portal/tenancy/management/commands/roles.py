"""Create the portal's database roles on a server of one's own, or print the SQL for whoever may."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from portal.roles import (
    OWNER,
    SERVING_ROLES,
    RoleError,
    create_roles,
    database_statements,
    missing_roles,
    passwords_from,
    role_statements,
)


class Command(BaseCommand):
    help = (
        "Creates the roles that are missing on the server of DATABASE_URL, with the passwords in DATABASE_URL_APP, "
        "_AUTH, _WORKER and _SEALER. Without the right to do so it prints the SQL for an administrator and ends 1."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passwords = passwords_from(os.environ)
            connection = psycopg.connect(os.environ.get(OWNER.variable, ""), autocommit=True)
        except RoleError as trouble:
            raise CommandError(str(trouble)) from trouble
        except psycopg.OperationalError as trouble:
            raise CommandError(f"{OWNER.variable} cannot be reached: {trouble}") from trouble
        with connection:
            self._close_database(connection)
            self._create_missing(connection, passwords)

    def _create_missing(self, connection: psycopg.Connection, passwords: dict[str, str]) -> None:
        missing = missing_roles(connection, SERVING_ROLES)
        if not missing:
            self.stdout.write("Every role is there.")
            return
        names = ", ".join(role.name for role in missing)
        try:
            create_roles(connection, missing, passwords)
        except psycopg.errors.InsufficientPrivilege:
            for role in missing:
                for statement in role_statements(connection, role, passwords[role.name]):
                    self.stdout.write(f"{statement.as_string(connection)};")
            message = f"{connection.info.user} may not create roles ({names}): have an administrator run the SQL above."
            raise CommandError(message) from None
        self.stdout.write(f"Created {names}.")

    def _close_database(self, connection: psycopg.Connection) -> None:
        """Take from PUBLIC what it has by default; a revocation that is not ours to make only warns in PostgreSQL."""
        for statement in database_statements(connection.info.dbname):
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege:
                self.stderr.write(f"An administrator must run: {statement.as_string(connection)};")
