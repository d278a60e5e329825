"""Who sees what of a provider, who closes a finding, and what is between one council and one provider."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client

from partners import assurance_chores, chores, contracts
from partners.models import Assessment, AssessmentShare, Change, Contract, Finding, Organisation, WorkItem
from portal import clock
from portal.ledger.models import Event
from tests.notifications.stage import as_worker
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db
NG_ADM = "Forty-one accounts in NG-ADM, policy says twelve"
VAULT = "Backup vault deletes without a second person"
SOON = (date.today() + timedelta(days=20)).isoformat()
TODAY = date.today().isoformat()
PLANNED = {"act": "planned", "words": "The group is split", "day": SOON}
FIXED = {"act": "fixed", "words": "Twelve accounts are left"}
CONFIRMED = {"act": "confirmed", "words": "Counted again", "day": TODAY, "vouched_by": "Mara Voss, head of security"}
FAILED = {"act": "failed", "words": "Nineteen are left", "day": TODAY, "vouched_by": "Mara Voss, head of security"}


@pytest.fixture
def northgate(client_of) -> Client:
    return client_of("northgate", fresh=True)


@pytest.fixture
def ashbourne(client_of) -> Client:
    return client_of("ashbourne", fresh=True)


@pytest.fixture
def finding(inside) -> Finding:
    """Northgate's own, planned already, which Ashbourne, Brackenfield and Coldharbour read."""
    with inside("northgate"):
        return Finding.objects.get(title=NG_ADM)


@pytest.fixture
def november(monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 25, 9, tzinfo=UTC))


@pytest.fixture
def dunmere_apart(transactional_db) -> None:
    """Everybody stands on the portal, which Northgate hosts; here Dunmere stands on nothing of Northgate's."""
    owner(
        "DELETE FROM partners_participation p USING partners_organisation o, partners_sharedsystem s"
        " WHERE o.id = p.organisation_id AND s.id = p.system_id AND o.slug = 'dunmere' AND s.is_portal"
    )


