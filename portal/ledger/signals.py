"""What the ledger announces. A receiver gets kinds and nothing else: it runs after the commit and reads nothing."""

from __future__ import annotations

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal

recorded = Signal()
"""Sent once after a transaction that recorded events; `kinds` is a set of their kinds.

A receiver that fails, or a process that dies before it, must cost time only: what has to happen stands in a row.
"""


class Announcement:
    """The one announcement of a transaction; it gathers kinds until the commit."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()

    def __call__(self) -> None:
        recorded.send_robust(sender=Announcement, kinds=frozenset(self.kinds))


def announce(connection: BaseDatabaseWrapper, kinds: set[str]) -> None:
    """Have these kinds announced when the transaction of this connection commits."""
    for waiting in (entry[1] for entry in connection.run_on_commit):
        if isinstance(waiting, Announcement):
            waiting.kinds |= kinds
            return
    announcement = Announcement()
    announcement.kinds |= kinds
    transaction.on_commit(announcement, using=connection.alias, robust=True)
