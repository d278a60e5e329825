"""Personal data in an incident: positions, private notices, who has told whom; who reads them and who does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import DataPosition, Incident, OutsideReportNote
from incidents.personal_data.reports import Report, share_report, write_report
from incidents.personal_data.saying import Said, say_position, share_position
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

# Everybody of the partnership whom it might reach: Dunmere's own, the lead, the deputy and provider, a fellow
# participant, and Gravenhurst, whom the incident does not reach.
OTHERS = ("ashbourne", "northgate", "eastwick", "gravenhurst")
SECRET = "The housing list of 2024 lay on the share."
TOLD_AT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def readers(stage: Stage, table: str) -> set[str]:
    """Who reads a row of the table by SQL alone, as the application's role."""
    return {slug for slug in ("dunmere", *OTHERS) if stage.as_app(slug, f"SELECT 1 FROM {table}")}


def test_every_revision_is_kept_the_newest_counts_and_it_is_shared_only_by_its_owner(stage, incident, inside):
    with inside("dunmere", "data_protection_officer"):
        assert say_position(incident, Said("assessing", words="Looking at the share."))
        said = Said("personal", ["health", "basic_identifiers"], "100-999", "unknown", ["availability"], SECRET)
        assert say_position(incident, said)
        assert not say_position(incident, said)  # the same again
        kept = DataPosition.objects.values_list("state", "categories", "people", "touched", "newest")
        assert list(kept) == [
            ("personal", ["health", "basic_identifiers"], "100-999", ["availability"], True),
            ("assessing", [], "", [], False),
        ]
    assert readers(stage, "incidents_dataposition") == {"dunmere"}
    for slug, shared, reads in (
        ("dunmere", "lead", {"dunmere", "ashbourne", "northgate"}),
        ("dunmere", "all", {"dunmere", "ashbourne", "northgate", "eastwick"}),
        ("dunmere", "", {"dunmere"}),
    ):
        with inside(slug):
            assert share_position(incident, shared=shared)
        assert readers(stage, "incidents_dataposition") == reads
    with inside("dunmere"):
        share_position(incident, shared="all")
    # Of another's position nobody reads what was said before, nor whose name stands under it.
    assert stage.as_app("eastwick", "SELECT state FROM incidents_dataposition") == [("personal",)]
    events = stage.events("data_position.said") + stage.events("data_position.shared")
    assert SECRET not in str(events)
    assert [set(audience) for _, audience in events[:2]] == [{stage.ids["dunmere"]}] * 2


def test_who_may_not_judge_and_what_says_nothing(stage, incident, inside):
    for slug, role in (("ashbourne", "responder"), ("ashbourne", "observer"), ("gravenhurst", "incident_manager")):
        with inside(slug, role), pytest.raises(NotYours):
            say_position(incident, Said("assessing"))
    with inside("dunmere"):
        for said, pointer in (
            (Said("personal"), "/categories"), (Said("none"), "/words"),
            (Said("none", ["health"], words="x"), "/state"),
            (Said("assessing", words="x" * 2001), "/words"),
        ):  # fmt: skip
            with pytest.raises(Invalid, match=pointer):
                say_position(incident, said)
        with pytest.raises(WrongMoment, match="nothing to share"):
            share_position(incident, shared="all")
    for slug in ("dunmere", "ashbourne"):  # by hand, past every check of ours
        for sql in (
            "UPDATE incidents_dataposition SET shared = 'all'",
            "DELETE FROM incidents_outsidereport",
            "SELECT sec.data_told(NULL, 'data_position.said', NULL, NULL, '{}')",
        ):
            with pytest.raises(Exception, match="permission denied"):
                stage.as_app(slug, sql)
    assert stage.owner("SELECT count(*) FROM incidents_dataposition") == [(0,)]


