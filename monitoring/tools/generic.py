"""Any tool that sends JSON: one alert, or several in `alerts`. A rule says where to read what."""

from __future__ import annotations

from typing import Any

from monitoring.tools.shape import Document, Reading, Tool, link, listed, refuse, word


def split(body: Document) -> list[dict[str, Any]]:
    if "alerts" in body:
        return listed(body, "alerts")
    if not body:
        raise refuse("", "An alert has at least one field.")
    return [dict(body)]


def read(alert: Document) -> Reading:
    """How it calls itself; without a rule nothing more is known of it."""
    return Reading(
        title=word(*(alert.get(name) for name in ("title", "name", "message", "summary"))) or "Alert",
        link=link(alert.get("url"), alert.get("link")),
    )


TOOL = Tool("generic", "", "tool", split, read)
