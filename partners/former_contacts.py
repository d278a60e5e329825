"""A former organisation that a system of ours still leads to must be reachable: otherwise it is work for us."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connections

from partners import work
from partners.chores import Chore, register
from partners.models import WorkItem

KIND = "former_unreachable"


def look(now: datetime) -> None:
    """Raise work for each own system that leads to one, and clear what has been mended. Once a day."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT system_id, system_slug, system_name, organisation FROM sec.former_untested(%s)", [now])
        found = cursor.fetchall()
    keys = set()
    for system_id, slug, name, organisation in found:
        key = f"{KIND}:{system_id}"
        keys.add(key)
        work.raise_own(
            KIND,
            key,
            f"{organisation or 'A former member'} cannot be reached, and {name} still leads there",
            detail="No duty contact of theirs was confirmed within 35 days. Ring them and have one tested, or cut the"
            " connection at both ends.",
            page=f"/systems/{slug}/",
            about=system_id,
        )
    for key in WorkItem.objects.filter(kind=KIND, state=WorkItem.State.OPEN).values_list("key", flat=True):
        if key not in keys:
            work.clear(key)


register(Chore("former-contacts", look, every=timedelta(days=1)))
