"""How a log is to be read, as one text that a worker finds beside the rest of a body: `csv?columns=at%3DTime`."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

from monitoring.records.reading import Reader, reader_of


def spec_of(format_name: str, *, zone: str = "UTC", columns: str = "") -> str:
    said = {name: value for name, value in (("zone", zone), ("columns", columns)) if value not in ("", "UTC")}
    return f"{format_name}?{urlencode(said)}" if said else format_name


def reader_from(spec: str) -> Reader:
    """The reader that a spec means.

    Raises:
        ValueError: no such format or zone.
    """
    format_name, _, said = spec.partition("?")
    found = {name: values[0] for name, values in parse_qs(said).items()}
    pairs = (pair.partition("=") for pair in found.get("columns", "").split(",") if pair)
    mapping = {field.strip(): column.strip() for field, _, column in pairs}
    return reader_of(format_name, mapping=mapping or None, zone=found.get("zone", "UTC"))
