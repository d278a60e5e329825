from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests import servers
from tests.cast import Cast
from tests.gates import opened
from tests.gates.access_sights import put_finding


@pytest.fixture(scope="session")
def world(django_db_setup: None, django_db_blocker: Any, cast: Cast) -> Iterator[opened.World]:
    """Two incidents in a database of their own, made once for a worker. Whatever a test changes it puts back."""
    with django_db_blocker.unblock():
        yield opened.arrange(cast)
    servers.drop(opened.DATABASE)


@pytest.fixture
def waiting_finding(cast: Any, owner_url: str) -> Iterator[UUID]:
    """A finding that waits for Ashbourne."""
    made = put_finding(owner_url)
    yield made
    with psycopg.connect(owner_url) as owner:
        owner.execute("DELETE FROM monitoring_finding WHERE id = %s", [made])
