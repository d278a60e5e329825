"""What waits behind *More* is counted in its name; a decision that is due stands on the pages of its organisation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from incidents.decisions.writing import Taken, write_decision
from incidents.planned_cuts.planning import plan_cut
from portal import clock
from tests.incidents.test_planned_cuts import plan
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
DUE = "A decision is due for review: Telecare goes by mobile network."


def test_a_cut_to_answer_and_a_decision_to_review_are_counted_where_they_wait(stage: Stage, inside, client_of):
    incident = stage.opens()
    board, more = (reverse(f"incident-{each}", args=[incident.reference]) for each in ("board", "more"))
    with inside("northgate"):
        plan_cut(incident, plan(stage, incident))
    with inside("brackenfield"):
        write_decision(incident, Taken(
            known="The platform is attacked.", options="Wait, or switch.", decision="Telecare goes by mobile network.",
            why="Lives.", decided_by="Ann Lowe", decided_role="Director", decided_at=clock.now() - timedelta(hours=2),
            review_at=clock.now() + timedelta(hours=1),
        ))  # fmt: skip
    assert "More: 1 to answer" in client_of("brackenfield").get(board).content.decode()
    stage.owner("UPDATE incidents_logentry SET review_at = now() - interval '1 minute'")
    theirs = client_of("brackenfield")
    assert "More: 2 waiting" in theirs.get(board).content.decode()
    for path in (board, reverse("my-tasks")):
        assert DUE in theirs.get(path).content.decode()
    behind = theirs.get(more).content.decode()
    assert "Planned cuts: 1 to answer" in behind
    assert "Decision log: 1 to review" in behind
    # The lead is asked about the cut alone, Dunmere about nothing; the stranger has no such page.
    assert "More: 1 to answer" in client_of("ashbourne").get(board).content.decode()
    for slug in ("ashbourne", "northgate", "dunmere"):
        assert DUE not in client_of(slug).get(board).content.decode(), slug
        assert "to review" not in client_of(slug).get(more).content.decode(), slug
    assert "to answer" not in client_of("dunmere").get(more).content.decode()
    assert client_of("gravenhurst").get(more).status_code == 404
