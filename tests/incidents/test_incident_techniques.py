"""Techniques on an incident: who says what of them, who reads it, what stays at home, and what is refused."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, IncidentTechnique, TechniqueEvidence, TechniqueSaying
from incidents.techniques.facts import facts
from incidents.techniques.saying import say, share
from incidents.techniques.words import named_in_short
from partners.models import Person
from tests.api.asking import check_problem, opened, send
from tests.isolation.two import Two
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

RANSOM = "T1486"  # Data Encrypted for Impact
SEEN = "Files on FS-02 end in .locked since 07:50; found by the service desk."


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def states(inside, slug: str, incident: Incident) -> list[tuple[str, str, int]]:
    with inside(slug):
        return list(IncidentTechnique.objects.filter(incident=incident).values_list("technique", "state", "seen_count"))


def test_supposed_seen_taken_back_ruled_out_and_everything_said_is_kept(stage, incident, inside):
    with inside("ashbourne"):
        assert say(incident, RANSOM, said="hypothesised", words="The note says so.")
        assert not say(incident, RANSOM.lower(), said="hypothesised")  # again: nothing changes
    with inside("dunmere"):
        assert say(incident, RANSOM, said="observed", words=SEEN)
        assert not say(incident, RANSOM, said="observed", words=SEEN)
        assert say(incident, RANSOM, said="observed", words="And on FS-03.")
    for slug in ("ashbourne", "northgate", "dunmere", "eastwick"):
        assert states(inside, slug, incident) == [(RANSOM, "observed", 1)]
    assert states(inside, "gravenhurst", incident) == []
    with inside("ashbourne"):  # nobody rules out what another saw
        for said in ("ruled_out", "hypothesised"):
            with pytest.raises(WrongMoment, match="Seen at one organisation: whoever saw it takes that back first"):
                say(incident, RANSOM, said=said, words="It was a drill.")
        with pytest.raises(WrongMoment, match="does not say that it saw this"):
            say(incident, RANSOM, said="withdrawn", words="It was a drill.")
    with inside("dunmere"):
        assert say(incident, RANSOM, said="withdrawn", words="Our own test of the backup.")
    assert states(inside, "eastwick", incident) == [(RANSOM, "hypothesised", 0)]  # and not: nothing
    with inside("ashbourne"):
        assert say(incident, RANSOM, said="ruled_out", words="A test of Dunmere's.")
        kept = TechniqueSaying.objects.filter(incident=incident).values_list("organisation__slug", "said", "words")
        assert list(kept) == [
            ("ashbourne", "hypothesised", "The note says so."),
            ("dunmere", "observed", ""),
            ("dunmere", "observed", ""),
            ("dunmere", "withdrawn", "Our own test of the backup."),
            ("ashbourne", "ruled_out", "A test of Dunmere's."),
        ]
        sayings = TechniqueSaying.objects.filter(incident=incident)
        assert all(sayings.values_list("said_by", flat=True))
        # A person is named to its own organisation alone.
        others = sayings.exclude(organisation__slug="ashbourne").values_list("said_by", flat=True)
        assert not Person.objects.filter(pk__in=others).exists()
    with inside("eastwick"):  # a fellow participant: the lead's words alone
        read = TechniqueSaying.objects.filter(incident=incident).values_list("said", flat=True)
        assert list(read) == ["hypothesised", "ruled_out"]
    with inside("gravenhurst"):
        assert not TechniqueSaying.objects.exists()
    with inside("dunmere"):  # what was ruled out and is seen after all
        assert say(incident, RANSOM, said="observed", words=SEEN)
    assert states(inside, "eastwick", incident) == [(RANSOM, "observed", 1)]


def test_the_record_tells_who_to_those_who_may_know_and_a_number_to_everybody(stage, incident, inside):
    with inside("dunmere"):
        say(incident, RANSOM, said="observed", words=SEEN)
    ((data, audience),) = stage.events("technique.observed")
    assert data == {"technique": RANSOM, "attack_version": "18.1", "organisation": "dunmere", "shared": False}
    overseers = {stage.ids["ashbourne"], stage.ids["northgate"]}
    assert set(audience) == {*overseers, stage.ids["dunmere"]}
    ((data, audience),) = stage.events("technique.changed")
    assert data == {
        "technique": RANSOM, "attack_version": "18.1", "state": "observed", "was": "", "count": 1, "reason": ""
    }  # fmt: skip
    assert stage.ids["eastwick"] in audience
    assert stage.ids["gravenhurst"] not in audience
    actors = (
        "SELECT actor_kind, actor_organisation_id, actor_person_id FROM ledger_event WHERE kind = 'technique.changed'"
    )
    assert stage.owner(actors) == [("system", None, None)]
    assert SEEN not in str(stage.owner("SELECT string_agg(data::text, '') FROM ledger_event"))
    with inside("ashbourne"):
        say(incident, "T1078.002", said="ruled_out", words="No odd sign-in since May.")
    assert stage.events("technique.changed")[-1][0]["reason"] == "No odd sign-in since May."
    assert stage.owner(actors + " ORDER BY at DESC LIMIT 1")[0][:2] == ("person", stage.ids["ashbourne"])


def test_evidence_stays_at_home_until_its_owner_shares_it(stage, incident, inside):
    def read_by(slug: str) -> list[str]:
        with inside(slug):
            return list(TechniqueEvidence.objects.values_list("text", flat=True))

    with inside("dunmere"):
        say(incident, RANSOM, said="observed", words=SEEN)
        own = TechniqueEvidence.objects.get().pk
    everybody = ("ashbourne", "northgate", "brackenfield", "eastwick", "gravenhurst", "dunmere")
    assert [slug for slug in everybody if read_by(slug)] == ["dunmere"]
    for slug in ("ashbourne", "eastwick", "gravenhurst"):
        with inside(slug), pytest.raises(NotYours):
            share(own)
    with inside("dunmere"):
        assert share(own)
        assert not share(own)
        assert not say(incident, RANSOM, said="observed", words=SEEN, share=True)  # the same words, shared already
    assert [slug for slug in everybody if read_by(slug)] == ["ashbourne", "northgate", "dunmere"]
    assert [set(told) for _, told in stage.events("technique.shared")] == [
        {stage.ids[slug] for slug in ("ashbourne", "northgate", "dunmere")}
    ]


def test_who_may_not_and_what_is_no_technique(stage, incident, inside):
    for slug, role, said in (
        ("dunmere", "incident_manager", "hypothesised"), ("brackenfield", "incident_manager", "ruled_out"),
        ("ashbourne", "responder", "ruled_out"), ("fernleigh", "observer", "observed"),
        ("gravenhurst", "incident_manager", "observed"),
    ):  # fmt: skip
        with inside(slug, role), pytest.raises(NotYours):
            say(incident, RANSOM, said=said, words="x")
    with inside("northgate"):  # the deputy lead
        assert say(incident, RANSOM, said="hypothesised")
    with inside("ashbourne"):
        for key in ("T9999", "D3-NI", "M1030", "x", ""):
            with pytest.raises(Invalid, match="No technique of MITRE ATT&CK 18"):
                say(incident, key, said="hypothesised")
        for said, words in (("observed", " "), ("ruled_out", ""), ("ruled_out", "x" * 2001)):
            with pytest.raises(Invalid):
                say(incident, RANSOM, said=said, words=words)
    stage.closes(incident)
    with inside("ashbourne"), pytest.raises(WrongMoment, match="closed"):
        say(incident, RANSOM, said="ruled_out", words="x")
    assert stage.owner("SELECT state FROM incidents_incidenttechnique") == [("hypothesised",)]


def test_what_an_opening_names_is_supposed_and_whoever_joins_later_reads_it(stage, api_of, client_of, inside):
    named = ["T1199", "T1078.002", "T1199", "T9999"]
    made = opened(api_of("ashbourne"), techniques=named)
    with inside("eastwick"):
        incident = Incident.objects.get(reference=made["reference"])
    # T9999 is of a newer list than ours: an opening is not refused for it.
    expected = [(key, "hypothesised", 0) for key in ("T1078.002", "T1199", "T9999")]
    assert states(inside, "eastwick", incident) == expected
    assert states(inside, "gravenhurst", incident) == []
    assert stage.events("technique.changed") == []  # one event for everything that was named
    ((data, audience),) = stage.events("technique.named")
    assert data == {"techniques": ["T1078.002", "T1199", "T9999"], "attack_version": "18.1"}
    assert stage.ids["eastwick"] in audience
    assert stage.ids["gravenhurst"] not in audience
    board = client_of("eastwick").get(reverse("incident-board", args=[made["reference"]])).content.decode()
    assert "supposes “Valid Accounts: Domain Accounts”, “Trusted Relationship”, “T9999”" in board
    with inside("ashbourne"):
        assert say(incident, "T9999", said="ruled_out", words="Withdrawn by the tool that named it.")


def test_the_pages_by_hand_and_without_a_script(stage, incident, client_of, inside, cast):
    at = reverse("incident-techniques", args=[incident.reference])
    one = reverse("incident-technique", args=[incident.reference, RANSOM])
    lead, dunmere, eastwick, stranger = map(client_of, ("ashbourne", "dunmere", "eastwick", "gravenhurst"))
    for address in (at, one, reverse("incident-coverage", args=[incident.reference])):
        assert stranger.get(address).status_code == 404
        assert dunmere.get(address).status_code == 200
    assert "Nobody has said anything yet" in dunmere.get(at).content.decode()
    assert one in dunmere.get(at, {"q": "encrypted for impact"}).content.decode()
    assert dunmere.get(reverse("incident-technique", args=[incident.reference, "T9999"])).status_code == 404
    wrong = dunmere.post(one, {"said": "observed", "words": " "})
    assert (wrong.status_code, "Say what was seen" in wrong.content.decode()) == (422, True)
    wrong = dunmere.post(one, {"said": "ruled_out", "words": "Not at our side."})  # not offered to it
    assert wrong.status_code == 403
    assert "An incident manager of the lead or its deputy says this." in wrong.content.decode()
    assert "Not at our side." in wrong.content.decode()
    hint = "Lead, deputy lead and provider read that it was you; everybody else a state and a number."
    assert hint in dunmere.get(one).content.decode()
    stage.owner("UPDATE incidents_participant SET role = 'observer' WHERE slug = 'fernleigh'")
    watching = client_of("fernleigh")
    assert "Your organisation only watches" in watching.get(one).content.decode()
    wrong = watching.post(one, {"said": "observed", "words": "Seen by night."})
    assert (wrong.status_code, "Seen by night." in wrong.content.decode()) == (403, True)
    assert dunmere.post(one, {"said": "observed", "words": SEEN}).status_code == 302
    assert SEEN in dunmere.get(one).content.decode()
    assert "Dunmere" in lead.get(at).content.decode()
    person = next(name for _, name, role in cast.members["dunmere"].people if role == "incident_manager")
    assert f"{person}, Dunmere" in dunmere.get(one).content.decode()
    assert person not in lead.get(one).content.decode()
    wrong = lead.post(one, {"said": "ruled_out", "words": "Read before Dunmere spoke."})  # offered until just now
    assert wrong.status_code == 409
    assert "whoever saw it takes that back first" in wrong.content.decode()
    assert "Read before Dunmere spoke." in wrong.content.decode()
    for client in (lead, eastwick):
        assert "Seen at one organisation" in client.get(at).content.decode()
        assert SEEN not in client.get(one).content.decode()
    assert "Dunmere" not in eastwick.get(at).content.decode()
    assert "Dunmere" not in eastwick.get(one).content.decode()
    with inside("dunmere"):
        own = TechniqueEvidence.objects.get().pk
    assert lead.post(one, {"share": str(own)}).status_code == 403
    assert dunmere.post(one, {"share": "x"}).status_code == 422
    assert dunmere.post(one, {"share": str(own)}).status_code == 302
    assert SEEN in lead.get(one).content.decode()
    # The board's feed: who saw it for the lead, a number for the others, no id for anybody.
    boards = {client: client.get(reverse("incident-board", args=[incident.reference])).content.decode()
              for client in (lead, eastwick)}  # fmt: skip
    assert "saw “Data Encrypted for Impact” at its own side" in boards[lead]
    assert "“Data Encrypted for Impact” was seen at one organisation" in boards[eastwick]
    assert "at its own side" not in boards[eastwick]
    assert RANSOM not in boards[lead] + boards[eastwick]


def test_by_api_with_a_key(stage, incident, api_of):
    path = f"/incidents/{incident.reference}/techniques/"
    said = {"technique": "t1486", "state": "observed", "words": SEEN}
    dunmere, eastwick, lead = map(api_of, ("dunmere", "eastwick", "ashbourne"))
    made = send(dunmere, "post", path, said).json()
    assert (made["technique"], made["state"], made["seen_at"]) == (RANSOM, "observed", 1)
    assert made["said"][0]["evidence"] == SEEN
    for client, seen in ((eastwick, []), (lead, [("dunmere", None, False)])):
        (row,) = send(client, "get", path).json()["results"]
        assert row["seen_at"] == 1
        assert [(each["organisation"], each["evidence"], each["shared"]) for each in row["said"]] == seen
    assert send(api_of("gravenhurst"), "get", path).status_code == 404
    check_problem(send(lead, "post", path, {**said, "state": "ruled_out"}), 409)
    check_problem(send(eastwick, "post", path, {**said, "state": "ruled_out"}), 403)
    check_problem(send(eastwick, "post", path, {**said, "technique": "T9999"}), 422, "/technique")
    check_problem(send(eastwick, "post", path, {**said, "words": " "}), 422, "/words")
    answering = api_of("ashbourne", ["answer", "read"])  # leads, and may not lead with this key
    check_problem(send(answering, "post", path, {"technique": "T1078", "state": "hypothesised"}), 403)
    assert send(dunmere, "post", path, {**said, "share": True}).json()["said"][0]["shared"] is True
    assert send(lead, "get", path).json()["results"][0]["said"][0]["evidence"] == SEEN
    back = {"technique": RANSOM, "state": "withdrawn", "words": "Our own test."}
    assert send(dunmere, "post", path, back).json()["state"] == "hypothesised"


def test_the_lead_sets_aside_what_an_organisation_that_is_cut_off_saw(stage, incident, client_of, inside, cast, api_of):
    at = reverse("incident-techniques", args=[incident.reference])
    one = reverse("incident-technique", args=[incident.reference, RANSOM])
    path, lead, brackenfield = f"/incidents/{incident.reference}/techniques/", client_of("ashbourne"), "brackenfield"
    for slug in ("dunmere", "eastwick"):
        with inside(slug):
            say(incident, RANSOM, said="observed", words=SEEN)
            say(incident, "T1490", said="observed", words=SEEN)
    aside = {"technique": RANSOM, "state": "set_aside", "organisation": "eastwick", "words": "Said by the intruder."}
    check_problem(send(api_of("ashbourne"), "post", path, aside), 409)  # not cut off: it takes its words back itself
    assert "Set aside what" not in lead.get(one).content.decode()
    two = Two(cast, inside)
    two.isolates("eastwick", 4, incident)
    stage.owner(
        "UPDATE partners_isolation SET suspected_from = now() - interval '1 hour' WHERE organisation_id = %s",
        [stage.ids["eastwick"]],
    )
    page = lead.get(one).content.decode()
    assert "one of them is cut off" in page
    assert "when Eastwick" in page  # the mark on its words
    assert "one of them is cut off" in lead.get(at).content.decode()
    for address in (at, one):  # who saw it is not a fellow participant's to work out
        assert "cut off</strong>" not in client_of("brackenfield").get(address).content.decode()
    field = "aside-eastwick-words"
    assert client_of(brackenfield).post(one, {"set_aside": "eastwick", field: "x"}).status_code == 403
    assert lead.post(one, {"set_aside": "dunmere", field: "x"}).status_code == 409
    wrong = lead.post(one, {"set_aside": "eastwick", field: " "})
    assert (wrong.status_code, "Say why." in wrong.content.decode()) == (422, True)
    check_problem(send(api_of("northgate"), "post", path, aside), 403)  # the deputy does not
    check_problem(
        send(api_of("ashbourne"), "post", path, aside | {"organisation": "gravenhurst"}), 422, "/organisation"
    )
    check_problem(send(api_of("ashbourne"), "post", path, aside | {"state": "ruled_out"}), 422, "/organisation")
    assert lead.post(one, {"set_aside": "eastwick", field: "Said by the intruder."}).status_code == 302
    assert states(inside, "dunmere", incident) == [(RANSOM, "observed", 1), ("T1490", "observed", 2)]
    ((data, audience),) = stage.events("technique.set_aside")
    assert data == {
        "technique": RANSOM, "attack_version": "18.1", "organisation": "eastwick", "reason": "Said by the intruder."
    }  # fmt: skip
    assert set(audience) == {stage.ids[slug] for slug in ("ashbourne", "northgate", "eastwick")}
    page = lead.get(one).content.decode()
    assert "Set aside: Eastwick" in page
    assert "one of them is cut off" not in page
    assert "Said by the intruder." not in client_of("dunmere").get(one).content.decode()
    with inside("brackenfield"):
        assert not TechniqueSaying.objects.filter(said="set_aside").exists()


def test_no_participant_fills_the_list_and_nothing_grows_without_end(stage, incident, inside, api_of):
    keys = [each.id for each in facts().techniques.values() if each.family == "attack" and "." not in each.id][:42]
    with inside("dunmere"):
        for key in keys[:40]:
            say(incident, key, said="observed", words=SEEN)
        with pytest.raises(WrongMoment, match="speaks of 40 techniques here"):
            say(incident, keys[40], said="observed", words=SEEN)
        assert say(incident, keys[0], said="observed", words="And again.")
    with inside("ashbourne"):  # the lead's are its own
        assert say(incident, keys[41], said="hypothesised")
        for nth in range(49):
            say(incident, keys[41], said=("ruled_out", "hypothesised")[nth % 2], words=f"For the {nth}th time.")
        with pytest.raises(WrongMoment, match="fifty times"):
            say(incident, keys[41], said="hypothesised", words="Once more.")
        assert say(incident, keys[41], said="observed", words=SEEN)
    rows = send(api_of("ashbourne"), "get", f"/incidents/{incident.reference}/techniques/").json()["results"]
    (row,) = (each for each in rows if each["technique"] == keys[41])
    assert (row["said_count"], len(row["said"]), row["said"][0]["said"]) == (51, 50, "observed")
    assert named_in_short(list("ABC")) == "A, B, C"
    assert named_in_short([*"ABC", *map(str, range(37))]) == "A, B, C and 37 more"


def test_an_exercise_that_is_put_aside_gets_no_more_words(stage, inside, client_of):
    exercise = stage.opens(exercise=True)
    one = reverse("incident-technique", args=[exercise.reference, RANSOM])
    with inside("dunmere"):
        say(exercise, RANSOM, said="observed", words=SEEN)
        own = TechniqueEvidence.objects.get().pk
    stage.owner("UPDATE incidents_incident SET suspended_at = now() WHERE id = %s", [exercise.pk])
    with inside("dunmere"), pytest.raises(WrongMoment, match="put aside"):
        share(own)
    dunmere = client_of("dunmere")
    assert dunmere.post(one, {"share": str(own)}).status_code == 409
    wrong = dunmere.post(one, {"said": "observed", "words": "Typed meanwhile."})
    assert (wrong.status_code, "Typed meanwhile." in wrong.content.decode()) == (409, True)
