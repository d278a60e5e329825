from __future__ import annotations

from tests.notifications.conftest import stage

__all__ = ["stage"]
