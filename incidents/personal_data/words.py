"""What happened to positions, notices and reports, in words for the feed: that there is something, never what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

Data = Mapping[str, Any]
Words = Callable[[Data, Mapping[str, str]], str]


def _to(data: Data, names: Mapping[str, str]) -> dict[str, str]:
    return {"name": names.get(data["organisation"], data["organisation"])}


FEED: dict[str, Words] = {
    "data_position.said": lambda data, names: _("has said how things stand with personal data"),
    "data_position.shared": lambda data, names: _("shares how things stand with personal data"),
    "data_position.unshared": lambda data, names: _("no longer shares how things stand with personal data"),
    "data_notice.sent": lambda data, names: (
        (
            _("has sent %(name)s a corrected notice of its data")
            if data["corrects"]
            else _("has sent %(name)s a notice of its data")
        )
        % _to(data, names)
    ),
    "data_notice.acknowledged": lambda data, names: _("has acknowledged the notice of its data"),
    "data_notice.reminded": lambda data, names: _("%(name)s was reminded of a notice of its data") % _to(data, names),
    "data_notice.overdue": lambda data, names: (
        _("%(name)s has not acknowledged a notice of its data in time") % _to(data, names)
    ),
    "data_notice.unreached": lambda data, names: (
        _("nobody at %(name)s could be reached about a notice of its data; ring them") % _to(data, names)
    ),
    "outside_report.written": lambda data, names: _("has written down that a body outside was told"),
    "outside_report.shared": lambda data, names: _("shares that a body outside was told"),
    "outside_report.unshared": lambda data, names: _("no longer shares that a body outside was told"),
}
