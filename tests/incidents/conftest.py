from __future__ import annotations

from tests.incidents.signing import signed, small
from tests.notifications.conftest import stage

__all__ = ["signed", "small", "stage"]
