from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import servers
from tests.cast import Cast
from tests.gates import opened


@pytest.fixture(scope="session")
def world(django_db_setup: None, django_db_blocker: Any, cast: Cast) -> Iterator[opened.World]:
    """Two incidents in a database of their own, made once for a worker. Whatever a test changes it puts back."""
    with django_db_blocker.unblock():
        yield opened.arrange(cast)
    servers.drop(opened.DATABASE)
