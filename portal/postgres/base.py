"""The backend that `settings.DATABASES` names: `ENGINE = "portal.postgres"`.

Statements that are asked again and again are prepared (`portal/postgres/prepared.py`); Django's own are not.
"""

from __future__ import annotations

import select
import time
from typing import Any, cast

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import TransactionStatus

ASKED_EVERY_SECONDS = 30.0


class PreparedCursor(psycopg.Cursor[Any]):
    """Prepares whatever it executes; nothing else of the connection is prepared, or counted for it.

    psycopg keeps the whole text of what it counts, and Django writes values into its texts.
    """

    wrapper: DatabaseWrapper

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query, params, prepare=True, **options)
        except (FeatureNotSupported, InvalidSqlStatementName):
            # A column has another type since, or the server knows the statement no more: another connection has none.
            self.wrapper.close_at = 0
            if self.connection.info.transaction_status is not TransactionStatus.IDLE:
                raise
            return super().execute(query, params, prepare=False, **options)
        finally:
            self.connection.prepare_threshold = None


class DatabaseWrapper(base.DatabaseWrapper):
    _asked_at = -ASKED_EVERY_SECONDS  # by `time.monotonic()`: when it was last asked whether it may be used

    def is_usable(self) -> bool:
        """Whether a connection that lay idle may be used again: asked once a request of each connection.

        A server that ends a connection says so, and what it said, or that it hung up, lies ready on the socket; one
        that waits for us says nothing. So only a connection on which there is something to read is asked in earnest.
        One that lay for half a minute is, too, and so is one in the middle of something: a network that is gone says
        nothing, and its first statement would be somebody's refused request.
        """
        if self.connection is None or self.connection.closed or self.connection.broken:
            return False
        asked_at, self._asked_at = self._asked_at, time.monotonic()
        if self._asked_at - asked_at > ASKED_EVERY_SECONDS:
            return super().is_usable()
        if self.connection.info.transaction_status is not TransactionStatus.IDLE:
            return super().is_usable()
        said = select.poll()
        said.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)  # errors and hanging up are always told
        return not said.poll(0) or super().is_usable()

    def prepared_cursor(self) -> CursorWrapper:
        """As `cursor()`, but what it executes is bound and prepared by the server."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = PreparedCursor(self.connection)
            cursor.wrapper = self
            return cast(CursorWrapper, self._prepare_cursor(cursor))  # type: ignore[attr-defined]
