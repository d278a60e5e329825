"""When a service that counts by the day (UTC) is asked again, as SQL.

Around midnight its clock and ours may differ, and an answer may come a moment after the day that it speaks of: what is
refused in the first ten minutes of a day waits ten minutes, and not until the next one.
"""

from __future__ import annotations

_MIDNIGHT = "date_trunc('day', now(), 'UTC')"
NEXT_DAY = (
    f"CASE WHEN now() < {_MIDNIGHT} + interval '10 minutes' THEN now() + interval '10 minutes'"
    f" ELSE {_MIDNIGHT} + interval '1 day' END"
)
