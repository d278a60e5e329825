"""Incidents linked as one campaign: whoever sees both reads it, and by one of them nobody learns of the other."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from incidents.models import CampaignLink, Incident
from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(cast, inside) -> tuple[Incident, Incident]:
    """File services reaches most councils; planning search is of Coldharbour and Gravenhurst."""
    with inside("coldharbour"):
        actor = actor_of(cast.visitor("coldharbour"))
        wide = open_incident(Opening(title="Files", systems=("file-services",)), actor=actor)
        narrow = open_incident(Opening(title="Planning", systems=("planning-search",)), actor=actor)
        return Incident.objects.get(pk=wide.pk), Incident.objects.get(pk=narrow.pk)


def page(client, incident: Incident) -> str:
    return client.get(f"/incidents/{incident.reference}/campaign/").content.decode()


def test_each_reader_sees_a_link_only_when_both_ends_are_theirs(two, cast, client_of, inside):
    wide, narrow = two
    client = client_of("coldharbour")
    address = f"/incidents/{wide.reference}/campaign/"
    assert client.post(address, {"incident": narrow.reference, "name": "Autumn"}).status_code == 302
    again = client.post(address, {"incident": narrow.reference, "name": "Winter"})
    assert again.status_code == 422, "it is no choice any more"
    in_wide, in_narrow = ({org for org in cast.members if cast.id(org) in each.participants} for each in two)
    assert "gravenhurst" in in_narrow - in_wide
    assert "ashbourne" in in_wide - in_narrow
    for slug in sorted(in_wide & in_narrow):
        assert "Autumn" in page(client_of(slug), wide)
        assert narrow.reference in page(client_of(slug), wide)
    for slug, own in (("ashbourne", wide), ("gravenhurst", narrow)):
        other = narrow if own is wide else wide
        shown = page(client_of(slug), own)
        assert "Autumn" not in shown
        assert other.reference not in shown
        assert "linked with no incident" in shown
        with inside(slug):
            assert CampaignLink.objects.count() == 0
            assert not Event.objects.filter(kind__startswith="campaign").exists()
    assert client_of("ashbourne").get(f"/incidents/{narrow.reference}/campaign/").status_code == 404


def test_nobody_links_what_they_do_not_see_and_its_maker_alone_takes_it_back(two, cast, client_of, inside):
    wide, narrow = two
    sneaky = client_of("ashbourne").post(
        f"/incidents/{wide.reference}/campaign/", {"incident": narrow.reference, "name": "Fishing"}
    )
    assert sneaky.status_code == 422
    assert narrow.title not in sneaky.content.decode()
    one, other = sorted((wide.pk, narrow.pk))
    with inside("ashbourne"), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        CampaignLink.objects.create(
            one_id=one, other_id=other, name="x", made_by_id=cast.id("ashbourne"), at=wide.opened_at
        )
    address = f"/incidents/{narrow.reference}/campaign/"
    client = client_of("coldharbour")
    client.post(address, {"incident": wide.reference, "name": "Autumn"})
    with inside("coldharbour"):
        made = CampaignLink.objects.get()
    assert (
        client_of("ashbourne").post(f"/incidents/{wide.reference}/campaign/", {"unlink": str(made.pk)}).status_code
        == 404
    )
    assert client_of("coldharbour", "responder").post(address, {"unlink": str(made.pk)}).status_code == 403
    assert client.post(address, {"unlink": str(made.pk)}).status_code == 302
    with inside("coldharbour"):
        assert not CampaignLink.objects.exists()
        kinds = list(Event.objects.filter(kind__startswith="campaign").values_list("kind", "incident_id"))
        assert sorted(kinds) == [("campaign.linked", None), ("campaign.unlinked", None)]
