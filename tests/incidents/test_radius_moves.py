"""The radius of an open incident moves: a cut by both ends, a newcomer, versions; by real commits and the worker."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from incidents import rewalk_due as job
from incidents.models import Clearing, Incident, LinkClaim, LinkDispute, Participant, RadiusVersion, Standing, Task
from incidents.rewalk import ask_again, current_document
from incidents.rewalk_due import rewalk_due
from portal.ledger.stream import events_after
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
CUT = {"act": "cut", "words": "The nightly file carried the intruder"}


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


@pytest.fixture
def link(stage: Stage) -> str:
    ((pk,),) = stage.owner(
        "SELECT d.id FROM partners_dependency d JOIN partners_sharedsystem s ON s.id = d.target_id"
        " WHERE s.slug = 'finance-ledger'"
    )
    return str(pk)


def cuts(client_of, link: str, slug: str, end: str) -> None:
    answer = client_of(slug, fresh=True).post(f"/partners/links/{link}/moves/", {"end": end, **CUT})
    assert answer.status_code == 302


def walks() -> int:
    with as_worker():
        return rewalk_due()


def versions(stage: Stage, incident: Incident, slug: str = "ashbourne") -> list[RadiusVersion]:
    with stage.acting(slug):
        return list(RadiusVersion.objects.filter(incident=incident))


def side(stage: Stage, incident: Incident, slug: str) -> Participant:
    with stage.acting(slug):
        return Participant.objects.get(incident=incident, slug=slug)


def test_a_cut_counts_when_both_ends_said_so_and_everybody_reads_the_truth(stage, incident, link, client_of):
    opening = versions(stage, incident)
    cuts(client_of, link, "northgate", "source")
    assert walks() == 1
    (half,) = versions(stage, incident)
    assert opening == []
    assert half.changed["half_cut"] == ["File services to Finance ledger"]
    assert half.changed["left"] == []
    assert "cut on one side" in side(stage, incident, "dunmere").because
    cuts(client_of, link, "dunmere", "target")
    assert walks() == 1
    _, whole = versions(stage, incident)
    assert [each["slug"] for each in whole.changed["left"]] == ["dunmere", "eastwick"]
    assert [each["by"] for each in whole.causes] == [["Dunmere", "Northgate IT Services"]]
    dunmere = side(stage, incident, "dunmere")
    assert dunmere.reach_ended_at == whole.at
    assert dunmere.exposure == "none"
    assert "was reachable until" in dunmere.because
    assert "when Dunmere and Northgate IT Services confirmed the cut" in dunmere.because
    with stage.acting("ashbourne"):
        opened = incident.participants
        incident.refresh_from_db()
        assert sorted(incident.participants) == sorted(opened), "whoever is out of reach goes on taking part"
        assert {each["slug"] for each in current_document(incident)["organisations"]}.isdisjoint(
            {"dunmere", "eastwick"}
        )
    ((opening_document,),) = stage.owner("SELECT document FROM incidents_radius WHERE incident_id = %s", [incident.pk])
    assert "dunmere" in {each["slug"] for each in opening_document["organisations"]}
    assert walks() == 0


def test_each_hears_its_own_sentence_and_the_overseers_hear_that_it_moved(stage, incident, link, client_of):
    heads = {}
    for slug in ("dunmere", "fernleigh", "ashbourne", "gravenhurst"):
        with stage.acting(slug):
            heads[slug] = events_after(0)["head"]
    cuts(client_of, link, "northgate", "source")
    cuts(client_of, link, "dunmere", "target")
    walks()
    heard = {}
    for slug, head in heads.items():
        with stage.acting(slug):
            heard[slug] = [
                event
                for event in events_after(head)["results"]
                if event["kind"] in {"radius.moved", "exposure.changed"}
            ]
    assert [event["kind"] for event in heard["ashbourne"]] == ["radius.moved"]
    assert heard["ashbourne"][0]["data"]["left"] == ["dunmere", "eastwick"]
    assert [event["data"]["exposure"] for event in heard["dunmere"]] == ["none"]
    assert heard["fernleigh"] == heard["gravenhurst"] == []


def test_contained_is_who_answered_and_is_reached_no_longer(stage, incident, link, client_of):
    with stage.acting("ashbourne"):
        task = Task.objects.filter(incident=incident, organisation_id=stage.ids["dunmere"]).earliest("position")
    assert client_of("dunmere").post(f"/tasks/{task.pk}/acknowledge/").status_code == 302
    cuts(client_of, link, "northgate", "source")
    cuts(client_of, link, "dunmere", "target")
    walks()
    with stage.acting("ashbourne"):
        words = dict(Standing.objects.filter(incident=incident).values_list("slug", "word"))
    assert words["dunmere"] == "contained"
    assert words["eastwick"] == "acting", "silence never reads as contained"


def test_connected_again_they_are_reachable_again(stage, incident, link, client_of):
    for slug, end in (("northgate", "source"), ("dunmere", "target")):
        cuts(client_of, link, slug, end)
    walks()
    stage.owner("UPDATE partners_dependency SET cut_source_at = NULL, cut_target_at = NULL WHERE id = %s", [link])
    assert walks() == 1
    dunmere = side(stage, incident, "dunmere")
    assert (dunmere.exposure, dunmere.distance, dunmere.reach_ended_at) == ("reachable", 2, None)
    assert [each["what"] for each in versions(stage, incident)[-1].causes] == ["reconnected"]


def test_a_new_link_in_the_register_lets_the_stranger_in_and_it_starts_at_zero(stage, incident):
    stage.owner(
        'INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group",'
        " barrier, reviewed_by, note) SELECT gen_random_uuid(), a.id, b.id, 'hosting', '', '', '', false, '', 'none',"
        " '', '' FROM partners_sharedsystem a, partners_sharedsystem b"
        " WHERE a.slug = 'file-services' AND b.slug = 'planning-search'"
    )
    assert walks() == 1
    gravenhurst = side(stage, incident, "gravenhurst")
    assert (gravenhurst.exposure, gravenhurst.told_at, gravenhurst.acknowledged_at) == ("reachable", None, None)
    assert gravenhurst.tasks_total == gravenhurst.tasks_waiting > 0
    with stage.acting("gravenhurst"):
        kinds = [event["kind"] for event in events_after(0)["results"]]
    assert "incident.backfill" in kinds
    assert "tasks.assigned" in kinds


def test_a_suspicion_walks_again_and_tells_nobody(stage, link, client_of):
    incident = stage.opens(suspected=True)
    before = dict(
        stage.owner("SELECT slug, joined_at FROM incidents_participant WHERE incident_id = %s", [incident.pk])
    )
    cuts(client_of, link, "dunmere", "target")
    assert walks() == 1
    assert len(versions(stage, incident)) == 1
    after = dict(stage.owner("SELECT slug, joined_at FROM incidents_participant WHERE incident_id = %s", [incident.pk]))
    assert before == after
    assert "dunmere" not in after
    assert stage.events("exposure.changed") == []


def test_the_lead_walks_again_and_finds_nothing_new(stage, incident):
    with stage.acting("ashbourne") as actor:
        assert ask_again(incident_id=incident.pk, actor=actor).number is None
    assert versions(stage, incident) == []
    assert walks() == 0


def test_killed_half_way_it_is_done_again_and_only_once(stage, incident, link, client_of, monkeypatch):
    cuts(client_of, link, "northgate", "source")
    cuts(client_of, link, "dunmere", "target")

    def killed(_incident: Incident) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, "settle_sides", killed)
        with pytest.raises(KeyboardInterrupt):
            walks()
    assert versions(stage, incident) == []
    assert side(stage, incident, "dunmere").exposure == "reachable"
    assert walks() == 0, "the claim of the killed worker still holds"
    stage.owner("UPDATE incidents_rewalk SET claimed_until = now() - interval '1 second'")
    assert walks() == 1
    assert len(versions(stage, incident)) == 1
    assert side(stage, incident, "dunmere").exposure == "none"
    assert walks() == 0
    assert len(versions(stage, incident)) == 1
    assert len([1 for data, _ in stage.events("exposure.changed") if data["organisation"] == "dunmere"]) == 1


def test_a_clearing_is_a_word_about_oneself_and_removes_no_link(stage, incident, client_of):
    with stage.acting("ashbourne"):
        before = current_document(incident)
    address = reverse("incident-participant-say", args=[incident.reference, "dunmere"])
    client = client_of("dunmere", fresh=True)
    assert client.post(address, {"act": "clear", "why": ""}).status_code == 422
    assert client.post(address, {"act": "clear", "why": "All accounts looked at by J. Hale"}).status_code == 302
    assert client.post(address, {"act": "clear", "why": "Again"}).status_code == 409
    assert side(stage, incident, "dunmere").exposure == "cleared"
    assert client_of("eastwick", fresh=True).post(address, {"act": "clear", "why": "For them"}).status_code == 404
    with stage.acting("ashbourne") as actor:
        assert ask_again(incident_id=incident.pk, actor=actor).number is None
        assert current_document(incident) == before
        assert Clearing.objects.get().why == "All accounts looked at by J. Hale"
    for slug in ("gravenhurst", "eastwick"):
        with stage.acting(slug):
            assert list(Clearing.objects.all()) == []
    assert client.post(address, {"act": "withdraw", "why": "One account was missed"}).status_code == 302
    assert side(stage, incident, "dunmere").exposure == "reachable"


def test_this_is_wrong_reaches_who_runs_an_end_and_moves_nothing(stage, incident, link, client_of):
    own = reverse("incident-participant-say", args=[incident.reference, "dunmere"])
    said = {"act": "dispute", "link": link, "words": "We left that file service in May"}
    assert client_of("dunmere").post(own, said).status_code == 302
    with stage.acting("dunmere"):
        dispute = LinkDispute.objects.get()
    page = reverse("dispute", args=[dispute.pk])
    assert "We left that file service in May" in client_of("northgate").get(page).content.decode()
    assert client_of("gravenhurst").get(page).status_code == 404
    assert client_of("gravenhurst").post(page, {"outcome": "stands", "words": "No"}).status_code == 404
    assert walks() == 0
    assert (
        client_of("northgate").post(page, {"outcome": "stands", "words": "The mount is still there"}).status_code == 302
    )
    why = client_of("dunmere").get(reverse("incident-participant", args=[incident.reference, "dunmere"]))
    assert "The mount is still there" in why.content.decode()


def test_a_participant_proposes_a_link_and_the_lead_takes_it_with_one_button(stage, incident, client_of):
    with stage.acting("ashbourne"):
        attacked = str(incident.systems.get().system_id)
    say = reverse("incident-participant-say", args=[incident.reference, "fernleigh"])
    proposal = {"act": "propose", "source": attacked, "words": "An old account is still in the directory"}
    assert client_of("fernleigh", fresh=True).post(say, proposal).status_code == 302
    how_far = reverse("incident-radius", args=[incident.reference])
    with stage.acting("ashbourne"):
        claim = LinkClaim.objects.get()
    assert "An old account is still in the directory" in client_of("ashbourne").get(how_far).content.decode()
    with stage.acting("dunmere"):
        assert list(LinkClaim.objects.all()) == []
    count = {"act": "count", "claim": str(claim.pk)}
    address = reverse("incident-radius-say", args=[incident.reference])
    assert client_of("gravenhurst", fresh=True).post(address, count).status_code == 404
    assert client_of("dunmere", fresh=True).post(address, count).status_code == 404
    assert client_of("ashbourne", fresh=True).post(address, count).status_code == 302
    assert walks() == 1
    assert side(stage, incident, "fernleigh").distance == 1


def test_how_far_shows_versions_and_which_end_has_confirmed_and_no_stranger_reads_it(stage, incident, link, client_of):
    how_far = reverse("incident-radius", args=[incident.reference])
    cuts(client_of, link, "northgate", "source")
    walks()
    half = client_of("ashbourne").get(how_far).content.decode()
    assert "Version 1" in half
    assert "cut on one side" in half
    assert re.search(
        r"File services to Finance ledger(</a>)?: Northgate IT Services says cut \d\d:\d\d \(File services\),"
        r" [^<]*Dunmere[^<]* has not said \(Finance ledger\)",
        half,
    )
    cuts(client_of, link, "dunmere", "target")
    walks()
    whole = client_of("ashbourne").get(how_far).content.decode()
    assert "No longer reached: Dunmere and Eastwick." in whole
    assert "cut by both ends" in whole
    for slug in ("gravenhurst", "dunmere"):
        assert client_of(slug).get(how_far).status_code == 404
    with stage.acting("gravenhurst"):
        assert list(RadiusVersion.objects.all()) == []
