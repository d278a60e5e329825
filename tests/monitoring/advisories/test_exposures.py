"""From documents to exposures: who sees what, what replaces, and what retracts."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction

from monitoring.advisories.reading import read_parsed
from monitoring.advisories.storing import keep_as_organisation
from monitoring.models import Advisory, Exposure, ExposureSource
from partners.models import Component
from tests.monitoring.advisories.conftest import document, match

pytestmark = pytest.mark.django_db(transaction=True)


def seen(inside: Any, slug: str, **wanted: Any) -> list[tuple[str, str, str]]:
    with inside(slug):
        rows = Exposure.objects.filter(**wanted).values_list("label", "about", "certainty")
        return sorted(rows)


def test_five_kinds_of_documents_become_exposures_of_whoever_runs_the_system_and_of_nobody_else(operator, inside):
    kinds = ("kev", "nvd", "osv", "csaf", "stix")
    assert operator(*map(document, kinds)) == {"new": 8}
    incident = "incident--7b2d6b61-8a3c-4a6f-9d0e-0a6f6b3f0003"
    of_northgate = [
        ("CVE-2099-10001", "OpenLDAP", "confirmed"),
        ("CVE-2099-10002", "Samba", "confirmed"),
        ("CVE-2099-10003", "Red Hat Keycloak", "confirmed"),
        ("CVE-2099-10004", "OpenVPN", "possible"),
    ]
    assert [each for each in seen(inside, "northgate") if each[0] != incident] == of_northgate
    named = [each for each in seen(inside, "northgate") if each[0] == incident]
    assert {each[1:] for each in named} == {("Northgate IT Services", "possible")}
    # Gravenhurst owns one system; Ashbourne stands on all of Northgate's and runs none.
    assert seen(inside, "gravenhurst") == [("CVE-2099-10006", "Apache Solr", "confirmed")]
    assert seen(inside, "ashbourne") == []
    with inside("northgate"):
        first = Exposure.objects.order_by("-priority").first()
        assert (first.label, first.severity, first.exploited, first.ransomware) == (
            "CVE-2099-10001", "critical", True, True,
        )  # fmt: skip
        sources = list(ExposureSource.objects.filter(exposure=first).values_list("advisory__source", "verdict", "rule"))
        assert sorted(sources) == [
            ("kev", "possible", "by name alone: OpenLDAP OpenLDAP"),
            ("nvd", "affected", "cpe:2.3:a:openldap:openldap:*:*:*:*:*:*:*:* ≥ 2.6.0 < 2.6.8"),
        ]
    with inside("ashbourne"):
        assert not ExposureSource.objects.exists()
        assert Advisory.objects.count() == 8  # clear documents are everybody's
    # The same again changes nothing, a new number of an unchanged catalogue neither.
    again = document("kev") | {"catalogVersion": "2026.03.03", "dateReleased": "2026-03-03T12:00:00Z"}
    assert operator(again, document("nvd")) == {"same": 5}


def test_a_newer_version_replaces_and_what_it_no_longer_says_is_retracted(operator, inside):
    operator(document("nvd"))
    newer = document("nvd")
    newer["vulnerabilities"] = [newer["vulnerabilities"][1]]
    cve = newer["vulnerabilities"][0]["cve"]
    cve["lastModified"] = "2026-03-05T09:00:00.000"
    cve["configurations"][0]["nodes"][0]["cpeMatch"][0]["versionEndExcluding"] = "4.19.3"
    assert operator(newer) == {"replaced": 1}
    with inside("northgate"):
        samba = Exposure.objects.get(label="CVE-2099-10002")
        assert samba.state == "retracted"
        assert "4.19.4 is in no range" in samba.retracted_because
    assert operator(document("nvd")) == {"same": 2, "older": 1}
    cve["lastModified"], cve["vulnStatus"] = "2026-03-06T09:00:00.000", "Rejected"
    cve["configurations"][0]["nodes"][0]["cpeMatch"][0]["versionEndExcluding"] = "4.19.5"
    operator(newer)
    with inside("northgate"):
        assert Exposure.objects.get(label="CVE-2099-10002").retracted_because == "the number was rejected (NVD)"
    cve["lastModified"], cve["vulnStatus"] = "2026-03-07T09:00:00.000", "Analyzed"
    operator(newer)
    with inside("northgate"):
        back = Exposure.objects.get(label="CVE-2099-10002")
        assert (back.state, back.retracted_at, back.retracted_because) == ("open", None, "")


def test_not_affected_retracts_when_a_feed_or_its_own_organisation_says_so_and_not_when_a_stranger_does(
    operator, inside
):
    operator(document("nvd"))
    with inside("ashbourne"):  # stands on it, and runs it not
        assert keep_as_organisation(read_parsed(document("vex"))) == {"new": 1}
    match()
    with inside("northgate"):
        assert Exposure.objects.get(label="CVE-2099-10002").state == "open"
        assert keep_as_organisation(read_parsed(document("vex"))) == {"new": 1}
    match()
    with inside("northgate"):
        samba = Exposure.objects.get(label="CVE-2099-10002")
        assert (samba.state, samba.retracted_because.partition(":")[0]) == ("retracted", "not affected, says CSAF")


def test_a_document_that_is_not_clear_matches_and_shows_only_to_who_brought_it(operator, inside):
    amber = copy.deepcopy(document("csaf"))
    amber["document"]["distribution"]["tlp"]["label"] = "AMBER"
    with pytest.raises(Exception, match="belongs to no organisation"):
        operator(amber)
    with inside("dunmere"):
        keep_as_organisation(read_parsed(amber))
    match()
    assert seen(inside, "dunmere") == seen(inside, "northgate") == []
    with inside("northgate"):
        assert not Advisory.objects.exists()
        keep_as_organisation(read_parsed(amber))
    match()
    assert seen(inside, "northgate") == [("CVE-2099-10004", "OpenVPN", "possible")]
    with inside("northgate"):
        assert Exposure.objects.get().confined_to.slug == "northgate"


def test_a_component_that_changes_is_matched_again(operator, inside, owner):
    operator(document("nvd"))
    update = "UPDATE partners_component SET product_version = %s, cpe = %s WHERE product = 'Samba'"
    owner.execute(update, ["4.19.6", "cpe:2.3:a:samba:samba:4.19.6:*:*:*:*:*:*:*"])
    assert match() == 1
    with inside("northgate"):
        assert Exposure.objects.get(label="CVE-2099-10002").state == "retracted"
    owner.execute(update, ["", "cpe:2.3:a:samba:samba:*:*:*:*:*:*:*:*"])
    match()
    with inside("northgate"):
        samba = Exposure.objects.get(label="CVE-2099-10002")
        assert (samba.state, samba.certainty) == ("open", "ask")
        assert Component.objects.filter(pk=samba.component_id).exists()
    owner.execute("DELETE FROM partners_component WHERE product = 'Samba'")
    match()
    with inside("northgate"):
        samba.refresh_from_db()
        assert samba.retracted_because == "the component is not in the register any more"
    assert match() == 0


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO monitoring_exposure SELECT * FROM monitoring_exposure",
        "UPDATE monitoring_exposure SET state = 'retracted'",
        "SELECT * FROM monitoring_advisorykey",
        "SELECT * FROM monitoring_watchedkey",
        "SELECT sec.settle_exposures('[]')",
        "SELECT * FROM sec.keep_feed(gen_random_uuid(), '[]', true)",
    ],
)
def test_nobody_writes_an_exposure_or_reads_an_index_by_hand(inside, sql):
    with inside("northgate"), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connections["default"].cursor().execute(sql)
