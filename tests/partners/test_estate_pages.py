"""The pages that write the register: nothing typed is lost, the slower one is told, the stranger finds nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from partners.models import Component, Dependency, Participation, PublicService, SharedSystem

pytestmark = pytest.mark.django_db


def fields_of(body: str) -> dict[str, Any]:
    """What a browser would send: every field of the page's form as it is filled in."""
    form = body[body.index('<form method="post" novalidate>') :]
    form = form[: form.index("</form>")]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        if name is None or (kind and kind[1] in {"checkbox", "radio"} and " checked" not in tag):
            continue
        found.setdefault(name[1], []).append(
            unescape(value[1]) if value else "on" if kind and kind[1] == "checkbox" else ""
        )
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, flags=re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', inner)
        found[name] = (chosen or re.findall(r'<option value="([^"]*)"', inner))[:1]
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, flags=re.DOTALL):
        found[name] = [unescape(inner)]
    return found


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


@pytest.fixture
def dunmere(client_of) -> Client:
    return client_of("dunmere", fresh=True)


@pytest.fixture
def northgate(client_of) -> Client:
    return client_of("northgate", fresh=True)


def test_a_form_that_is_sent_back_as_it_came_changes_nothing(dunmere, northgate, inside):
    with inside("dunmere"):
        edge = Dependency.objects.get(target__slug="finance-ledger").pk
    for client, path in (
        (dunmere, "/systems/finance-ledger/change/"),
        (dunmere, "/systems/finance-ledger/standing/"),
        (northgate, "/systems/identity-platform/parts/"),
        (dunmere, f"/partners/links/{edge}/change/"),
    ):
        history = page(dunmere, "/systems/finance-ledger/").count("Dunmere</strong>")
        answer = client.post(path, fields_of(page(client, path)))
        assert answer.status_code == 302, (path, answer.content.decode())
        body = page(dunmere, "/systems/finance-ledger/")
        assert body.count("Dunmere</strong>") == history, body[body.index('id="history"') :]
    with inside("dunmere"):
        assert SharedSystem.objects.get(slug="finance-ledger").version == 1


