"""When the next update was promised for: what everybody reads of it, and what the lead is reminded of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident
from incidents.words import span
from portal.ledger.signals import announce
from portal.pages import local_time
from portal.tenancy.scope import queue_scope

SOON = timedelta(minutes=5)  # `sec.remind_of_updates` says the same


def in_words(promised: datetime | None, now: datetime) -> str:
    """`by 14:30`, or honestly `due 12 min ago`; '' when nothing was promised."""
    if promised is None:
        return ""
    if promised > now:
        return _("by %(time)s") % {"time": local_time(promised)}
    return (
        _("due now")
        if now - promised < timedelta(minutes=1)
        else _("due %(time)s ago") % {"time": span(now - promised)}
    )


def reminder_of(incident: Incident, *, leads: bool, may_send: bool, now: datetime) -> list[dict[str, Any]]:
    """What stands first on the lead's own board, from five minutes before until an update is sent."""
    promised = incident.next_update_at
    if not leads or promised is None or incident.status == Incident.Status.CLOSED or promised - SOON > now:
        return []
    left = promised - now
    title = (
        _("Your next update was due at %(time)s") if left <= timedelta() else _("Your next update is due at %(time)s")
    ) % {"time": local_time(promised)}
    words = (
        _("Everybody reads that it is %(time)s late. Send it, or say when it comes.") % {"time": span(-left)}
        if left <= -timedelta(minutes=1)
        else _("Everybody was promised it. Send it, or say when it comes.")
    )
    href = reverse("incident-update", args=[incident.reference]) if may_send else ""
    return [{"title": title, "words": words, "link": _("Send update") if may_send else "", "href": href}]


def remind_of_updates() -> int:
    """Remind the leads whose update is near, due or late; how many reminders are new. Safe to repeat."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.remind_of_updates()")
        count: int = cursor.fetchone()[0]
        if count:
            announce(connections["default"], {"update.due"})
        return count
