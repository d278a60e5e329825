"""What falls due at break-glass accounts, by the clock: a drill nobody made is a key that nobody knows to fit."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from partners import work
from partners.break_glass import DRILL_EVERY, accounts
from partners.chores import Chore, register
from partners.models import Person

BEFORE = timedelta(days=7)
TOO_LONG = timedelta(days=100)


def look_at_drills(now: datetime) -> None:
    """Inside one organisation's scope: a week before the 90 days are over it is on the list, after 100 it is a warning.

    A new account is due at once: it is drilled when it is made.
    """
    for former in Person.objects.filter(break_glass=True, is_active=False):
        work.clear(f"break_glass_drill:{former.pk}")
        work.clear(f"break_glass_not_drilled:{former.pk}")
    for account in accounts():
        at = account.drilled_at
        due, warn = f"break_glass_drill:{account.pk}", f"break_glass_not_drilled:{account.pk}"
        if at is not None and now < at + DRILL_EVERY - BEFORE:
            work.clear(due)
            work.clear(warn)
            continue
        _raise(account, due, now if at is None else at + DRILL_EVERY)
        if at is not None and now >= at + TOO_LONG:
            _raise(account, warn, now, late=True)


def _raise(account: Person, key: str, by: datetime, *, late: bool = False) -> None:
    title = (
        _("Nobody has used %(name)s for more than 100 days") if late else _("Drill the break-glass account %(name)s")
    )
    work.raise_own(
        "break_glass",
        key,
        title % {"name": account.name},
        detail=_("Announce a drill, fetch a key from its safe, sign in with it, and say that it was a drill."),
        page=reverse("break-glass"),
        about=account.pk,
        due=by,
    )


register(Chore("break-glass", look_at_drills, timedelta(hours=12)))
