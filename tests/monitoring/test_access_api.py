"""Findings, sights, sources and names over the API and their pages: each side its own, the stranger nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.urls import reverse

from monitoring.models import Source, Unattributed
from partners.models import SharedSystem
from portal.ledger.models import Event
from tests.monitoring.sighting import Seen, ask, judge, see, source
from tests.partners.raw import entered, owner

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "/api/v1"


@pytest.fixture
def seen(inside, cast):
    """Northgate's log tells that Ashbourne's account came to Coldharbour's files; Gravenhurst has a source, too."""
    with inside("northgate"):
        system = SharedSystem.objects.get(slug="file-services").pk
        at = datetime.now(UTC) - timedelta(minutes=5)
        siem = source("Northgate SIEM")
        see(
            Seen(cast.id("ashbourne"), cast.id("coldharbour"), at, place="file-services", system=system, kind="admin"),
            of=siem,
        )
        ask(
            "SELECT sec.count_source(%s, 10, 2, 1, %s, %s, 'milliseconds were seconds', 'no-time', %s::uuid[],"
            " %s, %s, %s, %s, %s::timestamptz[], %s, %s, %s, %s, %s, %s, %s)",
            [siem, at, at, [system], [10], [0], [at], [at], [None], ["place"], ["host"], ["file-02"], ["file-02"], [9],
             [at], [at]],
        )  # fmt: skip
    with inside("gravenhurst"):
        source("Gravenhurst firewall")
    judge()
    return system


