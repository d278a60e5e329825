"""The peacetime rule: an organisation sees the systems that it stands on, their neighbours by name, and what it says
itself; owner and provider see the whole of theirs; all else is not there. By plain SQL, by page and by API alike."""

from __future__ import annotations

import pytest

from partners.models import Component, Dependency, Participation, PublicService, Segment, SharedSystem
from partners.next_door import slugs_next_door

pytestmark = pytest.mark.django_db

NORTHGATES = [
    "identity-platform", "email-and-teams", "remote-access", "file-services", "social-care-records", "backup-vault",
    "archive-2006", "telephony", "bulkhead", "portal-hosting",
]  # fmt: skip
SYSTEMS = [
    *NORTHGATES, "telecare-alarms", "finance-ledger", "housing-tenancy", "website-forms", "elections-register",
    "planning-search",
]  # fmt: skip
# By hand, from DESIGN 9: what each stands on or runs, and what lies next to that.
SEES = {
    "ashbourne": "identity-platform email-and-teams remote-access file-services social-care-records telecare-alarms"
    " backup-vault telephony website-forms bulkhead",
    "brackenfield": "identity-platform email-and-teams remote-access social-care-records telecare-alarms backup-vault"
    " telephony website-forms bulkhead",
    "coldharbour": "identity-platform email-and-teams remote-access file-services backup-vault website-forms"
    " elections-register planning-search bulkhead",
    "dunmere": "finance-ledger website-forms elections-register bulkhead",
    "eastwick": "housing-tenancy website-forms bulkhead",
    "fernleigh": "archive-2006 website-forms bulkhead",
    "gravenhurst": "telephony website-forms planning-search bulkhead",
    "northgate": " ".join(NORTHGATES),
}
BY_NAME = {
    "ashbourne": "finance-ledger archive-2006 portal-hosting",
    "brackenfield": "file-services portal-hosting",
    "coldharbour": "social-care-records telecare-alarms finance-ledger archive-2006 telephony portal-hosting",
    "dunmere": "file-services housing-tenancy portal-hosting email-and-teams",  # its duty mailbox rides on the last
    "eastwick": "finance-ledger portal-hosting",
    "fernleigh": "file-services portal-hosting",
    "gravenhurst": "identity-platform portal-hosting",
    "northgate": "finance-ledger telecare-alarms",
}
RUNS = {
    "northgate": NORTHGATES,
    "dunmere": ["finance-ledger"],
    "eastwick": ["housing-tenancy"],
    "coldharbour": ["elections-register"],
    "gravenhurst": ["planning-search"],
}
# Whose services can be read: one's own, and on systems that one runs everybody's.
SERVICES = {
    "ashbourne": {("ashbourne", "social-care-records"), ("ashbourne", "telecare-alarms")},
    "brackenfield": {("brackenfield", "social-care-records"), ("brackenfield", "telecare-alarms")},
    "coldharbour": {("coldharbour", "elections-register"), ("dunmere", "elections-register")},
    "dunmere": {("dunmere", "finance-ledger"), ("dunmere", "elections-register")},
    "eastwick": {("eastwick", "housing-tenancy")},
    "fernleigh": set(),
    "gravenhurst": set(),
    "northgate": {("ashbourne", "social-care-records"), ("brackenfield", "social-care-records")},
}
COMPONENTS = {"identity-platform", "file-services", "remote-access", "email-and-teams", "planning-search", "bulkhead"}
SEGMENTS = {"identity-platform", "file-services", "bulkhead"}
everybody = pytest.mark.parametrize("slug", sorted(SEES))


@everybody
def test_by_plain_sql(inside, slug):
    sees, runs = set(SEES[slug].split()), set(RUNS.get(slug, []))
    with inside(slug):
        assert set(SharedSystem.objects.values_list("slug", flat=True)) == sees
        assert set(slugs_next_door().values()) - sees == set(BY_NAME[slug].split())
        stands = set(Participation.objects.values_list("organisation__slug", "system__slug"))
        assert {system for who, system in stands if who != slug} <= runs
        assert {system for who, system in stands if who == slug} | runs == sees
        seen = set(PublicService.objects.values_list("organisation__slug", "system__slug"))
        assert seen == SERVICES[slug]
        assert set(Component.objects.values_list("system__slug", flat=True)) == COMPONENTS & sees
        assert set(Segment.objects.values_list("system__slug", flat=True)) == SEGMENTS & runs
        slugs = slugs_next_door()
        ends = {(slugs[edge.source_id], slugs[edge.target_id]) for edge in Dependency.objects.all()}
        assert all({source, target} & sees for source, target in ends)


@everybody
def test_by_page(client_of, slug):
    client, sees = client_of(slug), set(SEES[slug].split())
    found = {each: client.get(f"/systems/{each}/") for each in SYSTEMS}
    assert {each for each, answer in found.items() if answer.status_code == 200} == sees
    assert {answer.status_code for each, answer in found.items() if each not in sees} == {404}
    for each in sees:
        body = found[each].content.decode()
        runs = each in RUNS.get(slug, [])
        assert ("Seen by whoever runs the system alone" in body) is runs
        assert ("NG-CORE" in body) is (runs and each == "identity-platform")
    listed = client.get("/systems/").content.decode()
    assert {each for each in SYSTEMS if f'href="/systems/{each}/"' in listed} == sees


@everybody
def test_by_api(api_of, slug):
    client, sees = api_of(slug), set(SEES[slug].split())
    listed = client.get("/api/v1/systems/?limit=100").json()["results"]
    assert {each["slug"] for each in listed} == sees
    hidden = {client.get(f"/api/v1/systems/{each}/").status_code for each in set(SYSTEMS) - sees}
    assert hidden == {404}
    names = set()
    for edge in client.get("/api/v1/dependencies/?limit=100").json()["results"]:
        names |= {edge["source"]["slug"], edge["target"]["slug"]}
    assert names - sees <= set(BY_NAME[slug].split())


def test_a_partner_reads_that_somebody_decides_and_only_its_own_people_read_who(client_of):
    ours = client_of("dunmere").get("/systems/elections-register/").content.decode()
    theirs = client_of("coldharbour").get("/systems/elections-register/").content.decode()
    assert "Alan Birtles" in ours
    assert "Alan Birtles" not in theirs
    assert "Maeve Donnelly" in theirs
    assert "6 May 2027: Polling day" in theirs
    assert "20 April 2027" in theirs
    assert "20 April 2027" not in ours  # Coldharbour's own


def test_an_unknown_owner_is_said_out_loud(client_of):
    body = client_of("brackenfield").get("/systems/telecare-alarms/").content.decode()
    assert "Owner unknown: nobody in the partnership owns or provides this system" in body
    assert "Who decides is unknown at: Brackenfield" in body
    vault = client_of("northgate").get("/systems/backup-vault/").content.decode()
    assert "Who decides is unknown at: Ashbourne, Brackenfield." in vault


def test_bulkhead_says_what_it_rides_on_and_is_reached_from_no_other_system(client_of, inside):
    body = client_of("gravenhurst").get("/systems/bulkhead/").content.decode()
    assert "This is the portal that you are reading" in body
    assert "Portal hosting" in body
    assert client_of("gravenhurst").get("/systems/portal-hosting/").status_code == 404
    with inside("northgate"):
        into = Dependency.objects.filter(target__slug="bulkhead").values_list("source__slug", flat=True)
        assert list(into) == ["portal-hosting"]
        assert not Dependency.objects.filter(target__slug="portal-hosting").exists()
