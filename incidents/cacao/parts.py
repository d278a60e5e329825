"""Small things that stand in many places of a CACAO document: ids, times, references, variables, extensions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from incidents.cacao.notes import Notes, Place

ID = re.compile(
    r"(?P<type>[a-z][a-z0-9-]+[a-z0-9])--[0-9a-f]{8}-[0-9a-f]{4}-(?P<version>[1-5])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    re.IGNORECASE,
)
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(\.\d+)?Z", re.ASCII)
# Bounded: else a text of many beginnings and no end would be read from each of them to its end.
VARIABLE_VALUE = re.compile(r"(__[a-zA-Z][a-zA-Z0-9_-]{0,200}?__):value")


def check_id(value: Any, place: Place, notes: Notes, kind: str | None = None) -> None:
    """An identifier (section 10.10): the object's type, two hyphens, a UUID."""
    match = ID.fullmatch(value) if isinstance(value, str) else None
    if match is None or (kind and match["type"] != kind):
        notes.error(place, f"This must be an identifier such as {kind or 'type'}--, followed by a UUID.")


def check_instant(value: str, place: Place, notes: Notes) -> datetime | None:
    """A timestamp (section 10.17): RFC 3339 in UTC. Fewer or more than three decimals are accepted with a warning."""
    match = INSTANT.fullmatch(value)
    try:
        # RFC 3339 knows leap seconds, Python's datetime does not.
        moment = datetime.fromisoformat(f"{match[1]}{min(int(match[2]), 59):02}+00:00") if match else None
    except ValueError:
        moment = None
    if match is None or moment is None or int(match[2]) > 60:
        notes.error(place, "This must be a time in UTC such as 2026-09-14T09:00:00.000Z.")
        return None
    decimals = (match[3] or ".")[1:]
    if len(decimals) != 3:
        notes.warn(place, "Times should have exactly three decimals.")
    return moment.replace(microsecond=int(decimals[:6].ljust(6, "0")))


def check_described(value: dict[str, Any], place: Place, notes: Notes) -> None:
    if value.get("description") == "":
        notes.warn((*place, "description"), "The description is empty.")


def check_references(references: list[Any], place: Place, notes: Notes) -> None:
    """External references name at least one thing more than their name."""
    for at, each in enumerate(references):
        if not each.keys() & {"description", "source", "url", "external_id", "reference_id"}:
            notes.error((*place, at), "An external reference needs a description, source, url or id beside its name.")


def check_names(variables: dict[str, Any], place: Place, notes: Notes) -> None:
    """Section 10.18: a letter follows the two underscores, which the schema forgets."""
    for name in variables:
        if name.startswith("___"):
            notes.warn((*place, name), "A letter should follow the first two underscores.")


def check_extensions(document: dict[str, Any], used: dict[str, Any], place: Place, notes: Notes) -> None:
    for key in used:
        if key not in document.get("extension_definitions", {}):
            notes.error((*place, key), "This extension is not defined in extension_definitions.")


def variables_in(text: str) -> set[str]:
    """The names of the variables that a condition or a switch asks about; a switch may leave `:value` out."""
    found = {match[1] for match in VARIABLE_VALUE.finditer(text)}
    plain = re.fullmatch(r"__[a-zA-Z][a-zA-Z0-9_-]*__", text.strip())
    return found or ({plain[0]} if plain else set())
