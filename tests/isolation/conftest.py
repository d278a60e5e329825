from __future__ import annotations

from typing import Any

import pytest

from tests.isolation.two import Two


@pytest.fixture
def two(cast: Any, inside: Any) -> Two:
    return Two(cast, inside)
