"""That a situation report is shared, in words for the feed of those who read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

FEED: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]] = {
    "situation_report.shared": lambda data, names: _("shares a situation report (M/ETHANE)"),
    "situation_report.unshared": lambda data, names: _("no longer shares a situation report"),
}
