"""Plain SQL as a role of the product, with the ticket of whoever is tried; nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from tests import servers

LOGINS = {
    "app": "DATABASE_URL_APP", "auth": "DATABASE_URL_AUTH", "worker": "DATABASE_URL_WORKER", "owner": "DATABASE_URL",
}  # fmt: skip


@contextmanager
def entered(ticket: str = "", *, role: str = "app", commits: bool = False) -> Iterator[psycopg.Connection]:
    """A transaction of that role with that ticket; rolled back unless it commits."""
    url = servers.database_url(LOGINS[role], str(connections["default"].settings_dict["NAME"]))
    with psycopg.connect(url) as connection, connection.transaction(force_rollback=not commits):
        if ticket:
            connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
        yield connection


def owner(sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    """A committed statement of the owner: arranging, and looking from outside."""
    with entered(role="owner", commits=True) as connection:
        cursor = connection.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def refused(connection: psycopg.Connection, sql: str, parameters: Any = ()) -> str:
    """The SQLSTATE with which the database refuses; '' when it does as it was told (to at least one row)."""
    try:
        with connection.transaction():
            cursor = connection.execute(sql, parameters)
            return "" if cursor.rowcount else "no row"
    except psycopg.Error as error:
        return error.sqlstate or "?"
