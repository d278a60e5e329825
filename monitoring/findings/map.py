"""Who reached whom by days: organisation by organisation, as the reader may know of it; and how well rules do."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from django.db import connections

from monitoring.findings.deciding import organisations_by_id
from monitoring.findings.rules import RULES
from monitoring.models import Source
from portal import clock

SPANS = (1, 7, 30, 90)
MOST_WEEKS = 52
# One row a pair, place and day: accounts that got in, and that failed. One's own pairs by name; of systems that one
# runs counts alone (`sec.crossings_i_run`).
CROSSINGS = """
WITH own AS (
    SELECT t.home_id, t.organisation_id, d.day,
           count(DISTINCT t.account) FILTER (WHERE t.kind <> 'failure') AS good,
           count(DISTINCT t.account) FILTER (WHERE t.kind = 'failure') AS bad
      FROM monitoring_sight t, unnest(t.days) AS d (day)
     WHERE t.last_at >= %(since)s AND d.day BETWEEN %(since)s AND %(until)s
     GROUP BY 1, 2, 3)
SELECT home_id, organisation_id, sum(good)::bigint, sum(bad)::bigint, count(DISTINCT day), true FROM own GROUP BY 1, 2
UNION ALL
SELECT home_id, organisation_id, sum(successes)::bigint, sum(failures)::bigint, count(DISTINCT day), false
  FROM sec.crossings_i_run(%(since)s, %(until)s) GROUP BY 1, 2
"""
QUALITY = """
SELECT r.rule, f.state, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY
           extract(epoch FROM f.decided_at - f.made_at) / 60)::float8
  FROM monitoring_finding f, unnest(f.rules) AS r (rule) WHERE f.folded = 0
 GROUP BY GROUPING SETS ((r.rule, f.state), (r.rule))
"""


def map_page(*, weeks_back: int, span: int) -> dict[str, Any]:
    """Account-days from one organisation into another, within `span` days that ended so many weeks ago."""
    until: date = clock.now().date() - timedelta(weeks=weeks_back)
    since = until - timedelta(days=span - 1)
    with connections["default"].cursor() as cursor:
        cursor.execute(CROSSINGS, {"since": since, "until": until})
        rows = cursor.fetchall()
    names = {pk: each.name for pk, each in organisations_by_id().items()}
    pairs: list[dict[str, Any]] = sorted(
        (
            {"home": names[home], "reached": names[reached], "good": good, "bad": bad, "days": days, "own": own}
            for home, reached, good, bad, days, own in rows
        ),
        key=lambda each: (-each["good"], -each["bad"], each["home"], each["reached"]),
    )
    homes = sorted({each["home"] for each in pairs})
    reached = sorted({each["reached"] for each in pairs})
    cells = {(each["home"], each["reached"]): each["good"] for each in pairs}
    return {
        "since": since,
        "until": until,
        "weeks_back": weeks_back,
        "span": span,
        "spans": SPANS,
        "most_weeks": MOST_WEEKS,
        "homes": homes,
        "reached": reached,
        "grid": [[cells.get((home, to)) for to in reached] for home in homes],
        "most": max(cells.values(), default=0),
        "pairs": pairs,
    }


def quality_page() -> dict[str, Any]:
    """Of each rule: how many findings of one's own it made, what was decided, and after how long."""
    with connections["default"].cursor() as cursor:
        cursor.execute(QUALITY)
        rows = cursor.fetchall()
    states: dict[str, Counter[str]] = {}
    minutes: dict[str, float | None] = {}
    for code, state, count, median in rows:
        if state is None:
            minutes[code] = median
        else:
            states.setdefault(code, Counter())[state] += count
    return {
        "rules": [
            {
                "rule": rule,
                "found": sum(states.get(rule.code, Counter()).values()),
                "states": states.get(rule.code, Counter()),
                "minutes": minutes.get(rule.code),
            }
            for rule in RULES
        ],
        "would_alert": sum(Source.objects.values_list("would_alert", flat=True)),
    }