def results(client, path):
    answer = client.get(f"{ROOT}{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def ledger_of(inside, slug: str) -> list[str]:
    """What the ledger tells an organisation of names and learning."""
    with inside(slug):
        kinds = Event.objects.filter(kind__regex="name|learning").order_by("pos").values_list("kind", flat=True)
        return list(kinds)


def test_each_side_reads_its_own_and_decides_it_over_the_api(seen, api_of):
    council, other = api_of("ashbourne"), api_of("coldharbour")
    (own,), (its,) = results(council, "/access-findings/"), results(other, "/access-findings/?state=waiting")
    assert (own["side"], its["side"], own["rules"], own["weight"]) == ("home", "place", ["first-admin"], 50)
    assert (own["home"], own["organisations"], own["places"]) == ("ashbourne", ["coldharbour"], ["file-services"])
    (sight,) = results(other, "/first-sights/")
    assert (sight["account"], sight["kind"], sight["days"]) == ("svc-backup@ashbourne", "admin", 1)
    (finding,) = results(council, "/access-findings/ocsf/")
    assert (finding["class_uid"], finding["type_uid"], finding["severity"]) == (2004, 200401, "Medium")
    techniques = [each["technique"]["uid"] for each in finding["finding_info"]["attacks"]]
    assert techniques == ["T1078.002", "T1021"]
    act = f"{ROOT}/access-findings/{own['id']}"
    assert other.post(f"{act}/expect/", {}, content_type="application/json").status_code == 404
    assert own["stand"] == "0.1.1"
    for late in ("open", "expect"):
        refused = council.post(f"{act}/{late}/", {"stand": "0.0.1"}, content_type="application/json")
        assert (refused.status_code, "One more has come" in refused.json()["detail"]) == (409, True)
    opened = council.post(f"{act}/open/", {"stand": "0.1.1"}, content_type="application/json")
    assert (opened.status_code, opened.json()["state"]) == (200, "opened")
    again = council.post(f"{act}/dismiss/", {"because": "x"}, content_type="application/json")
    assert again.status_code == 409
    joined = other.post(
        f"{ROOT}/access-findings/{its['id']}/join/", {"incident": opened.json()["incident"]},
        content_type="application/json",
    )  # fmt: skip
    assert joined.json()["state"] == "joined"
    for slug in ("gravenhurst", "northgate", "dunmere"):
        for path in ("/access-findings/", "/access-findings/ocsf/", "/first-sights/"):
            assert results(api_of(slug), path) == [], "the centre has counts alone, the stranger nothing"
    assert [each["name"] for each in results(api_of("gravenhurst"), "/access-sources/")] == ["Gravenhurst firewall"]


def test_sources_say_what_they_gave_and_a_system_without_one_heads_the_list(seen, inside, client_of):
    page = client_of("northgate").get("/first-sights/sources/").content.decode()
    assert "10 accepted" in page
    assert "last because: no-time" in page
    assert "milliseconds were seconds" in page
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "No source" in table.split("</tr>")[0]
    assert "File services" in table.split("</tr>")[-2], "the one of which a log tells comes last"
    with inside("northgate"):
        pk = Source.objects.get().pk
    learns = f"/first-sights/sources/{pk}/learn/"
    assert client_of("northgate").post(learns, {"days": "93"}).status_code == 422
    assert client_of("coldharbour").post(learns, {"days": "3"}).status_code == 404
    assert "It learns until" in client_of("northgate").post(learns, {"days": "3"}, follow=True).content.decode()
    client_of("northgate").post(learns, {"days": "0"})
    with inside("northgate"):
        assert Source.objects.get().learning_until is None
    assert ledger_of(inside, "northgate") == ["access.learning_started", "access.learning_ended"]
    assert ledger_of(inside, "coldharbour") == ledger_of(inside, "gravenhurst") == []
    council = client_of("coldharbour").get("/first-sights/sources/").content.decode()
    assert "another organisation: since" in council, "that a log tells is for everybody on the system, not whose it is"
    assert "Northgate SIEM" not in council


def test_names_are_worked_down_and_belong_to_one(seen, inside, client_of, api_of, cast):
    page = client_of("northgate").get("/first-sights/names/").content.decode()
    assert "file-02" in page
    assert "file-02" not in client_of("gravenhurst").get("/first-sights/names/").content.decode()
    with inside("northgate"):
        name = Unattributed.objects.get().pk
    said = {"act": "claim", "id": name, "whose": cast.id("coldharbour"), "system": seen}
    assert client_of("coldharbour").post("/first-sights/names/", said).status_code == 404
    assert client_of("northgate", "observer").post("/first-sights/names/", {"act": "aside"}).status_code in {
        302,
        403,
        404,
    }
    stranger = said | {"whose": cast.id("gravenhurst")}
    assert client_of("northgate").post("/first-sights/names/", stranger).status_code == 422, "not on that system"
    for wrong, status in (({"whose": "coldharbour"}, 422), ({"system": "x"}, 422), ({"act": "clam"}, 404)):
        assert client_of("northgate").post("/first-sights/names/", said | wrong).status_code == status
    with inside("northgate"):
        assert Unattributed.objects.filter(pk=name).exists(), "nothing was taken for one's own"
    assert client_of("northgate").post("/first-sights/names/", said).status_code == 302
    with inside("northgate"):
        assert not Unattributed.objects.exists()
    (known,) = results(api_of("coldharbour"), "/identifiers/")
    assert (known["value"], known["organisation"], known["system"]) == ("file-02", "coldharbour", "file-services")
    assert results(api_of("gravenhurst"), "/identifiers/") == []
    body = {"kind": "host", "value": "FILE-02"}
    long = {"kind": "domain", "value": "x." * 20 + "example", "organisation": "gravenhurst"}
    refused = api_of("gravenhurst").post(f"{ROOT}/identifiers/", long, content_type="application/json")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/value")
    assert "253 octets and 20 parts" in refused.content.decode()
    taken = api_of("gravenhurst").post(f"{ROOT}/identifiers/", body, content_type="application/json")
    assert taken.status_code == 422
    assert "taken" in taken.json()["errors"][0]["detail"]
    client_of("coldharbour").post("/first-sights/names/", {"act": "drop", "id": known["id"]})
    assert results(api_of("coldharbour"), "/identifiers/") == []
    assert owner("SELECT count(*) FROM monitoring_identifier") == [(0,)]
    for slug in ("northgate", "coldharbour"):
        assert ledger_of(inside, slug) == ["access.name_claimed", "access.name_released"]
    with inside("coldharbour"):
        claimed = Event.objects.get(kind="access.name_claimed")
        assert (claimed.actor_organisation_id, claimed.data) == (
            cast.id("northgate"),
            {"name": "file-02", "name_kind": "host", "organisation": "coldharbour"},
        )
    assert ledger_of(inside, "gravenhurst") == []


def test_that_a_source_learns_is_nothing_for_the_other_side(inside, cast, api_of, client_of):
    a, c, at = cast.id("ashbourne"), cast.id("coldharbour"), datetime.now(UTC) - timedelta(minutes=5)
    learn = "SELECT sec.let_learn(%s, clock_timestamp() + interval '1 day')"
    page = reverse("first-sight-account", args=["ashbourne", "svc-backup@ashbourne"])

    def said(slug: str) -> tuple[list[bool], bool]:
        listed = [each["learned"] for each in results(api_of(slug), "/first-sights/")]
        return listed, "while it was learning" in client_of(slug).get(page).content.decode()

    with inside("coldharbour"):
        its = source()
        ask(learn, [its])
        see(Seen(a, c, at), of=its)
    assert (said("coldharbour"), said("ashbourne")) == (([True], True), ([False], False))
    with inside("northgate"):
        system, its = SharedSystem.objects.get(slug="file-services").pk, source()
        ask(learn, [its])
        see(Seen(a, c, at - timedelta(days=1), place="file-services", system=system), of=its)
    assert said("ashbourne") == ([False, True], True), "what was told to nobody says why"
    sights = [pk for (pk,) in owner("SELECT id FROM monitoring_sight ORDER BY first_at")]
    assert len(sights) == 2
    ids = "SELECT array_agg(s ORDER BY s = %s DESC) FROM sec.learned_sights(%s) s"
    for slug, known in (
        ("coldharbour", sights),
        ("ashbourne", sights[:1]),  # of whoever runs the system; Coldharbour's is Coldharbour's
        ("northgate", None),  # no side
        ("gravenhurst", None),
    ):
        with entered(cast.visitor(slug).ticket) as sql:
            assert sql.execute(ids, [sights[0], sights]).fetchone() == (known,), slug
        for table in ("monitoring_sight", "monitoring_accesschange"):
            with entered(cast.visitor(slug).ticket) as sql, pytest.raises(psycopg.errors.InsufficientPrivilege):
                sql.execute(f"SELECT learned FROM {table}")
    assert results(api_of("gravenhurst"), "/first-sights/") == []
