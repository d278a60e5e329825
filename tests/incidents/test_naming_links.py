"""A link that nobody knew, named in one line in the middle of an incident; and the way to *Why am I here*."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.models import Incident, Participant
from incidents.rewalk_due import rewalk_due
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def names(client, stage: Stage, incident: Incident, to: str, *, source: str = "identity-platform"):
    ((pk,),) = stage.owner("SELECT id FROM partners_sharedsystem WHERE slug = %s", [source])
    address = reverse("incident-radius-say", args=[incident.reference])
    return client.post(address, {"act": "name", "source": str(pk), "to": to})


def test_an_organisation_is_found_by_its_name_however_it_is_typed_and_joins(stage, incident, client_of):
    assert names(client_of("ashbourne", fresh=True), stage, incident, " gravenhurst ").status_code == 302
    with as_worker():
        assert rewalk_due() == 1
    with stage.acting("gravenhurst"):
        assert Participant.objects.filter(incident=incident, slug="gravenhurst").exists()


def test_a_name_that_the_register_lacks_becomes_a_system(stage, incident, client_of):
    assert names(client_of("ashbourne", fresh=True), stage, incident, "Parking permits").status_code == 302
    made = stage.owner(
        "SELECT d.kind, d.reviewed_on FROM partners_dependency d JOIN partners_sharedsystem s ON s.id = d.target_id"
        " WHERE s.name = 'Parking permits'"
    )
    assert made == [("unknown", None)]


@pytest.mark.parametrize(
    ("to", "status", "says"),
    [
        ("", 422, "Write where the link leads"),
        ("x" * 121, 422, "at most 120 characters"),
        ("Email\0", 422, "without odd signs"),
        ("Identity platform", 409, "A link has two ends."),
        ("File services", 409, "That link is in the register already."),
        ("Ashbourne", 409, "It uses that system already."),
    ],
)
def test_a_refusal_stands_at_the_form_and_what_was_typed_is_kept(stage, incident, client_of, to, status, says):
    before = stage.owner("SELECT count(*) FROM partners_dependency")
    answer = names(client_of("ashbourne", fresh=True), stage, incident, to)
    page = answer.content.decode()
    assert answer.status_code == status
    assert says in page
    assert ".." not in says
    assert 'id="name-to-error"' in page
    assert f'value="{to[:120]}"'.replace("\0", "") in page.replace("\0", "")
    assert stage.owner("SELECT count(*) FROM partners_dependency") == before


@pytest.mark.parametrize("slug", ["dunmere", "gravenhurst"])
def test_who_does_not_oversee_the_incident_finds_no_such_page(stage, incident, client_of, slug):
    assert names(client_of(slug, fresh=True), stage, incident, "Gravenhurst").status_code == 404


def test_my_tasks_lead_to_the_links_that_brought_one_in(stage, incident, client_of):
    why = reverse("incident-participant", args=[incident.reference, "dunmere"])
    assert why in client_of("dunmere").get(reverse("my-tasks")).content.decode()
    page = client_of("dunmere").get(why).content.decode()
    assert "Last reviewed" in page
    assert "This is wrong" in page
    assert "organisations/" not in client_of("gravenhurst").get(reverse("my-tasks")).content.decode()
