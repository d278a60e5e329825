"""PostgreSQL and Valkey out of wheels, for evaluation, tests and small sites: started and stopped by us.

Both listen on the loopback interface only, on ports that the kernel picks, and ask for passwords kept in
`<base>/secrets`. Data survives a stop, a crash and `kill -9`. A shared service belongs on a PostgreSQL of its own.

    with EmbeddedServers(base) as servers:
        subprocess.run(command, env={**os.environ, **servers.environment()})
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import psycopg
from psycopg.sql import SQL, Identifier

from portal.embedded_postgres import SUPERUSER, Postgres
from portal.embedded_server import EmbeddedError, Server, Valkey
from portal.roles import ALL_ROLES, OWNER, create_roles, database_statements, missing_roles
from portal.unprivileged import CannotRun
from portal.var_folder import FolderTaken, hold, secret

__all__ = ["DATABASE", "EmbeddedError", "EmbeddedServers"]

DATABASE = "bulkhead"


class EmbeddedServers:
    """The servers over one base folder; start them from the main thread, because they end with the thread."""

    def __init__(self, base: Path, *, durable: bool = True, postgres: bool = True, valkey: bool = True) -> None:
        """`durable=False` trades safety at a power cut for speed: for tests and benchmarks."""
        self.base = base.absolute()
        self.durable = durable
        self.wanted = (postgres, valkey)
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.lock: TextIO | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def servers(self) -> list[Server]:
        """In the order of stopping: PostgreSQL last."""
        return [server for server in (self.valkey, self.postgres) if server is not None]

    def start(self) -> None:
        """Start them and return when they answer; a new folder gets its data, roles and database first.

        Raises:
            EmbeddedError: the folder is in use or of another major version, or a server does not come up.
        """
        try:
            self.lock = hold(self.base / "servers.lock")
            with_postgres, with_valkey = self.wanted
            if with_valkey:
                self.valkey = Valkey(self.base, durable=self.durable)
                self.valkey.start()
            if with_postgres:
                self.postgres = Postgres(self.base, durable=self.durable)
                self.postgres.prepare(role.name for role in ALL_ROLES)
                self.postgres.start()
                self._make_database()
        except (CannotRun, FolderTaken) as trouble:
            self.stop()
            raise EmbeddedError(str(trouble)) from trouble
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for server in self.servers:
            server.stop()
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    def revive(self) -> list[str]:
        """Start again, on the same port, whichever server has died; their names."""
        dead = [server for server in self.servers if server.died]
        for server in dead:
            server.start()
        return [server.name for server in dead]

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """The addresses for child processes: DATABASE_URL, one DATABASE_URL_… a serving role, VALKEY_URL."""
        addresses: dict[str, str] = {}
        if self.postgres is not None:
            addresses |= {role.variable: self.database_url(role.name, database) for role in ALL_ROLES}
        if self.valkey is not None:
            addresses["VALKEY_URL"] = self.valkey.url
        return addresses

    def database_url(self, user: str, database: str = DATABASE) -> str:
        """The address of a database as `user`. `postgres` is the superuser, whom no process of the portal uses."""
        if self.postgres is None:
            raise EmbeddedError("PostgreSQL is not among the servers that were asked for.")
        return self.postgres.url(user, database)

    def copy_database(self, copy: str, template: str = DATABASE) -> None:
        """Make `copy` afresh from `template`, as the owner; nobody may be connected to either."""
        with psycopg.connect(self.database_url(OWNER.name, "postgres"), autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(copy)))
            create = SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(create.format(Identifier(copy), Identifier(template)))
        self._close_database(copy)  # what was taken from PUBLIC is not copied with the rest

    def _make_database(self) -> None:
        """Create what is missing of roles and database: an earlier start may have been cut short anywhere."""
        with psycopg.connect(self.database_url(SUPERUSER, SUPERUSER), autocommit=True) as connection:
            missing = missing_roles(connection, ALL_ROLES)
            create_roles(connection, missing, {role.name: secret(self.base, role.name) for role in missing})
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                create = SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(create.format(Identifier(DATABASE), Identifier(OWNER.name)))
        self._close_database(DATABASE)

    def _close_database(self, database: str) -> None:
        with psycopg.connect(self.database_url(SUPERUSER, database), autocommit=True) as connection:
            for statement in database_statements(database):
                connection.execute(statement)