def test_an_organisation_says_what_it_bases_on_a_system_in_one_form(dunmere, inside, cast, client_of):
    path = "/systems/finance-ledger/standing/"
    said = fields_of(page(dunmere, path))
    grace = next(pk for pk, name, _role in cast["dunmere"].people if name == "Grace Holloway")
    said |= {
        "decision_owner": str(grace),
        "service-0-fallback": "Paper",
        "service-1-remove": "on",
        "service-2-name": "Business rates",
        "service-2-category": "council_tax",
        "service-2-people_served": "4100",
        "service-2-critical_dates": "1 April 2027 New year\r\nevery quarter: demand notices",
    }
    assert dunmere.post(path, said).status_code == 302
    body = page(dunmere, "/systems/finance-ledger/")
    assert "Grace Holloway" in body
    assert "1 April 2027: New year" in body
    assert "every quarter: demand notices" in body
    with inside("dunmere"):
        stand = Participation.objects.get(system__slug="finance-ledger", organisation__slug="dunmere")
        assert stand.services == ["Payments to suppliers", "Business rates"]
        assert stand.fallback == "Payments to suppliers: Paper; Business rates: none recorded"
    with inside("eastwick"):
        assert not PublicService.objects.filter(name="Business rates").exists()
    assert client_of("gravenhurst").get(path).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"service-0-people_served": "many"}, "Write a whole number."),
        ({"service-0-name": "", "service-0-fallback": "x"}, "Give the service a name"),
        ({"service-1-name": "payments TO suppliers"}, "This is there twice."),
        ({"service-0-critical_dates": "31/2/2027 Pay day"}, "There is no such day: 31/2/2027"),
        ({"service-0-critical_dates": "6 May 2027"}, "what happens on that day"),
        ({"answer": "perhaps"}, "Choose one of the list."),
        ({"left_on": "31/3/2017"}, "Only who has left has such a day."),
        ({"decision_owner": "00000000-0000-0000-0000-000000000001"}, "Choose one of the list."),
        ({"data_categories": ["gossip"]}, "Choose from the list."),
        ({"service-0-fallback": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_bad_input_says_what_is_wrong_and_keeps_what_was_typed(dunmere, inside, wrong, says):
    path = "/systems/finance-ledger/standing/"
    answer = dunmere.post(path, {**fields_of(page(dunmere, path)), "service-2-name": "Typed just now", **wrong})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "Typed just now" in answer.content.decode()
    with inside("dunmere"):
        assert not PublicService.objects.filter(name="Typed just now").exists()


def test_whoever_is_slower_is_told_and_loses_nothing(dunmere, inside):
    path = "/systems/finance-ledger/change/"
    slow = fields_of(page(dunmere, path)) | {"hosting": "Typed by the slower one"}
    assert dunmere.post(path, fields_of(page(dunmere, path)) | {"hosting": "Quicker"}).status_code == 302
    answer = dunmere.post(path, slow)
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile" in body
    assert "Now there: Quicker" in body
    assert "Typed by the slower one" in body
    with inside("dunmere"):
        assert SharedSystem.objects.get(slug="finance-ledger").hosting == "Quicker"
    assert dunmere.post(path, fields_of(body)).status_code == 302  # looked at, pressed again
    assert "Typed by the slower one" in page(dunmere, "/systems/finance-ledger/")


def test_the_same_for_services_parts_and_links(dunmere, northgate, inside):
    with inside("dunmere"):
        edge = Dependency.objects.get(target__slug="finance-ledger").pk
    for client, path, quick, slow in (
        (dunmere, "/systems/finance-ledger/standing/", {"service-0-fallback": "Q"}, {"service-2-name": "Slower"}),
        (northgate, "/systems/identity-platform/parts/", {"component-0-note": "Q"}, {"segment-2-name": "Slower"}),
        (dunmere, f"/partners/links/{edge}/change/", {"note": "Q"}, {"stops": "Slower"}),
    ):
        late = fields_of(page(client, path)) | slow
        assert client.post(path, fields_of(page(client, path)) | quick).status_code == 302
        answer = client.post(path, late)
        assert answer.status_code == 409, path
        assert "Somebody changed this meanwhile" in answer.content.decode()
        assert "Slower" in answer.content.decode()
    with inside("dunmere"):
        assert not PublicService.objects.filter(name="Slower").exists()


def test_components_are_kept_in_one_form_and_what_is_none_is_refused(northgate, inside, client_of):
    path = "/systems/identity-platform/parts/"
    said = fields_of(page(northgate, path)) | {"component-2-product": "Squid", "component-2-cpe": "cpe:/a:squid-cache"}
    wrong = northgate.post(path, said | {"component-2-purl": "squid"})
    assert wrong.status_code == 422
    assert "A package URL begins with pkg:" in wrong.content.decode()
    assert northgate.post(path, said).status_code == 302
    with inside("ashbourne"):
        assert Component.objects.get(product="Squid").cpe == "cpe:2.3:a:squid-cache:*:*:*:*:*:*:*:*:*"
    body = page(client_of("ashbourne"), "/systems/identity-platform/")
    assert "Squid" in body
    assert "Northgate IT Services</strong>: Component Squid: added" in body
    assert client_of("ashbourne", fresh=True).post(path, said).status_code == 403
    assert client_of("gravenhurst", fresh=True).post(path, said).status_code == 404


def test_a_system_is_added_shared_and_linked(dunmere, inside, client_of):
    said = fields_of(page(dunmere, "/systems/add/")) | {"name": "Parking", "data_categories": ["none", "contact"]}
    assert "Either there are no data" in dunmere.post("/systems/add/", said).content.decode()
    said["data_categories"] = ["contact"]
    path = dunmere.post("/systems/add/", said).headers["Location"]
    assert re.fullmatch(r"/systems/parking-[0-9a-f]{10}/", path)
    other = client_of("gravenhurst", fresh=True)
    assert other.get(path).status_code == 404
    added = dunmere.post(f"{path}organisations/", {"act": "add", "organisation": "gravenhurst"})
    assert added.status_code == 302
    assert "You were added to this system" in page(other, f"{path}standing/")
    assert "Say whether you stand on it" in page(other, "/systems/")
    with inside("dunmere"):
        ledger = str(SharedSystem.objects.get(slug="finance-ledger").pk)
        housing = str(Dependency.objects.get(source__slug="finance-ledger").target_id)
    link = fields_of(page(dunmere, f"{path}links/")) | {"other": ledger, "direction": "in", "kind": "data_feed"}
    unproven = dunmere.post(f"{path}links/", link | {"barrier": "tested"})
    assert "Say who tested it." in unproven.content.decode()
    assert dunmere.post(f"{path}links/", link).status_code == 302
    assert "Finance ledger" in page(other, path)  # its neighbour, by name
    assert other.get("/systems/finance-ledger/").status_code == 404
    # Housing is what the ledger leads into: a name, and walked into from there; not from here.
    refused = dunmere.post(f"{path}links/", link | {"other": housing, "direction": "out"})
    assert refused.status_code == 422
    assert "not yours to write" in refused.content.decode()
    assert (
        other.post(f"{path}standing/", {**fields_of(page(other, f"{path}standing/")), "answer": "denied"}).status_code
        == 302
    )
    assert "Says that it does not stand here: Gravenhurst" in page(dunmere, path)
    with inside("dunmere"):
        stand = Participation.objects.get(organisation__slug="gravenhurst", system__slug=path.split("/")[2]).pk
    taken = dunmere.post(f"{path}organisations/", {"act": "remove", "stand": str(stand)})
    assert taken.status_code == 302
    assert other.get(path).status_code == 404


def test_the_number_of_parts_and_services_does_not_change_the_number_of_queries(
    northgate, inside, django_assert_max_num_queries
):
    page(northgate, "/systems/identity-platform/")
    with django_assert_max_num_queries(60) as few:
        page(northgate, "/systems/identity-platform/")
    with inside("northgate"):
        system = SharedSystem.objects.get(slug="identity-platform")
        Component.objects.bulk_create(Component(system=system, product=f"P{n}") for n in range(30))
    with inside("ashbourne"):
        stand = Participation.objects.get(system__slug="identity-platform")
        PublicService.objects.bulk_create(PublicService(participation=stand, name=f"S{n}") for n in range(30))
    with django_assert_max_num_queries(60) as many:
        page(northgate, "/systems/identity-platform/")
    assert len(many) == len(few)
