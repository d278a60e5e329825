"""Figures of concentration are kept once a quarter for each organisation, so that the next has something to compare."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import orjson
from django.db import connections

from incidents.concentration import concentration, figures_of, own_estate, quarter_after, quarter_of
from incidents.models import ConcentrationSnapshot
from partners.chores import Chore, register


def keep_figures(now: datetime) -> datetime:
    """Inside one organisation's scope: keep this quarter's figures once; answers when the next quarter begins (UTC)."""
    quarter = quarter_of(now.date())
    if not ConcentrationSnapshot.objects.filter(quarter=quarter).exists():
        mine, estate = own_estate(by_chore=True)
        figures = figures_of(concentration(estate, mine, on=now.date()))
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO incidents_concentrationsnapshot (id, organisation_id, quarter, taken_at, figures)"
                " VALUES (gen_random_uuid(), sec.me(), %s, %s, %s::jsonb)",
                [quarter, now, orjson.dumps(figures).decode()],
            )
    return datetime.combine(quarter_after(quarter), time.min, tzinfo=UTC)


register(Chore("concentration", keep_figures, timedelta(days=91)))
