"""How a link reads in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from partners.models import Dependency

BARRIER_CSS = {"none": "known", "claimed": "claimed", "tested": "stops"}


def barrier_words(edge: Dependency) -> str:
    if edge.barrier == "tested" and edge.tested_on:
        return _("tested on %(day)s") % {"day": f"{edge.tested_on:%-d %B %Y}"}
    return str(
        {"none": _("none recorded"), "claimed": _("claimed, never tested"), "tested": _("test not dated")}[edge.barrier]
    )


def cut_words(edge: Dependency) -> str:
    if edge.cut_source_at and edge.cut_target_at:
        return _("cut by both ends")
    return _("one end says cut") if edge.cut_source_at or edge.cut_target_at else _("in use")
