"""Reading a foreign JSON document: every look asks for a type, and what is wrong is said with its pointer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from monitoring.advisories.normal import Refused

LONGEST_TEXT = 4000
MOST_ITEMS = 50_000
CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")


def text(holder: Any, name: str, where: str, *, default: str | None = None, longest: int = LONGEST_TEXT) -> str:
    """A text of one line or several; longer ones are cut. Without `default` it must be there and not empty."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise Refused(f"{where}/{name}: a text is wanted.")
    return "".join(sign for sign in value[:longest] if sign.isprintable() or sign in "\n\t").strip()


def items(holder: Any, name: str, where: str, *, wanted: bool = False, most: int = MOST_ITEMS) -> list[Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    if value is None and not wanted:
        return []
    if not isinstance(value, list):
        raise Refused(f"{where}/{name}: a list is wanted.")
    if len(value) > most:
        raise Refused(f"{where}/{name}: {len(value)} entries are more than {most}.")
    return value


def part(holder: Any, name: str, where: str, *, wanted: bool = False) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    if value is None and not wanted:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"{where}/{name}: an object is wanted.")
    return value


def instant(holder: Any, name: str, where: str, *, wanted: bool = True) -> datetime | None:
    """An aware instant; one without a zone is UTC, as NVD writes it."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if value is None and not wanted:
        return None
    try:
        found = datetime.fromisoformat(value)  # type: ignore[arg-type]  # what is no text is refused below
    except (TypeError, ValueError):
        raise Refused(f"{where}/{name}: a time as in 2026-03-14T02:05:00Z is wanted.") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 1990 <= found.year <= 2200:
        raise Refused(f"{where}/{name}: the year {found.year} cannot be right.")
    return found.astimezone(UTC)


def wanted_instant(holder: Any, name: str, where: str) -> datetime:
    found = instant(holder, name, where)
    assert found is not None
    return found


def day(holder: Any, name: str, where: str) -> str:
    """A date as it stands there, or ''."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if value is None:
        return ""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except (TypeError, ValueError):
        raise Refused(f"{where}/{name}: a date as in 2026-03-14 is wanted.") from None


def web_address(value: Any) -> str:
    """The address when it is one that a page may link to, else ''."""
    if not isinstance(value, str) or len(value) > 2000 or re.search(r"[\s\"'<>\\]", value):
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in {"http", "https"} and parts.hostname else ""
