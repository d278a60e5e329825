"""What the feed says of one's own duties. Only their owner has these events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

ACTS = {
    "assess": lazy("has a duty to assess; only we see this line"),
    "start": lazy("a duty of ours runs from now on; only we see this line"),
    "aware": lazy("said that we are aware, for a duty of ours; only we see this line"),
    "correct": lazy("corrected since when we are aware; only we see this line"),
    "report": lazy("wrote down that a duty of ours is reported; only we see this line"),
    "no_report": lazy("decided that a duty of ours needs no report; only we see this line"),
    "follow_up": lazy("wrote down a follow-up to a report of ours; only we see this line"),
    "close": lazy("closed a duty of ours; only we see this line"),
    "reopen": lazy("opened a duty of ours again; only we see this line"),
    "share": lazy("shared a duty of ours"),
    "unshare": lazy("no longer shares a duty of ours"),
}


def _said(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return str(ACTS.get(data["act"], _("a duty of ours changed")))


FEED: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]] = {
    "duty.changed": _said,
    "duty.reminded": lambda data, names: _("a duty of ours is due soon; only we see this line"),
    "duty.goes_on": lambda data, names: _("a duty of ours goes on: closing stops no clock; only we see this line"),
    "duty.overdue": lambda data, names: _("a duty of ours is overdue; only we see this line"),
}
