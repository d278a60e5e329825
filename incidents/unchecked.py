"""Done for a day, and nobody has checked it: from then on checking is the lead's task (DESIGN 3.7).

Nobody checks for their own organisation: the lead's own steps are the deputy lead's to check. Nothing is kept for it;
a step is on the list as long as it is so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, Task

CHECK_WITHIN = timedelta(hours=24)
MOST_LINES = 200


def to_check(incident: Incident, *, me: UUID, now: datetime) -> QuerySet[Task]:
    """Steps whose check is that organisation's task, the oldest first.

    None once the incident is closed, or while an exercise is put aside.
    """
    late = Task.objects.filter(incident=incident, status=Task.Status.DONE, done_at__lte=now - CHECK_WITHIN)
    if incident.status == Incident.Status.CLOSED or incident.suspended_at is not None:
        return late.none()
    if me == incident.lead_id:
        late = late.exclude(organisation_id=me)
    elif me == incident.deputy_lead_id:
        late = late.filter(organisation_id=incident.lead_id)
    else:
        return late.none()
    return late.order_by("done_at", "pk")


def reminders_of(incident: Incident, *, me: UUID, now: datetime) -> list[dict[str, Any]]:
    """What stands first on board and *My tasks* of whoever is to check: none or one. At most one query."""
    late = to_check(incident, me=me, now=now)
    steps = late.order_by().count()
    if not steps:
        return []
    title = ngettext("One step is done and not checked", "%(n)s steps are done and not checked", steps) % {"n": steps}
    return [
        {
            "title": title,
            "words": _(
                "They were reported done more than a day ago. Somebody outside the organisation looks, and says so."
            ),
            "link": _("Check them"),
            "href": reverse("incident-unchecked", args=[incident.reference]),
        }
    ]


def unchecked_of(incident: Incident, *, me: UUID, names: Mapping[UUID, str], now: datetime) -> dict[str, Any]:
    """`total`, and of the oldest 200 `lines` of {name, title, href, url, done_at, containing, worked}. Two queries."""
    late = to_check(incident, me=me, now=now)
    rows = late.values("id", "organisation_id", "title", "done_at", "containing", "step__worked")[:MOST_LINES]
    lines = [
        {
            "name": names.get(row["organisation_id"], ""),
            "title": row["title"],
            "href": reverse("task-detail", args=[row["id"]]),
            "url": reverse("task-verify", args=[row["id"]]),
            "done_at": row["done_at"],
            "containing": row["containing"],
            "worked": row["step__worked"],
        }
        for row in rows
    ]
    return {"total": late.order_by().count() if len(lines) == MOST_LINES else len(lines), "lines": lines}
