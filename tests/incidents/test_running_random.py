"""Random playbooks on the real database; the full number of runs is `make prove-playbooks`."""

from __future__ import annotations

import pytest

from tests.notifications.stage import Stage
from tests.proving_runs import prove


@pytest.mark.django_db(transaction=True)
def test_random_runs_on_the_database_go_as_the_rules_written_by_hand(stage: Stage, monkeypatch):
    # A look waits for every transaction of the whole server, so for another test's too; late ones come with the next.
    monkeypatch.setattr("incidents.advance.PATIENCE_SECONDS", 0.1)
    # 4257: a refusal is taken back, and the lead goes on without it before it is answered anew. 491: a step that some
    # went ahead of runs out of time, and the run goes another way.
    proof = prove(stage, [4257, 491, *range(24)], seconds=25)
    assert proof.failures == []
    assert proof.attempts >= 5
    assert proof.counts["kills"] > proof.attempts
    assert proof.counts["repeats"] > 0
    assert proof.counts["ask"] > 0
