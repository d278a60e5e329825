"""Starts PostgreSQL and Valkey before Django's settings are read, once a run: a plug-in named in pyproject.toml.

The template database is migrated by the owner, holds the demonstration partnership, a ticket for every person, and is
kept under `var/test` until a migration, the loader or the demonstration changes. Each worker gets a copy of it. The
servers' own data lies in memory where there is room (`tests/in_memory.py`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from portal.embedded import EmbeddedError, EmbeddedServers
from portal.roles import SERVING_ROLES
from tests import in_memory

ROOT = Path(__file__).resolve().parent.parent
WATCHED = (
    "*/migrations/*.py", "portal/*/migrations/*.py", "portal/tenancy/policies.py", "portal/roles.py", "demo/**/*.json",
    "*/loading.py", "*/management/commands/load_*.py", "partners/partnership_*.py", "incidents/playbooks.py",
    "incidents/cacao/*.py", "notifications/kinds.py", "tests/servers.py", "tests/in_memory.py",
    "portal/tenancy/migration_states.py", "portal/tenancy/management/commands/migrate.py", "requirements.txt",
)  # fmt: skip
TICKETS = """
SELECT sec.mint('test-ticket-' || p.id, p.organisation_id, 'session', p.id, NULL, interval '300 days')
  FROM partners_person p;
-- The same people in sessions whose passkey was used just now, for as long as the tests run.
SELECT sec.mint('fresh-ticket-' || p.id, p.organisation_id, 'session', p.id, NULL, interval '300 days', 'all',
                'passkey', p.id)
  FROM partners_person p;
UPDATE sec.grant_token SET stepped_up_at = 'infinity', authenticator_id = person_id WHERE session_id IS NOT NULL
"""
SECRET_KEY = "only-for-tests"
MASTER_KEY = "dGhlIG1hc3RlciBrZXkgb25seSBmb3IgdGVzdHMgISE="

_servers: EmbeddedServers | None = None
_temporary: str | None = None


@cache
def fingerprint() -> str:
    """Of everything the template is made of, and of the day: the demonstration's dates are counted back from it."""
    found = {path for pattern in WATCHED for path in ROOT.glob(pattern)}
    digest = hashlib.sha256(datetime.now(UTC).date().isoformat().encode())
    for path in sorted(found):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def start() -> None:
    """Start the servers (or use those of DATABASE_URL), make the template, and leave the addresses to all."""
    global _servers, _temporary
    os.environ.setdefault("SECRET_KEY", SECRET_KEY)
    os.environ.setdefault("MASTER_KEY", MASTER_KEY)
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.test_settings"
    if not os.environ.get("DATABASE_URL") or not os.environ.get("VALKEY_URL"):
        memory = in_memory.memory_folder()
        if memory is not None:
            in_memory.take_kept(kept_folder(), memory)
            _temporary = str(memory)
        try:
            _servers = EmbeddedServers(memory or ROOT / "var" / "test", durable=False)
            _servers.start()
        except EmbeddedError:  # another run holds the folder: this one takes a folder that it removes again
            _temporary = tempfile.mkdtemp(prefix="bulkhead-test-")
            _servers = EmbeddedServers(Path(_temporary), durable=False)
            _servers.start()
        os.environ.update(_servers.environment())
        # Only the superuser may end the connections of every role, which dropping a database needs.
        os.environ["BULKHEAD_TEST_ADMIN"] = _servers.database_url("postgres", "postgres")
    os.environ["BULKHEAD_TEMPLATE"] = make_template()


def kept_folder() -> Path:
    return ROOT / "var" / "test" / f"kept-{fingerprint()}"


def make_template() -> str:
    """The template of this state of the code; made when there is none yet."""
    name = f"bulkhead_template_{fingerprint()}"
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
    drop_all("bulkhead_t%")
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        part = f"bulkhead_templating_{os.getpid()}"
        owner = Identifier(urlsplit(os.environ["DATABASE_URL"]).username or "portal_owner")
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(part), owner))
    close_to_public(part)
    url = database_url("DATABASE_URL", part)
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    for command in (["migrate", "--verbosity", "0"], ["load_partnership", "demo/partnership.json"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise pytest.UsageError(f"the template database could not be made:\n{done.stdout}{done.stderr}")
    with psycopg.connect(url) as connection:
        connection.execute(TICKETS)
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(part), Identifier(name)))
    return name


def drop_all(pattern: str) -> None:
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        named = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]).fetchall()
        for (old,) in named:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(old)))


def close_to_public(name: str) -> None:
    if _servers is not None:
        _servers._close_database(name)
    else:
        with psycopg.connect(database_url("DATABASE_URL", name), autocommit=True) as connection:
            connection.execute(SQL("REVOKE TEMP, CREATE ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def admin_url() -> str:
    """Who makes and drops databases: the embedded superuser, or the owner on a server of one's own."""
    return os.environ.get("BULKHEAD_TEST_ADMIN") or database_url("DATABASE_URL", "postgres")


def copy_template(name: str) -> None:
    """Make the database `name` afresh from the template."""
    drop(name)
    with psycopg.connect(database_url("DATABASE_URL", "postgres"), autocommit=True) as connection:
        template = Identifier(os.environ["BULKHEAD_TEMPLATE"])
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(Identifier(name), template))
        connection.execute(SQL("REVOKE TEMP, CREATE ON DATABASE {} FROM PUBLIC").format(Identifier(name)))


def drop(name: str) -> None:
    """Drop it, also from under a connection that a test has left open."""
    statement = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name))
    with psycopg.connect(admin_url(), autocommit=True) as connection:
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:  # the owner is no superuser: each role may end its own alone
            for role in SERVING_ROLES:
                with psycopg.connect(database_url(role.variable, "postgres"), autocommit=True) as own:
                    own.execute(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = %s AND usename = current_user",
                        [name],
                    )
            connection.execute(statement)


def database_url(variable: str, database: str) -> str:
    """The address of `database` for the login of an environment variable."""
    return os.environ[variable].rpartition("/")[0] + "/" + database


def pytest_unconfigure(config: pytest.Config) -> None:
    if _servers is not None:
        memory = Path(_temporary or ROOT)
        keep = memory.parent == in_memory.MEMORY and not kept_folder().exists()
        if keep:
            drop_all("bulkhead_test_%")
        _servers.stop()
        if keep:
            in_memory.keep(memory, kept_folder())
    if _temporary is not None:
        shutil.rmtree(_temporary, ignore_errors=True)


if "PYTEST_XDIST_WORKER" not in os.environ:
    start()
