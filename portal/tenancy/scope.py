"""Who is asking, said to PostgreSQL: one helper for requests, jobs, sockets and commands.

A ticket is a secret that PostgreSQL checks itself (`sec.me()`); it is set for one transaction only, never for a
session, so that a pooled connection can carry nobody's rights to the next user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_ticket: ContextVar[str] = ContextVar("ticket", default="")
_queue: ContextVar[bool] = ContextVar("queue", default=False)
_door: ContextVar[bool] = ContextVar("door", default=False)


class NoContext(RuntimeError):
    """A query ran outside every scope: a bug of ours, caught before PostgreSQL would refuse it."""


@contextmanager
def organisation_scope(ticket: str) -> Iterator[None]:
    """Run the block in one transaction as the organisation whose ticket this is.

    Nested use puts the outer ticket back on leaving. A ticket that is unknown, expired or revoked makes the first
    protected statement fail with SQLSTATE 42501.
    """
    outer = _ticket.get()
    token = _ticket.set(ticket)
    try:
        inner = connections["default"].in_atomic_block
        with transaction.atomic(using="default"):
            _tell_postgres(ticket)
            yield
            # The end of the transaction takes the setting with it, and so does the end of a doomed part of it.
            if inner and not connections["default"].needs_rollback:
                _tell_postgres(outer)
    finally:
        _ticket.reset(token)


@contextmanager
def queue_scope() -> Iterator[None]:
    """Run the block in one transaction as the worker itself: queue rows of every organisation, no substance."""
    token = _queue.set(True)
    try:
        with transaction.atomic(using="default"):
            yield
    finally:
        _queue.reset(token)


@contextmanager
def at_the_door() -> Iterator[None]:
    """Send the ORM to `portal_auth` for the block: sessions, credentials, keys and tickets, nothing else."""
    token = _door.set(True)
    try:
        yield
    finally:
        _door.reset(token)


def door_is_open() -> bool:
    return _door.get()


def current_ticket() -> str:
    """The ticket of the scope that is open here, or ''."""
    return _ticket.get()


def adopt_ticket(ticket: str) -> None:
    """Tell Python of a ticket that PostgreSQL set itself inside this transaction (`sec.enter_…`)."""
    _ticket.set(ticket)


def _tell_postgres(ticket: str) -> None:
    """Bound by the server, not by the client as Django's cursors do: the ticket must not stand in the statement, which
    every session of the role can read in `pg_stat_activity`."""
    wrapper = connections["default"]
    with wrapper.wrap_database_errors, psycopg.Cursor(wrapper.connection) as cursor:
        cursor.execute("SELECT set_config('app.ticket', %s, true)", [ticket])


def guard_connection(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Refuse statements that belong to no scope. The owner's commands (migrations, loading) are not guarded."""
    if settings.PROCESS == "owner" or connection.vendor != "postgresql":
        return
    guard = _guard_door if connection.alias == "auth" else _guard_scope
    if guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(guard)


def _guard_scope(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not (_ticket.get() or _queue.get()) and not _harmless(sql):
        raise NoContext(f"query outside a scope: {sql[:120]}")
    return execute(sql, params, many, context)


def _guard_door(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not _door.get() and not _harmless(sql):
        raise NoContext(f"query at the door while it is shut: {sql[:120]}")
    return execute(sql, params, many, context)


def _harmless(sql: str) -> bool:
    """Statements that read no table: savepoints and the ticket itself, also when a scope is being left."""
    return sql.startswith(("SELECT set_config('app.ticket'", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT"))