def text(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def says(client: Client, finding: Finding, what: dict[str, str]) -> int:
    return client.post(f"/findings/{finding.pk}/", what).status_code


def work(inside, slug: str) -> list[str]:
    with inside(slug):
        return sorted(WorkItem.objects.filter(state="open").values_list("kind", flat=True))


def seen(inside, slug: str, model: type) -> int:
    with inside(slug):
        return model.objects.count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("november", "dunmere_apart")
def test_a_provider_page_shows_each_council_what_concerns_it(client_of, northgate, ashbourne):
    page = text(ashbourne.get("/providers/northgate/"))
    assert "Open findings: 2 high, 1 low." in page
    assert "2 findings are past their day" in page
    assert page.count("past due") == 2
    assert page.index(NG_ADM) < page.index("Remote access shows which accounts exist")
    assert "Penetration test of remote access and backups" in page
    assert "retest by 11 Dec 2026" in page
    assert "31 Mar 2029" in page  # its own contract
    assert "30 Jun 2027" not in page.partition("Your contract")[2].partition("31 Mar 2029")[2]
    provider = text(northgate.get("/providers/northgate/"))
    for council in ("Ashbourne", "Brackenfield", "Coldharbour"):
        assert council in provider.partition("<h2>Contracts</h2>")[2]
    assert "Past due" in text(northgate.get("/providers/"))
    # Gravenhurst stands on a system of Northgate's, and nothing is shared with it; Dunmere stands on none.
    for slug, words in (("gravenhurst", "Write the contract record"), ("dunmere", "You stand on no system")):
        other = text(client_of(slug).get("/providers/northgate/"))
        assert words in other
        assert "No open finding that you may see" in other
        for hidden in (NG_ADM, VAULT, "Penetration test of", "Ashbourne"):
            assert hidden not in other.replace("Ashbourne's", "")
    assert client_of("ashbourne").get("/providers/dunmere/").status_code == 404


def test_a_finding_is_answered_by_the_provider_and_closed_by_somebody_else(
    client_of, inside, cast, northgate, ashbourne, finding, seal
):
    assert says(ashbourne, finding, PLANNED) == 409  # not a council's to say
    assert says(northgate, finding, CONFIRMED) == 409  # nor this the provider's
    assert says(ashbourne, finding, CONFIRMED) == 409  # nothing is fixed yet
    assert says(northgate, finding, PLANNED) == 302
    assert says(northgate, finding, FIXED) == 302
    assert says(northgate, finding, CONFIRMED) == 409
    assert says(northgate, finding, {"act": "retest_asked", "words": ""}) == 302
    for slug in ("ashbourne", "brackenfield", "coldharbour"):
        assert work(inside, slug) == ["retest"]
    assert says(client_of("brackenfield", fresh=True), finding, FAILED) == 302
    assert work(inside, "ashbourne") == []
    assert "finding" in work(inside, "northgate")
    assert "Nineteen are left" in text(northgate.get(f"/findings/{finding.pk}/"))
    assert says(northgate, finding, FIXED) == 302
    assert says(client_of("ashbourne"), finding, CONFIRMED) == 403  # no passkey just now
    assert says(client_of("ashbourne", "observer"), finding, CONFIRMED) == 403
    assert says(ashbourne, finding, CONFIRMED) == 302
    page = text(client_of("coldharbour").get(f"/findings/{finding.pk}/"))
    assert "Mara Voss, head of security" in page
    assert "Closed. It was due on" in page
    assert work(inside, "northgate") == []
    with inside("coldharbour"):
        closed = Finding.objects.get(pk=finding.pk)
        assert (closed.state, closed.retested_on, closed.retested_by) == (
            "closed",
            date.fromisoformat(TODAY),
            CONFIRMED["vouched_by"],
        )
    assert says(northgate, finding, {"act": "reopened", "words": "x"}) == 409
    assert says(ashbourne, finding, {"act": "reopened", "words": "Back at thirty"}) == 302
    kinds = {}
    for slug in ("northgate", "coldharbour", "gravenhurst", "dunmere"):
        with inside(slug):
            seal()
            events = Event.objects.filter(kind__startswith="finding.").order_by("pos")
            assert all(each.audience == [cast.id(slug)] for each in events)
            assert "Mara" not in str([each.data for each in events])
            kinds[slug] = [each.kind.removeprefix("finding.") for each in events]
    said = ["planned", "fixed", "retest_asked", "failed", "fixed", "confirmed", "reopened"]
    assert kinds == {"northgate": said, "coldharbour": said, "gravenhurst": [], "dunmere": []}


@pytest.mark.parametrize(
    ("act", "missing", "words"),
    [
        (PLANNED, "words", "Say it in a few words"),
        (PLANNED, "day", "for which day to come"),
        (FIXED, "words", "Say it in a few words"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(northgate, finding, act, missing, words):
    answer = northgate.post(f"/findings/{finding.pk}/", {**act, missing: ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert all(value in page for name, value in act.items() if name not in {missing, "act"})


def test_a_stranger_finds_no_such_finding(client_of, finding):
    for slug in ("gravenhurst", "dunmere"):
        stranger = client_of(slug, fresh=True)
        assert stranger.get(f"/findings/{finding.pk}/").status_code == 404
        assert says(stranger, finding, CONFIRMED) == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("dunmere_apart")
def test_a_councils_finding_in_somebody_elses_assessment_is_between_the_two(client_of, inside, finding):
    brackenfield = client_of("brackenfield", fresh=True)
    form = {
        "title": "No list of leavers",
        "severity": "medium",
        "due_on": SOON,
        "assessment": str(finding.assessment_id),
    }
    assert brackenfield.post("/providers/northgate/findings/", {**form, "due_on": "2020-01-01"}).status_code == 422
    made = brackenfield.post("/providers/northgate/findings/", form)
    assert made.status_code == 302
    assert "finding" in work(inside, "northgate")
    for slug, status in (("northgate", 200), ("brackenfield", 200), ("ashbourne", 404), ("gravenhurst", 404)):
        assert client_of(slug).get(made["Location"]).status_code == status, slug
    assert "No list of leavers" not in text(client_of("coldharbour").get(f"/assessments/{finding.assessment_id}/"))
    # Gravenhurst may raise one at Northgate too, and not in an assessment that it does not read; Dunmere none at all.
    assert client_of("gravenhurst").post("/providers/northgate/findings/", form).status_code == 422
    assert (
        client_of("gravenhurst").post("/providers/northgate/findings/", {**form, "assessment": ""}).status_code == 302
    )
    assert client_of("dunmere").post("/providers/northgate/findings/", {**form, "assessment": ""}).status_code == 422


ARCHITECTURE = {"kind": "architecture", "title": "Our own look", "scope": "Telephony", "done_on": TODAY}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("dunmere_apart")
def test_an_assessment_is_its_owners_until_it_is_shared(client_of, inside, cast, seal):
    gravenhurst = client_of("gravenhurst", fresh=True)
    assert gravenhurst.post("/providers/northgate/assessments/", {**ARCHITECTURE, "scope": ""}).status_code == 422
    made = gravenhurst.post("/providers/northgate/assessments/", ARCHITECTURE)
    page = made["Location"]
    assert client_of("northgate").get(page).status_code == 404
    assert client_of("dunmere").post("/providers/northgate/assessments/", ARCHITECTURE).status_code == 422
    share = {"act": "share", "organisations": ["northgate", "brackenfield"]}
    assert client_of("gravenhurst").post(page, share).status_code == 403  # no passkey just now
    assert gravenhurst.post(page, {"act": "share"}).status_code == 422
    assert gravenhurst.post(page, share).status_code == 302
    for slug, status in (("northgate", 200), ("brackenfield", 200), ("ashbourne", 404)):
        assert client_of(slug).get(page).status_code == status
        assert client_of(slug, fresh=True).post(page, share).status_code == (403 if status == 200 else 404)
    # Those who read it do not learn of one another.
    with inside("brackenfield"):
        seal()
        assessment = Assessment.objects.get(title="Our own look")
        assert [each.organisation_id for each in AssessmentShare.objects.filter(assessment=assessment)] == [
            cast.id("brackenfield")
        ]
        (event,) = Event.objects.filter(kind="assessment.shared")
        assert event.audience == [cast.id("brackenfield")]
        assert "northgate" not in str(event.data)
    assert "Northgate IT Services (since" not in text(client_of("brackenfield").get(page))
    assert "Northgate IT Services" in text(gravenhurst.get(page)).partition("Who reads it")[2]
    assert gravenhurst.post(page, {"act": "change", **ARCHITECTURE, "title": "Second look"}).status_code == 302
    assert "Second look" in text(client_of("northgate").get(page))
    assert "Our own look → Second look" in text(gravenhurst.get(page))
    with inside("northgate"):
        assert not Change.objects.filter(kind="assessment", object_id=assessment.pk).exists()


def record(**more: str) -> dict[str, str]:
    duties = {f"{code}-{part}": "provider" for code in contracts.ACTIVITIES for part in contracts.PARTS}
    return {**duties, "hours_to_notify": "4", "insurer": "Vale Mutual", "insured_sum": "100000", **more}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("dunmere_apart")
def test_a_contract_is_between_one_council_and_the_provider(client_of, inside, northgate):
    page = "/providers/northgate/contract/gravenhurst/"
    gravenhurst = client_of("gravenhurst")
    assert "Nothing is recorded yet" in text(gravenhurst.get(page))
    assert northgate.get(page).status_code == 404
    for wrong in ({"detect-accountable": ""}, {"detect-accountable": "both"}, {"detect-accountable": "nobody"},
                  {"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, {"hours_to_notify": "-1"},
                  {"liability_cap": "lots"}, {"insurer": "a\0b"}):  # fmt: skip
        answer = gravenhurst.post(page, record(**wrong))
        assert answer.status_code == 422, wrong
        assert "There is a problem" in answer.content.decode()
    assert seen(inside, "gravenhurst", Contract) == 0
    assert gravenhurst.post(page, record(liability="All of it")).status_code == 302
    assert (
        gravenhurst.post(
            page, record(read="1", liability="Half of it", **{"detect-accountable": "council"})
        ).status_code
        == 302
    )
    late = gravenhurst.post(page, record(read="1", liability="None of it"))  # who began before the second version
    assert late.status_code == 422
    assert "Somebody changed it meanwhile" in late.content.decode()
    assert 'name="read" value="2"' in late.content.decode()
    assert "None of it" in late.content.decode()
    for client in (gravenhurst, northgate):
        shown = text(client.get(page))
        assert "Version 2." in shown
        assert "Liability All of it → Half of it" in shown
        assert "Notice an attack: Northgate IT Services, Gravenhurst" in shown
    assert northgate.post(page, record()).status_code == 403
    assert client_of("gravenhurst", "observer").post(page, record()).status_code == 403
    for slug in ("ashbourne", "dunmere"):
        assert client_of(slug, fresh=True).get(page).status_code == 404
        assert client_of(slug, fresh=True).post(page, record()).status_code == 404
        with inside(slug):
            assert not Change.objects.filter(after__liability="Half of it").exists()
    assert client_of("dunmere").post("/providers/northgate/contract/dunmere/", record()).status_code == 403
    assert seen(inside, "northgate", Contract) == 4
    assert seen(inside, "ashbourne", Contract) == 1


def refused(sql: str, *parameters: object) -> str:
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(sql, parameters)
            return ""
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "")


def test_the_database_takes_no_responsibilities_that_are_not_whole(inside, cast):
    four = '["provider", "council", "both", "nobody"]'
    whole = ", ".join(f'"{code}": {four}' for code in contracts.ACTIVITIES)
    write = "SELECT sec.write_contract(%s, jsonb_build_object('responsibilities', %s::jsonb))"
    with inside("gravenhurst"):
        northgate = Organisation.objects.get(slug="northgate").pk
        for wrong in (
            "null", "[]", "{}", f'{{"detect": {four}}}', f'{{{whole}, "more": {four}}}',
            f"{{{whole}}}".replace('"council", "both"', '"both", "both"', 1),
            f"{{{whole}}}".replace('"both", "nobody"', '"both"', 1),
            f"{{{whole}}}".replace('"nobody"', '"somebody"', 1),
            f"{{{whole}}}".replace(four, '"provider"', 1),
        ):  # fmt: skip
            assert refused(write, northgate, wrong) == "23514", wrong
        assert refused(write, cast.id("ashbourne"), f"{{{whole}}}") == "42501"
        assert refused(write, northgate, f"{{{whole}}}") == ""
    with inside("ashbourne", "observer"):
        assert refused(write, northgate, f"{{{whole}}}") == "42501"


@pytest.fixture
def by_the_clock(monkeypatch):
    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("assurance", assurance_chores.look_at_assurance, timedelta(hours=12)))

    def at(day: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: day)
        with as_worker():
            chores.do_chores()

    return at


@pytest.mark.django_db(transaction=True)
def test_what_falls_due_becomes_work_and_is_told_once(client_of, inside, by_the_clock):
    by_the_clock(datetime(2026, 10, 15, 12, tzinfo=UTC))  # the day itself is in time
    assert work(inside, "northgate") == []
    by_the_clock(datetime(2026, 10, 16, 12, tzinfo=UTC))
    assert work(inside, "northgate") == ["finding"]
    by_the_clock(datetime(2026, 11, 25, 12, tzinfo=UTC))
    by_the_clock(datetime(2026, 11, 26, 12, tzinfo=UTC))
    # Brackenfield's cover ends on 31 December, less than sixty days from now.
    assert work(inside, "northgate") == ["contract", "finding", "finding"]
    assert work(inside, "brackenfield") == ["contract"]
    assert work(inside, "ashbourne") == []
    assert work(inside, "gravenhurst") == []
    for slug, count in (("northgate", 2), ("ashbourne", 2), ("coldharbour", 2), ("gravenhurst", 0), ("dunmere", 0)):
        with inside(slug):
            assert Event.objects.filter(kind="finding.overdue").count() == count, slug
    with inside("northgate"):
        item = WorkItem.objects.filter(kind="finding").order_by("due_at")[0]
        assert (item.title, item.due_at) == (f"Past due: {NG_ADM}", datetime(2026, 10, 15, 22, 59, tzinfo=UTC))
        assert item.page == f"/findings/{item.object_id}/"
    council = client_of("brackenfield")
    renewed = record(read="1", insured_until="2028-12-31", valid_until="2029-01-01")
    assert council.post("/providers/northgate/contract/brackenfield/", renewed).status_code == 302
    by_the_clock(datetime(2026, 11, 27, 12, tzinfo=UTC))
    assert work(inside, "brackenfield") == []
    by_the_clock(datetime(2029, 1, 2, 12, tzinfo=UTC))  # over, both of them
    assert work(inside, "brackenfield") == ["contract", "contract"]


def test_the_api_lists_what_one_may_read(api_of):
    def titles(slug: str, name: str, field: str) -> list[str]:
        return [each[field] for each in api_of(slug).get(f"/api/v1/{name}/").json()["results"]]

    assert titles("ashbourne", "findings", "title")[:2] == [NG_ADM, VAULT]
    assert titles("ashbourne", "contracts", "council") == ["ashbourne"]
    assert sorted(titles("northgate", "contracts", "council")) == ["ashbourne", "brackenfield", "coldharbour"]
    assert len(titles("coldharbour", "assessments", "title")) == 2
    for name in ("findings", "assessments", "contracts"):
        assert titles("gravenhurst", name, "id") == titles("dunmere", name, "id") == []
    (contract,) = api_of("brackenfield").get("/api/v1/contracts/").json()["results"]
    assert contract["responsibilities"][1] == {
        "activity": "isolate", "responsible": "provider", "accountable": "provider", "consulted": "council",
        "informed": "both",
    }  # fmt: skip
