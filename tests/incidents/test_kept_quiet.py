"""What could give away an incident that is kept from somebody: the record of wide reads, a link that is named, a row
put into the tables by hand. Ashbourne leads, Northgate provides, Dunmere is left out, Gravenhurst is the stranger."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from incidents.fanout import Joining, add_sides
from incidents.left_untold import LeftUntold
from incidents.models import Incident, Untold
from incidents.moving import propose_link
from incidents.rewalk_due import rewalk_due
from incidents.widening import add_participants
from portal import clock
from tests.api.asking import send
from tests.notifications.stage import Stage, as_worker
from tests.partners.raw import entered, refused

pytestmark = pytest.mark.django_db(transaction=True)

LEFT = (LeftUntold("dunmere", "Its duty manager is the one we suspect"),)
TOLD_OF_ALL = {"ashbourne", "brackenfield", "coldharbour", "eastwick", "fernleigh", "northgate"}


def system(stage: Stage, slug: str) -> str:
    ((pk,),) = stage.owner("SELECT id FROM partners_sharedsystem WHERE slug = %s", [slug])
    return str(pk)


def half_cut(stage: Stage) -> None:
    """Whoever wants to know whether something goes on says that it has cut its end: the job walks again."""
    stage.owner(
        "UPDATE partners_dependency SET cut_target_at = now() WHERE target_id = %s", [system(stage, "finance-ledger")]
    )
    with as_worker():
        assert rewalk_due() == 1


def wide_reads(stage: Stage) -> set[tuple[str, str, str]]:
    """Reason, kind of actor and reader of every wide read so far; each is for one reader."""
    rows = stage.owner("SELECT data ->> 'reason', actor_kind, audience FROM ledger_event WHERE kind = 'estate.read'")
    of_id = {pk: slug for slug, pk in stage.ids.items()}
    return {(reason, by, of_id[reader]) for reason, by, (reader,) in rows}


def test_while_one_is_left_untold_the_participants_alone_read_of_a_walk(stage, api_of):
    body = {"title": "x", "systems": ["identity-platform"]}
    untold = [{"organisation": "dunmere", "because": "It may be the intruder"}]
    assert send(api_of("ashbourne"), "post", "/incidents/", {**body, "untold": untold}).status_code == 201
    opened = wide_reads(stage)
    assert opened == {("opening", "key", slug) for slug in TOLD_OF_ALL}
    half_cut(stage)
    assert wide_reads(stage) - opened == {("walking-again", "system", slug) for slug in TOLD_OF_ALL}
    with stage.acting("ashbourne") as actor:
        incident = Incident.objects.get()
        add_participants(incident_id=incident.pk, organisations=["dunmere"], because="told", actor=actor)
    stage.owner("UPDATE partners_dependency SET cut_target_at = NULL")
    with as_worker():
        rewalk_due()
    assert ("walking-again", "system", "dunmere") in wide_reads(stage), "told, it reads what anybody reads"


def test_of_a_suspicion_those_in_it_alone_read_of_a_walk(stage):
    stage.opens(suspected=True)
    half_cut(stage)
    of_both = (("opening", "key"), ("walking-again", "system"))
    assert wide_reads(stage) == {(*each, slug) for each in of_both for slug in ("ashbourne", "northgate")}


def named(client, incident: Incident, source: str, to: str):
    address = reverse("incident-radius-say", args=[incident.reference])
    return client.post(address, {"act": "name", "source": source, "to": to})


def test_no_link_is_named_at_an_end_of_one_that_is_left_untold(stage, client_of):
    incident = stage.opens(untold=LEFT)
    count = "SELECT count(*) FROM partners_dependency"
    before = stage.owner(count)
    lead = client_of("ashbourne", fresh=True)
    ends = (
        ("identity-platform", "Dunmere"),
        ("finance-ledger", "Parking permits"),
        ("identity-platform", "Finance ledger"),
    )
    for source, to in ends:
        answer = named(lead, incident, system(stage, source), to)
        assert answer.status_code == 409
        assert "left untold and would read of it: tell it first." in answer.content.decode()
    assert stage.owner(count) == before
    told = "SELECT count(*) FROM partners_workitem WHERE organisation_id = %s AND kind = 'link.named'"
    assert stage.owner(told, [stage.ids["dunmere"]]) == [(0,)]
    assert named(lead, incident, system(stage, "identity-platform"), "Parking permits").status_code == 302


def test_no_proposal_counts_at_an_end_of_one_that_is_left_untold(stage, client_of):
    incident = stage.opens(untold=(LeftUntold("northgate", "Its own people may be the intruder"),))
    with stage.as_person("brackenfield", fresh=True):
        propose_link(incident, source=system(stage, "identity-platform"), words="Our scanner uses it")
    ((claim,),) = stage.owner("SELECT id FROM incidents_linkclaim")
    count = {"act": "count", "claim": str(claim)}
    lead, address = client_of("ashbourne", fresh=True), reverse("incident-radius-say", args=[incident.reference])
    answer = lead.post(address, count)
    assert answer.status_code == 409
    assert "tell it first" in answer.content.decode()
    assert stage.owner("SELECT state FROM incidents_linkclaim") == [("proposed",)]


def put(incident_id: UUID, stage: Stage, slug: str) -> None:
    role = "lead" if slug == "ashbourne" else "participant"
    joining = Joining(stage.ids[slug], slug, slug, "council", role, False, "direct", 0, "so")
    with transaction.atomic(using="default"):
        add_sides(Incident.objects.get(pk=incident_id), [joining], now=clock.now())


INSERT = (
    "INSERT INTO incidents_untold (id, incident_id, organisation_id, slug, name, exposure, path, because, at)"
    " VALUES (gen_random_uuid(), %s, %s, 'x', 'x', 'none', 'x', 'x', now())"
)


def test_the_lead_makes_no_way_in_by_hand(stage, cast):
    incident = stage.opens(untold=LEFT)
    gravenhurst, empty = stage.ids["gravenhurst"], uuid4()
    with stage.acting("ashbourne"):
        made = Incident.objects.get(pk=incident.pk)
        made.pk, made.reference, made.participants = empty, "INC-EMPTY", [stage.ids["ashbourne"]]
        made.overseers, made.deputy_lead_id = made.participants, None
        made.save(force_insert=True)
        put(empty, stage, "ashbourne")
        with pytest.raises(DatabaseError) as found:
            put(empty, stage, "gravenhurst")  # before there is any radius
    assert isinstance(found.value.__cause__, psycopg.errors.InsufficientPrivilege)
    with entered(cast.visitor("ashbourne", fresh=True).ticket) as lead:
        assert refused(lead, INSERT, [incident.pk, gravenhurst]) == "42501"
        assert refused(lead, INSERT, [incident.pk, stage.ids["eastwick"]]) == "42501", "after the opening"
    with stage.acting("ashbourne"):
        assert Untold.objects.update(told_at=clock.now()) == 1
        assert Untold.objects.update(told_at=None) == 0
        assert Untold.objects.get().told_at is not None


def test_nobody_reads_the_register_quietly_without_the_incident(stage, cast):
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="to open an incident that is kept from somebody"),
        entered(cast.visitor("ashbourne").ticket, commits=True) as lead,
    ):
        lead.execute("SELECT sec.edges_quietly(sec.my_systems(), gen_random_uuid())")
    assert wide_reads(stage) == set()


def test_no_link_is_named_in_a_suspicion_that_others_would_read_of(stage, client_of):
    incident = stage.opens(suspected=True)
    count = "SELECT count(*) FROM partners_dependency"
    before = stage.owner(count)
    lead = client_of("ashbourne", fresh=True)
    for to in ("Dunmere", "Finance ledger", "A new scanner"):  # others stand on the platform, too
        answer = named(lead, incident, system(stage, "identity-platform"), to)
        assert answer.status_code == 409, to
        assert "only suspected" in answer.content.decode()
    assert stage.owner(count) == before
    assert stage.owner("SELECT 1 FROM partners_workitem WHERE kind = 'link.named'") == []
