"""An urgent advisory is told to the owner and the provider of the system it touches: once, by one message, in time."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from monitoring.advisories.deciding import decide
from monitoring.advisories.reading import read_parsed
from monitoring.advisories.storing import keep_as_organisation
from monitoring.advisories.telling import tell_due
from monitoring.models import Exposure
from partners.models import Person
from portal.ledger.models import Event
from portal.ledger.record import Actor, record
from portal.mail_sink import Mailbox
from tests.monitoring.advisories.conftest import document, match
from tests.notifications.conftest import mail, stage  # noqa: F401
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)


def many_of(vulnerabilities: int) -> Any:
    """So many critical records about the OpenLDAP that Northgate runs."""
    found = document("nvd")
    first = found["vulnerabilities"][0]
    found["vulnerabilities"] = []
    for n in range(vulnerabilities):
        each = copy.deepcopy(first)
        each["cve"]["id"] = f"CVE-2099-2{n:04}"
        found["vulnerabilities"].append(each)
    found["resultsPerPage"] = found["totalResults"] = vulnerabilities
    return found


def tell() -> int:
    with as_worker():
        return tell_due()


def told(stage: Stage) -> list[tuple[str, str, int]]:  # noqa: F811
    return [
        tuple(row)
        for row in stage.owner(
            "SELECT o.slug, d.message, count(DISTINCT d.event_id)::int FROM notifications_delivery d"
            " JOIN partners_organisation o ON o.id = d.organisation_id WHERE d.state = 'accepted' GROUP BY 1, 2"
        )
    ]


def test_two_hundred_at_once_are_one_message_and_the_next_comes_ten_minutes_later(
    stage: Stage,  # noqa: F811
    mail: Mailbox,  # noqa: F811
    operator,
):
    operator(many_of(199), document("kev"))
    # Samba is of high severity, Gravenhurst's Solr is only of high severity too: neither wakes anybody.
    operator(document("nvd"), document("osv"))
    assert tell() == 1
    stage.works()
    assert told(stage) == [("northgate", "advisories", 1)]
    found = [each for each in mail.messages() if "advisories" in each["subject"]]
    assert found
    assert all("200 new advisories touch your systems." in each["text"] for each in found)
    assert not any(word in each["text"] for each in found for word in ("CVE", "OpenLDAP", "Identity"))
    ((data, audience),) = stage.events("advisory.matched")
    assert (data["organisation"], data["count"], len(data["exposures"])) == ("northgate", 200, 50)
    assert audience == [stage.ids["northgate"]]
    # The next ones wait until ten minutes have passed.
    operator(document("kev"), many_of(201))
    assert tell() == 0
    stage.owner("UPDATE monitoring_exposuretold SET at = at - interval '10 minutes'")
    assert tell() == 1
    assert [data["count"] for data, _ in stage.events("advisory.matched")] == [200, 2]
    assert tell() == 0


def test_what_goes_by_a_name_or_is_not_urgent_is_on_the_page_alone_and_what_comes_back_is_news(
    stage: Stage,  # noqa: F811
    operator,
):
    operator(document("kev"))  # by name alone
    assert tell() == 0
    operator(document("nvd"))
    assert tell() == 1
    stage.owner("UPDATE monitoring_exposuretold SET at = at - interval '10 minutes'")
    version = "UPDATE partners_component SET product_version = %s, cpe = %s WHERE product = 'OpenLDAP' RETURNING 1"
    before = stage.owner("SELECT product_version, cpe FROM partners_component WHERE product = 'OpenLDAP'")[0]
    stage.owner(version, ["2.6.9", "cpe:2.3:a:openldap:openldap:2.6.9:*:*:*:*:*:*:*"])
    match()
    assert tell() == 0
    stage.owner(version, list(before))
    match()
    assert tell() == 1


def test_an_amber_document_is_told_to_whoever_brought_it(stage: Stage, operator, inside):  # noqa: F811
    amber = document("csaf")
    amber["document"]["distribution"]["tlp"]["label"] = "AMBER"
    with inside("northgate"):
        keep_as_organisation(read_parsed(amber))
    match()
    stage.owner("UPDATE monitoring_exposure SET certainty = 'confirmed', severity = 'critical'")
    stage.owner("UPDATE partners_sharedsystem SET owner_id = %s", [stage.ids["ashbourne"]])
    tell()
    assert [audience for _, audience in stage.events("advisory.matched")] == [[stage.ids["northgate"]]]


def test_a_decision_is_an_event_that_owner_and_provider_read_and_nobody_says_by_hand(
    stage: Stage,  # noqa: F811
    operator,
    inside,
):
    operator(document("nvd"))
    stage.owner(
        "UPDATE partners_sharedsystem SET owner_id = %s WHERE slug = 'identity-platform'", [stage.ids["ashbourne"]]
    )
    with stage.as_person("northgate"):
        person = Person.objects.filter(role="incident_manager").order_by("name").first()
        actor = Actor(stage.ids["northgate"], "person", person.pk)
        exposure = Exposure.objects.get(label="CVE-2099-10001")
        until = date.today() + timedelta(days=7)
        decide(exposure, choice="patch", reason="Tonight.", responsible="Platform team", until_on=until, actor=actor)
    ((data, audience),) = stage.events("advisory.decided")
    assert data == {
        "choice": "patch",
        "until": until.isoformat(),
        "exposures": [str(exposure.pk)],
        "systems": ["identity-platform"],
    }
    assert set(audience) == {stage.ids["northgate"], stage.ids["ashbourne"]}
    for slug, sees in (("ashbourne", True), ("northgate", True), ("brackenfield", False)):
        with inside(slug):
            assert Event.objects.filter(kind="advisory.decided").exists() is sees
    with inside("northgate"), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        record("advisory.matched", actor=Actor(stage.ids["northgate"]), audience=[stage.ids["northgate"]], count=1)
