"""The tools whose alerts are understood, by the last part of their address."""

from monitoring.tools import alertmanager, elastic, generic, ocsf, sentinel
from monitoring.tools.shape import Tool

TOOLS: dict[str, Tool] = {each.TOOL.slug: each.TOOL for each in (alertmanager, sentinel, elastic, ocsf, generic)}

__all__ = ["TOOLS", "Tool"]
