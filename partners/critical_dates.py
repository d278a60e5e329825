"""Days on which a service must work, as people write them, one a line: `6 May 2027 Polling day`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y")
PATTERNS = (r"\d{4}-\d\d?-\d\d?", r"\d\d?/\d\d?/\d{4}", r"\d\d? [A-Za-z]+ \d{4}")
LONGEST = 200
MOST = 24


def read_line(line: str) -> dict[str, Any]:
    """`6 May 2027 Polling day` as `{"on": "2027-05-06", "words": "Polling day"}`; without a day the words alone.

    Raises:
        ValueError: in words for whoever wrote it: no such day, no words, or too many.
    """
    on, said = None, line.strip()
    for pattern in PATTERNS:
        if found := re.match(rf"({pattern})(?![\w/-])[\s,:–]*", said):
            on, said = _day(found[1]), said[found.end() :]
            break
    if not said or len(said) > LONGEST:
        raise ValueError(_("Write in a few words what happens on that day: “%(line)s”") % {"line": line.strip()[:60]})
    return {"on": on.isoformat() if on else None, "words": said}


def _day(text: str) -> date:
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, not an instant
        except ValueError:
            continue
    raise ValueError(_("There is no such day: %(day)s") % {"day": text})


def in_words(item: Mapping[str, Any]) -> str:
    """`6 May 2027: Polling day`, or the words alone."""
    if not item.get("on"):
        return str(item["words"])
    return f"{date.fromisoformat(item['on']):%-d %B %Y}: {item['words']}"
