"""The list of incidents narrowed to a state: an address of its own, and no incident of others in any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_state_lists_its_own_and_an_unknown_one_lists_all(stage: Stage, client_of: Callable[..., Any]) -> None:
    running, suspected = stage.opens(), stage.opens(suspected=True)
    over = stage.opens()
    stage.owner(
        "UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now() WHERE id = %s",
        [over.pk],
    )

    def listed(slug: str, query: str) -> set[str]:
        shown = client_of(slug).get(f"/incidents/{query}")
        assert shown.status_code == 200
        page = shown.content.decode()
        return {each.reference for each in (running, suspected, over) if f"/incidents/{each.reference}/" in page}

    everything = {running.reference, suspected.reference, over.reference}
    assert listed("ashbourne", "") == everything
    assert listed("ashbourne", "?state=open") == {running.reference}
    assert listed("ashbourne", "?state=suspected") == {suspected.reference}
    assert listed("ashbourne", "?state=closed") == {over.reference}
    assert listed("ashbourne", "?state=closed&kind=exercise") == set()
    assert listed("ashbourne", "?state=nonsense") == everything
    assert listed("dunmere", "") == {running.reference, over.reference}
    assert listed("dunmere", "?state=suspected") == set()
    assert listed("gravenhurst", "?state=open") == set()
