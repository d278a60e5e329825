"""Work items: what a person of an organisation has to look at, and what came of it. The rows are the database's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connections

from partners import approvals
from partners.models import WorkItem


def raise_own(
    kind: str,
    key: str,
    title: str,
    *,
    detail: str = "",
    page: str = "",
    about: UUID | None = None,
    due: datetime | None = None,
) -> UUID:
    """Give the organisation of the open scope something to do. While an item of this key is open there is no second.

    `page` is the path where it is done. For another organisation only a function of the database can raise work, that
    knows whom it concerns (`sec.raise_work`).
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.raise_own_work(%s, %s, %s, %s, %s, %s, %s)", [kind, key, title, detail, page, about, due]
        )
        return cursor.fetchone()[0]


def clear(key: str) -> None:
    """Its reason has gone: the open item of this key, if there is one, is settled by itself."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.clear_own_work(%s)", [key])


def settle(item: WorkItem, *, outcome: str, dropped: bool = False) -> None:
    """Say what came of it.

    Raises:
        approvals.NotAllowed: an observer, somebody else's, settled already, or no outcome said.
    """
    approvals.call("SELECT sec.settle_work(%s, %s, %s)", [item.pk, dropped, outcome])
