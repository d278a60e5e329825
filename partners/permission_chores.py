"""What the clock does for permissions: reminds both sides before the last day and at the review, writes the lapse.

Whether a permission is in force never waits for this: see `partners.permissions`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _

from partners import chores, permissions, work
from partners.duty import instant_of
from partners.models import Chore, IntegrationVersion, WorkItem
from partners.permissions import Permission

NAME = "permissions"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STAGES = (30, 7, 1)  # days before the last day


def do(now: datetime) -> None:
    """Look at every permission of the organisation whose scope is open; `now` is the only time it goes by."""
    ran_at = Chore.objects.filter(name=NAME, organisation_id=_me()).values_list("ran_at", flat=True).first()
    before = ran_at.date() if ran_at else None
    kept = set(WorkItem.objects.filter(kind="permission").values_list("key", flat=True))
    for each in permissions.own():
        version = each.counts
        if version is None or each.row is None or each.row.ended_at is not None:
            continue
        _remind(each, version, today=now.date(), before=before, kept=kept)
        _review(each, version, today=now.date(), before=before, kept=kept)
        if version.expires_on < now.date():
            _lapse(each, now)


def _me() -> UUID:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.me()")
        found: UUID = cursor.fetchone()[0]
    return found


def is_new(day: date, *, today: date, before: date | None, known: bool) -> bool:
    """Whether a day has come since the chore ran last (`before`), or has come and nothing was ever said (`known`)."""
    return day <= today and (not known or (before is not None and before < day))


def _remind(each: Permission, version: IntegrationVersion, *, today: date, before: date | None, kept: set[str]) -> None:
    """One item, brought up to date 30, 7 and 1 days before the last day, and when it is over."""
    key = f"permission-ends:{each.id}"
    days = [*(version.expires_on - timedelta(days=stage) for stage in STAGES), version.expires_on + timedelta(days=1)]
    come = [day for day in days if day <= today and day > (version.permitted_at or _EPOCH).date()]
    if not come or not is_new(max(come), today=today, before=before, known=key in kept):
        return
    left = (version.expires_on - today).days
    said = {"name": each.name, "day": f"{version.expires_on:%-d %B %Y}", "n": left}
    if today > version.expires_on:
        title = _("A permission has lapsed: %(name)s") % said
        detail = _(
            "Its last day was %(day)s. Stop what relied on it, or propose it again. The way itself is open until"
            " both ends of the link say cut."
        )
    else:
        title = _("A permission ends on %(day)s: %(name)s") % said
        detail = _("%(n)s days are left. Without a new version that both sides approve it is off after that day.")
        if left <= 1:
            detail = _("It ends tomorrow or today. Without a new version that both sides approve it is off then.")
    owners = _(" Owners: %(grantor)s and %(grantee)s.") % {
        "grantor": version.grantor_owner_name,
        "grantee": version.grantee_owner_name,
    }
    due = instant_of(version.expires_on, time(23, 59))
    work.raise_own("permission", key, title, detail=detail % said + owners, page=page_of(each), about=each.id, due=due)


def _review(each: Permission, version: IntegrationVersion, *, today: date, before: date | None, kept: set[str]) -> None:
    """At the review date, once."""
    key = f"permission-review:{each.id}"
    if today > version.expires_on or version.review_on <= (version.permitted_at or _EPOCH).date():
        return
    if is_new(version.review_on, today=today, before=before, known=key in kept):
        said = {"name": each.name, "day": f"{version.expires_on:%-d %B %Y}"}
        title = _("Review a permission: %(name)s") % said
        detail = _("Is it still needed, and are accounts, data and owners right? It ends on %(day)s.") % said
        work.raise_own("permission", key, title, detail=detail, page=page_of(each), about=each.id)


def _lapse(each: Permission, now: datetime) -> None:
    """Event and history, once for both sides."""
    if each.row is not None and each.row.lapsed_at is None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.lapse_permission(%s, %s, %s)", [each.id, now, now.date()])


def page_of(each: Permission) -> str:
    return f"/permissions/{each.id}/"


CHORE = chores.register(chores.Chore(NAME, do))
