"""A database of one's own with a table of sealed values, and processes that work on it as the product's would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from portal.children import dies_with_parent
from tests import servers

TABLE = "CREATE TABLE vault_secret (id int PRIMARY KEY, organisation_id uuid NOT NULL, secret bytea)"
FIELD = "vault_secret.secret"
BEGIN = """
import django, json, sys
django.setup()
from uuid import UUID
from django.core.management import call_command
from django.db import connection
from portal.vault.columns import SealedColumn, register
from portal.vault.keys import forget
from portal.vault.sealing import VaultError, open_sealed, seal
register(SealedColumn("vault_secret", "id", "secret", "t.organisation_id"))
"""
# Reads pieces of code as lines of JSON and runs each in a process of its own that has Django set up already: all that a
# piece has in memory is its own, and nothing of the piece before it. Most of a process's start is that set-up.
NURSERY = (
    BEGIN
    + """
import os, traceback
from django.db import connections
connections.close_all()
for line in sys.stdin:
    code, sys.argv = json.loads(line)
    child = os.fork()
    if not child:
        status = 1
        try:
            exec(code, globals())
            status = 0
        except BaseException:
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("\\n" + json.dumps({"ended": status}), flush=True)
"""
)
FILL = """
organisation, first, last = UUID(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for n in range(first, last):
    sealed = seal(f"secret number {n}".encode(), organisation_id=organisation, field="vault_secret.secret", row_id=n)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO vault_secret VALUES (%s, %s, %s)", [n, organisation, sealed])
"""
SEAL = """
print(json.dumps(seal(sys.argv[3].encode(), organisation_id=UUID(sys.argv[1]), field="vault_secret.secret",
                      row_id=int(sys.argv[2])).hex()))
"""
READ = """
found = {}
with connection.cursor() as cursor:
    cursor.execute("SELECT id, organisation_id, secret FROM vault_secret ORDER BY id")
    for n, organisation, sealed in cursor.fetchall():
        try:
            found[n] = open_sealed(sealed, organisation_id=organisation, field="vault_secret.secret", row_id=n).decode()
        except VaultError as trouble:
            found[n] = f"VaultError: {trouble}"
print(json.dumps(found))
"""


@dataclass
class SealedTable:
    """`organisations` by slug."""

    name: str
    organisations: dict[str, UUID]

    def connect(self, variable: str = "DATABASE_URL") -> psycopg.Connection:
        return psycopg.connect(servers.database_url(variable, self.name), autocommit=True)

    def environment(self, **more: str) -> dict[str, str]:
        names = [name for name in os.environ if name.startswith("DATABASE_URL")]
        addresses = {name: servers.database_url(name, self.name) for name in names}
        return (
            os.environ | addresses | {"DJANGO_SETTINGS_MODULE": "portal.settings", "BULKHEAD_PROCESS": "owner"} | more
        )

    def start(self, code: str, *arguments: object, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", BEGIN + code, *map(str, arguments)],
            cwd=servers.ROOT, env=self.environment(**more), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, code: str, *arguments: object, status: int = 0, **more: str) -> tuple[str, str]:
        """What a process of its own printed. What should go well, in the usual settings, comes from the nursery."""
        if not status and not more:
            return _nursery(self).run(code, *arguments), ""
        process = self.start(code, *arguments, **more)
        said, complained = process.communicate(timeout=50)
        assert process.returncode == status, said + complained
        return said, complained

    def fill(self, slug: str, first: int, last: int) -> None:
        self.run(FILL, self.organisations[slug], first, last)

    def seal(self, slug: str, row_id: int, plain: str) -> bytes:
        return bytes.fromhex(json.loads(self.run(SEAL, self.organisations[slug], row_id, plain)[0]))

    def opened(self, **more: str) -> dict[int, str]:
        return {int(n): plain for n, plain in json.loads(self.run(READ, **more)[0]).items()}

    def versions(self, slug: str) -> dict[int, int]:
        """How many values each version of the organisation's key has sealed."""
        with self.connect() as owner:
            rows = owner.execute(
                "SELECT get_byte(secret, 4), count(*) FROM vault_secret WHERE organisation_id = %s GROUP BY 1",
                [self.organisations[slug]],
            ).fetchall()
        return dict(rows)

    def keys(self, slug: str) -> list[tuple[Any, ...]]:
        """The organisation's keys: version, whether it seals, and length."""
        with self.connect() as owner:
            return owner.execute(
                "SELECT version, retired_at IS NULL, octet_length(wrapped) FROM vault_datakey"
                " WHERE organisation_id = %s ORDER BY 1",
                [self.organisations[slug]],
            ).fetchall()


class Nursery:
    """A running `NURSERY` over the database of a table, for as long as the tests run."""

    def __init__(self, table: SealedTable) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY], cwd=servers.ROOT, env=table.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=dies_with_parent(signal.SIGTERM),
        )  # fmt: skip

    def run(self, code: str, *arguments: object) -> str:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps([code, ["-c", *map(str, arguments)]]), file=self.process.stdin, flush=True)
        said = ""
        for line in self.process.stdout:
            if line.startswith('{"ended": '):
                assert line == '{"ended": 0}\n', said
                return said[:-1]
            said += line
        raise AssertionError(f"the nursery has ended: {said}")


_nurseries: dict[str, Nursery] = {}


def _nursery(table: SealedTable) -> Nursery:
    if table.name not in _nurseries:
        _nurseries[table.name] = Nursery(table)
    return _nurseries[table.name]


@contextmanager
def sealed_table() -> Iterator[SealedTable]:
    name = f"bulkhead_test_vault_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    servers.copy_template(name)
    try:
        with psycopg.connect(servers.database_url("DATABASE_URL", name)) as owner:
            owner.execute(TABLE)
            # The demonstration's private numbers, and the keys that they are sealed under, are not what is tested here.
            owner.execute("DELETE FROM partners_privatenumber")
            owner.execute("DELETE FROM vault_datakey")
            organisations = dict(owner.execute("SELECT slug, id FROM partners_organisation").fetchall())
        yield SealedTable(name, organisations)
    finally:
        servers.drop(name)
