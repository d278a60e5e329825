"""What forwarders put around a record."""

from __future__ import annotations

from monitoring.records.objects import Doc


def without_envelope(doc: Doc, *own: str) -> Doc:
    """The record in `{"event": {…}}`, as collectors send it; the object itself when it has a key of its `own`."""
    inner = doc.get("event")
    if isinstance(inner, dict) and not any(key in doc for key in own):
        return inner
    return doc
