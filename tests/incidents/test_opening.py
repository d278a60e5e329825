"""Opening an incident, from the demonstration's own facts."""

from __future__ import annotations

import pytest

from incidents.models import Duty, Incident, Participant, Standing, Task
from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from portal.ledger.models import StreamEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(cast, inside):
    with inside("ashbourne"):
        return open_incident(
            Opening(title="Breach", systems=("identity-platform",)), actor=actor_of(cast.visitor("ashbourne"))
        )


def test_everybody_in_reach_takes_part_and_the_stranger_does_not(incident, inside):
    with inside("ashbourne"):
        sides = {side.slug: (side.role, side.exposure) for side in Participant.objects.filter(incident=incident)}
    assert sides == {
        "ashbourne": ("lead", "direct"),
        "brackenfield": ("participant", "direct"),
        "coldharbour": ("participant", "direct"),
        "northgate": ("provider", "direct"),
        "dunmere": ("participant", "reachable"),
        "eastwick": ("participant", "reachable"),
        "fernleigh": ("participant", "reachable"),
    }
    with inside("gravenhurst"):
        for model in (Incident, Participant, Standing, Task, Duty, StreamEntry):
            assert model.objects.count() == 0


def test_a_partner_sees_its_own_side_and_the_others_in_one_word(incident, inside):
    with inside("dunmere"):
        assert [side.slug for side in Participant.objects.all()] == ["dunmere"]
        assert {task.organisation.slug for task in Task.objects.select_related("organisation")} == {"dunmere"}
        assert Standing.objects.count() == 7
        assert set(Standing.objects.values_list("word", flat=True)) == {"acting"}
        assert [duty.organisation.slug for duty in Duty.objects.select_related("organisation")] == ["dunmere"]


def test_each_organisation_gets_the_steps_of_its_audience(incident, inside):
    with inside("northgate"):
        tasks: dict[str, set[int]] = {}
        for slug, position in Task.objects.values_list("organisation__slug", "position"):
            tasks.setdefault(slug, set()).add(position)
    assert tasks["northgate"] == {1, 2, 4, 5, 6, 8, 9}
    assert tasks["dunmere"] == {1, 2, 3, 4, 7, 10, 11, 12}
    assert tasks["ashbourne"] == {1, 2, 3, 4, 7, 10, 11, 12, 13}