def test_the_page_by_hand_without_a_script_and_what_others_read(incident, client_of):
    at = reverse("incident-data", args=[incident.reference])
    dunmere, stranger = client_of("dunmere"), client_of("gravenhurst")
    assert stranger.get(at).status_code == 404
    assert "Not yet assessed" in dunmere.get(at).content.decode()
    wrong = dunmere.post(at, {"state": "personal", "words": SECRET})
    assert (wrong.status_code, "Choose at least one" in wrong.content.decode()) == (422, True)
    assert SECRET in wrong.content.decode()
    said = {"state": "personal", "categories": ["health"], "people": "unknown", "words": SECRET, "shared": ""}
    assert dunmere.post(at, said).status_code == 302
    for slug in OTHERS[:3]:
        page = client_of(slug).get(at).content.decode()
        assert SECRET not in page
        assert "What others share" not in page
    assert dunmere.post(at, {**said, "shared": "all"}).status_code == 302
    assert "1 earlier version" not in dunmere.get(at).content.decode()  # nothing was said anew
    page = client_of("eastwick").get(at).content.decode()
    assert SECRET in page
    assert "Health" in page
    assert dunmere.post(at, {"share": ""}).status_code == 302
    assert SECRET not in client_of("eastwick").get(at).content.decode()
    assert dunmere.post(at, {"share": "the press"}).status_code == 422
    # A page that was opened while it was shared, sent after a colleague has stopped: it stays stopped.
    assert dunmere.post(at, {"share": "all"}).status_code == 302
    opened = {**said, "words": f"{SECRET} And more.", "shared": "all", "was_shared": "all"}
    assert 'name="was_shared" value="all"' in dunmere.get(at).content.decode()
    assert dunmere.post(at, {"share": ""}).status_code == 302
    assert dunmere.post(at, opened).status_code == 302
    assert "And more." in dunmere.get(at).content.decode()
    assert SECRET not in client_of("eastwick").get(at).content.decode()


def test_who_has_told_whom_crosses_without_words_and_people_and_only_where_shared(stage, incident, inside, client_of):
    told = Report("ncsc", TOLD_AT, "Grace Okafor", reference="NCSC-77", words=SECRET, route="report.ncsc.gov.uk")
    with inside("dunmere"):
        made = write_report(incident, told)
        assert write_report(incident, told) == made  # tapped twice
    assert readers(stage, "incidents_outsidereport") == {"dunmere"}
    at = reverse("incident-told", args=[incident.reference])
    assert client_of("gravenhurst").get(at).status_code == 404
    empty = client_of("eastwick").get(at).content.decode()
    assert "Nobody shares a report with you" in empty
    assert "0300 123 2040" in empty
    for slug in OTHERS:
        with inside(slug), pytest.raises(NotYours):
            share_report(made.pk, shared="all")
    shares = {"report": str(made.pk), "share": "all"}
    assert client_of("ashbourne").post(at, shares).status_code == 403
    assert client_of("dunmere").post(at, shares).status_code == 302
    assert readers(stage, "incidents_outsidereport") == {"dunmere", "ashbourne", "northgate", "eastwick"}
    assert readers(stage, "incidents_outsidereportnote") == {"dunmere"}
    page = client_of("eastwick").get(at).content.decode()
    assert "NCSC-77" in page
    assert SECRET not in page
    assert "Grace Okafor" not in page
    with inside("dunmere"):
        follow = write_report(incident, Report("ncsc", TOLD_AT, "Grace", follows=made.pk, words="Asked for images."))
        assert (follow.note.follows_id, follow.shared) == (made.pk, "")  # shared for itself alone
        assert OutsideReportNote.objects.count() == 2
        for report, error in (
            (Report("ico", TOLD_AT, "Grace", follows=made.pk), WrongMoment),
            (Report("other", TOLD_AT, "Grace"), Invalid), (Report("nobody", TOLD_AT, "Grace"), Invalid),
            (Report("ico", datetime(2999, 1, 1, tzinfo=UTC), "Grace"), Invalid), (Report("ico", TOLD_AT, " "), Invalid),
        ):  # fmt: skip
            with pytest.raises(error):
                write_report(incident, report)
        assert share_report(made.pk, shared="")
    assert readers(stage, "incidents_outsidereport") == {"dunmere"}
    assert SECRET not in str(stage.owner("SELECT string_agg(data::text, '') FROM ledger_event"))
    with inside("ashbourne", "responder"):  # writes down what was done, and lets nobody else read it
        own = write_report(incident, told)
        with pytest.raises(NotYours):
            share_report(own.pk, shared="all")
