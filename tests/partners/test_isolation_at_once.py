"""B13 at small size: everything of an organisation ends within a second of the approving COMMIT, and nobody else's."""

from __future__ import annotations

import pytest

from scripts.prove.isolation import BOUND_MS, Size, run

SMALL = Size(sockets=50, keys=5, connections=5, events=12_000, again_for=5.0)


@pytest.fixture
def facts(fresh_product, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return run(fresh_product.url, fresh_product.live_url, fresh_product.database_url, SMALL)


def test_cut_off_under_load_nothing_works_a_second_later(facts):
    assert facts["requests_before"] > SMALL.keys
    assert facts["statements_before"] > 100
    assert facts["attempts"] > 100
    assert facts["failures"] == facts["statements_after"] == facts["requests_after"] == 0
    assert facts["sockets_closed"] == SMALL.sockets
    assert facts["sockets_closed_after_ms"] <= BOUND_MS
    assert facts["wrong"] == []
