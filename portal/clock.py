"""The one place that tells the time to Python code. What is due is compared in PostgreSQL with its own `now()`."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)
