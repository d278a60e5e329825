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


def test_a_suspicion_tells_whoever_the_form_names(cast, client_of, inside):
    people = {role: person for person, _name, role in cast["ashbourne"].people}
    answer = client_of("ashbourne").post(
        "/incidents/open/",
        {
            "systems": ["identity-platform"],
            "title": "Odd sign-ins",
            "playbook": "shared-platform-containment",
            "tell_people": [str(people["approver"])],
            "step": "suspected",
        },
    )
    assert answer.status_code == 302
    with inside("ashbourne"):
        incident = Incident.objects.get()
        assert incident.status == "suspected"
        assert set(incident.tell_people) == {people["approver"], cast.visitor("ashbourne").person_id}
        assert {side.slug for side in Participant.objects.all()} == {"ashbourne", "northgate"}
    with inside("dunmere"):
        assert Incident.objects.count() == 0


def test_the_form_offers_ones_own_people_alone(cast, client_of):
    page = client_of("ashbourne").get("/incidents/open/").content.decode()
    assert "Samuel Osei" in page
    assert all(name not in page for _pk, name, _role in cast["dunmere"].people)
