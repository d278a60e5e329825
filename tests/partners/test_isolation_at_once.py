"""B13 at small size: everything of an organisation ends within a second of the approving COMMIT, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from scripts.prove.isolation import BOUND_MS, Size, of_guesses, run
from scripts.prove.listening import Tool, a_tool

SMALL = Size(sockets=50, keys=5, connections=5, events=12_000, again_for=5.0)


@pytest.fixture(scope="module")
def tool() -> Iterator[Tool]:
    """Served before the product starts, which may call it."""
    with a_tool() as tool:
        yield tool


@pytest.fixture
def facts(tool, fresh_product, django_db_setup, django_db_blocker) -> dict[str, Any]:
    with django_db_blocker.unblock():
        return run(fresh_product.url, fresh_product.live_url, fresh_product.database_url, tool, SMALL)


def test_cut_off_under_load_nothing_works_a_second_later(facts):
    assert facts["requests_before"] > SMALL.keys
    assert facts["statements_before"] > 100
    assert facts["attempts"] > 100
    assert facts["failures"] == facts["statements_after"] == facts["requests_after"] == 0
    assert facts["sockets_closed"] == SMALL.sockets
    assert facts["sockets_closed_after_ms"] <= BOUND_MS
    assert facts["webhooks_before"] > 0
    assert facts["webhooks_after"] == 0
    assert facts["webhooks_held"] > 0, "what happens meanwhile waits"
    assert facts["webhooks_came_back"], "and comes when it is lifted"
    assert facts["others_webhooks_after"] > 0
    assert facts["download_ended_after_ms"] <= BOUND_MS
    assert facts["wrong"] == []


def test_each_line_says_how_many_failures_there_were():
    found = {"attempts": 7, "accepted": 0, "owner_signed_in": True}
    assert of_guesses(found) == {"name": "B20", "failures": 0, **found}
    assert of_guesses({**found, "accepted": 2})["failures"] == 2
    assert of_guesses({**found, "owner_signed_in": False})["failures"] == 1
