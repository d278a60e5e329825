"""A partnership file is taken as a whole or not at all, and every mistake in it is named."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from partners.partnership_file import PartnershipFile, PartnershipRefused, parse_partnership, read_partnership

DEMO = Path(__file__).parents[2] / "demo" / "partnership.json"
Document = dict[str, Any]


@pytest.fixture(scope="module")
def demo() -> PartnershipFile:
    return read_partnership(DEMO)


@pytest.fixture
def document() -> Document:
    return json.loads(DEMO.read_bytes())


def refusal(document: Any) -> dict[str, str]:
    with pytest.raises(PartnershipRefused) as refused:
        parse_partnership(document, folder=DEMO.parent)
    assert all(problem.detail.endswith(".") for problem in refused.value.problems)
    return {problem.pointer: problem.detail for problem in refused.value.problems}


class TestDemonstration:
    def test_seven_councils_and_their_provider_with_the_people_they_serve(self, demo: PartnershipFile):
        councils = {each.name: each.people_served for each in demo.organisations if each.kind == "council"}
        assert councils == {
            "Ashbourne": 143_200,
            "Brackenfield": 88_400,
            "Coldharbour": 96_100,
            "Dunmere": 61_300,
            "Eastwick": 112_700,
            "Fernleigh": 74_900,
            "Gravenhurst": 54_000,
        }
        others = [each for each in demo.organisations if each.kind != "council"]
        assert [(each.slug, each.name, each.kind) for each in others] == [
            ("northgate", "Northgate IT Services", "provider")
        ]

    def test_fernleigh_left_in_2017_and_is_still_connected(self, demo: PartnershipFile):
        (former,) = (each for each in demo.organisations if each.status == "former")
        assert former.slug == "fernleigh"
        assert former.left_on
        assert former.left_on.year == 2017
        assert {each.system: each.status for each in demo.participations if each.organisation == "fernleigh"} == {
            "archive-2006": "left_connected",
            "website-forms": "live",
            "bulkhead": "live",
        }

    @pytest.mark.parametrize(
        ("system", "organisations"),
        [
            ("identity-platform", "ABC"),
            ("email-and-teams", "ABC"),
            ("remote-access", "ABC"),
            ("file-services", "AC"),
            ("social-care-records", "AB"),
            ("telecare-alarms", "AB"),
            ("backup-vault", "ABC"),
            ("finance-ledger", "D"),
            ("housing-tenancy", "E"),
            ("archive-2006", "F"),
            ("telephony", "ABG"),
            ("website-forms", "ABCDEFG"),
            ("elections-register", "CD"),
            ("bulkhead", "ABCDEFG"),
            ("portal-hosting", ""),
            ("planning-search", "CG"),
        ],
    )
    def test_who_stands_on_what(self, demo: PartnershipFile, system: str, organisations: str):
        standing = [each.organisation for each in demo.participations if each.system == system]
        assert "".join(sorted(each[0].upper() for each in standing)) == organisations
        assert len(demo.systems) == 16

    def test_telecare_serves_2140_people_and_one_council_has_no_fallback_recorded(self, demo: PartnershipFile):
        standing = [each for each in demo.participations if each.system == "telecare-alarms"]
        assert all(each.safety_critical for each in standing)
        assert sum(each.people_served or 0 for each in standing) == 2_140
        assert [each.organisation for each in standing if each.fallback is None] == ["brackenfield"]

    def test_the_barrier_to_telephony_was_tested_and_the_one_to_care_records_claimed(self, demo: PartnershipFile):
        barriers = {each.target: (each.barrier, each.tested_on) for each in demo.dependencies if each.barrier != "none"}
        assert barriers == {
            "telephony": ("tested", date(2026, 5, 3)),
            "social-care-records": ("claimed", None),
        }
        assert [each.target for each in demo.dependencies if each.group == "NG-ADM"] == [
            "file-services",
            "backup-vault",
        ]
        assert all(each.reviewed_on and each.reviewed_by for each in demo.dependencies)

    def test_every_organisation_can_be_reached_by_mail_that_rides_on_nothing_shared(self, demo: PartnershipFile):
        safe = {each.organisation for each in demo.contact_points if each.rides_on is None}
        assert safe == {each.slug for each in demo.organisations}
        desks = {each.organisation: each.rides_on for each in demo.contact_points if each.person is None}
        assert {slug for slug, rides_on in desks.items() if rides_on} == {"dunmere"}
        assert desks["dunmere"] == "email-and-teams"
        assert desks.keys() == safe
        assert all(each.duty_desk for each in demo.organisations)

    def test_staff_mail_of_those_who_share_it_rides_on_it(self, demo: PartnershipFile):
        sharing = {each.organisation for each in demo.participations if each.system == "email-and-teams"}
        for point in demo.contact_points:
            if point.address == point.person:
                assert point.rides_on == ("email-and-teams" if point.organisation in sharing else None)

    def test_everybody_has_four_to_six_people_one_of_whom_may_manage_incidents(self, demo: PartnershipFile):
        for each in demo.organisations:
            people = [person for person in demo.people if person.organisation == each.slug and not person.break_glass]
            assert 4 <= len(people) <= 6
            assert "incident_manager" in {person.role for person in people}
        assert {person.role for person in demo.people} == {
            "administrator",
            "incident_manager",
            "responder",
            "approver",
            "data_protection_officer",
            "observer",
        }

    def test_addresses_and_numbers_can_reach_nobody_real(self, demo: PartnershipFile):
        mail = [each.email for each in demo.people] + [
            each.address for each in demo.contact_points if each.kind == "email"
        ]
        assert all(each.endswith(".example") for each in mail)
        phones = [each.duty_desk.phone for each in demo.organisations if each.duty_desk]
        assert all(each.startswith("01632 960") for each in phones)  # kept free for drama by Ofcom

    def test_the_first_key_is_ashbournes_and_each_key_has_the_scopes_of_its_role(self, demo: PartnershipFile):
        assert demo.api_keys[0].organisation == "ashbourne"
        full = {"open", "answer", "read", "playbooks", "access-events"}
        for key in demo.api_keys:
            leads = key.organisation in {"ashbourne", "northgate"}
            assert set(key.scopes) == (full if leads else {"answer", "read", "suspect"})
        assert len({key.organisation for key in demo.api_keys}) == len(demo.api_keys) == 8

    def test_dunmere_signed_the_older_version_with_a_reservation(self, demo: PartnershipFile):
        signed = {each.organisation: each for each in demo.sign_offs}
        assert [each.organisation for each in demo.sign_off_steps if each.reservation] == ["dunmere"]
        current = json.loads(demo.playbooks[0].read_bytes())["modified"]
        assert [slug for slug, each in signed.items() if each.version < current] == ["dunmere"]
        assert {each.playbook for each in signed.values()} == {demo.playbooks[0].stem}
        assert not {"fernleigh", "gravenhurst"} & signed.keys()  # a gap on archive-2006, and who is outside

    def test_an_account_can_be_traced_to_the_system_that_vouches_for_it(self, demo: PartnershipFile):
        realms = {realm: each.slug for each in demo.systems for realm in each.account_realms}
        assert realms["ashbourne"] == "identity-platform"


def put(section: str, at: int, **values: Any) -> Callable[[Document], Any]:
    return lambda document: document[section][at].update(values)


def take(section: str, at: int, name: str) -> Callable[[Document], Any]:
    return lambda document: document[section][at].pop(name)


def again(section: str, at: int, **changes: Any) -> Callable[[Document], Any]:
    return lambda document: document[section].append(copy.deepcopy(document[section][at]) | changes)


MISTAKES: dict[str, tuple[Callable[[Document], Any], str]] = {
    "an unknown section": (lambda d: d.update(friends=[]), "/friends"),
    "an unknown field": (put("systems", 0, colour="red"), "/systems/0/colour"),
    "an unknown field with a slash": (put("systems", 0, **{"a/b": 1}), "/systems/0/a~1b"),
    "no name": (lambda d: d.pop("name"), "/name"),
    "no organisations": (lambda d: d.update(organisations=[]), "/organisations"),
    "a section that is no list": (lambda d: d.update(people={}), "/people"),
    "an entry that is no object": (lambda d: d["people"].append("Priya"), "/people/41"),
    "a required field missing": (take("people", 0, "email"), "/people/0/email"),
    "a number for a text": (put("people", 0, name=7), "/people/0/name"),
    "a NUL in a text": (put("people", 0, name="a\0b"), "/people/0/name"),
    "a text for a number": (put("organisations", 0, people_served="143,200"), "/organisations/0/people_served"),
    "a truth for a number": (put("organisations", 0, people_served=True), "/organisations/0/people_served"),
    "a negative number": (put("organisations", 0, people_served=-1), "/organisations/0/people_served"),
    "a text for a truth": (put("systems", 5, safety_critical="yes"), "/systems/5/safety_critical"),
    "an empty name": (put("people", 0, name=" "), "/people/0/name"),
    "half of a surrogate pair": (put("people", 0, name="\ud800"), "/people/0/name"),
    "a slug with a space": (put("systems", 0, slug="identity platform"), "/systems/0/slug"),
    "a slug with a slash": (put("organisations", 6, slug="a/b"), "/organisations/6/slug"),
    "a null where one must stand": (put("people", 0, name=None), "/people/0/name"),
    "a date that is none": (put("dependencies", 9, tested_on="3 May"), "/dependencies/9/tested_on"),
    "a date that is a number": (put("dependencies", 9, tested_on=20260503), "/dependencies/9/tested_on"),
    "a role that is unknown": (put("people", 0, role="king"), "/people/0/role"),
    "a role that is a list": (put("people", 0, role=["observer"]), "/people/0/role"),
    "services as a text": (put("participations", 0, services="all"), "/participations/0/services"),
    "an empty service": (put("participations", 0, services=[" "]), "/participations/0/services"),
    "an unknown organisation": (put("people", 0, organisation="atlantis"), "/people/0/organisation"),
    "an unknown provider": (put("systems", 0, provider="atlantis"), "/systems/0/provider"),
    "an unknown system": (put("participations", 0, system="fax"), "/participations/0/system"),
    "an unknown source": (put("dependencies", 0, source="fax"), "/dependencies/0/source"),
    "mail that rides on nothing known": (put("contact_points", 0, rides_on="fax"), "/contact_points/0/rides_on"),
    "a person of another organisation": (
        put("contact_points", 1, organisation="gravenhurst"),
        "/contact_points/1/person",
    ),
    "a second organisation of one slug": (again("organisations", 0), "/organisations/8"),
    "a second person of one e-mail": (again("people", 0, email="PRIYA.NAIR@ashbourne.example"), "/people/41"),
    "a second system of one slug": (again("systems", 0), "/systems/16"),
    "a second stand on one system": (again("participations", 0), "/participations/42"),
    "a second edge of one kind": (again("dependencies", 0), "/dependencies/11"),
    "a second contact of one address": (again("contact_points", 0), "/contact_points/45"),
    "an edge to itself": (put("dependencies", 0, target="identity-platform"), "/dependencies/0/target"),
    "a test without a date": (put("dependencies", 9, tested_on=None), "/dependencies/9/tested_on"),
    "valid until before the test": (put("dependencies", 9, valid_until="2026-05-02"), "/dependencies/9/valid_until"),
    "a phrase without its source": (put("dependencies", 5, phrase="writes to"), "/dependencies/5/phrase"),
    "a former one without a day": (put("organisations", 5, left_on=None), "/organisations/5/left_on"),
    "a current one that left": (put("organisations", 0, left_on="2020-01-01"), "/organisations/0/left_on"),
    "data of a kind that is unknown": (put("systems", 0, data_categories=["x"]), "/systems/0/data_categories"),
    "a component that is there twice": (again("components", 0), "/components/8"),
    "a CPE that is none": (put("components", 0, cpe="openldap"), "/components/0/cpe"),
    "a component of nothing": (put("components", 0, system="fax"), "/components/0/system"),
    "a service where nobody stands": (put("public_services", 0, system="telephony-2"), "/public_services/0/system"),
    "a day that is none": (
        put("public_services", 0, critical_dates=["31/2/2027 x"]),
        "/public_services/0/critical_dates",
    ),
    "a summary that is not its services'": (
        put("participations", 11, people_served=1),
        "/participations/11/people_served",
    ),
    "somebody else's person who decides": (
        put("participations", 0, decision_owner="callum.reid@gravenhurst.example"),
        "/participations/0/decision_owner",
    ),
    "a live stand that was left": (put("participations", 0, left_on="2020-01-01"), "/participations/0/left_on"),
    "an e-mail that is none": (put("people", 27, email="helen"), "/people/27/email"),
    "a scope that is unknown": (put("api_keys", 0, scopes=["rule"]), "/api_keys/0/scopes"),
    "a key without scopes": (put("api_keys", 0, scopes=[]), "/api_keys/0/scopes"),
    "a desk without a number": (put("organisations", 0, duty_desk={"name": "x"}), "/organisations/0/duty_desk/phone"),
    "a playbook that is absent": (lambda d: d.update(playbooks=["none.json"]), "/playbooks/0"),
    "a playbook outside the folder": (lambda d: d.update(playbooks=["../README.md"]), "/playbooks/0"),
    "a playbook that is a number": (lambda d: d.update(playbooks=[1]), "/playbooks/0"),
    "a playbook twice": (lambda d: d.update(playbooks=d["playbooks"][:1] * 2), "/playbooks/1"),
    "a later that is a list": (lambda d: d.update(later=[]), "/later"),
}


class TestRefused:
    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_a_mistake_is_refused_where_it_stands(self, document: Document, mistake: str):
        change, pointer = MISTAKES[mistake]
        change(document)
        assert pointer in refusal(document)

    def test_every_mistake_is_named_at_once(self, document: Document):
        put("people", 0, name=7)(document)
        put("systems", 3, hosting=None)(document)
        assert refusal(document).keys() == {"/people/0/name", "/systems/3/hosting"}

    @pytest.mark.parametrize("whole", [[], None, "partnership", 7])
    def test_what_is_no_object_is_refused(self, whole: Any):
        assert refusal(whole).keys() == {""}

    @pytest.mark.parametrize(
        "text", [b"", b"{", b"\xff\xfe", b'{"name": "a", "name": "b"}', b'{"name": NaN}', b"[" * 99999]
    )
    def test_what_is_no_strict_json_is_refused(self, tmp_path: Path, text: bytes):
        path = tmp_path / "partnership.json"
        path.write_bytes(text)
        with pytest.raises(PartnershipRefused):
            read_partnership(path)

    def test_a_file_that_is_absent_is_refused_in_words(self, tmp_path: Path):
        with pytest.raises(PartnershipRefused, match="cannot be read"):
            read_partnership(tmp_path / "absent.json")

    def test_whatever_stands_in_any_place_the_answer_is_a_file_or_a_refusal(self, document: Document):
        values: list[Any] = [None, True, 0, 1.5, 10**30, "", "\0", "x", [], [[]], [{}], {}, {"x": []}]
        sections = set(document) - {"later", "name"}
        document |= {section: document[section][:3] for section in sections}  # thousands of readings, of a short file
        for section in sections:
            for entry in document[section]:
                for name in list(entry) if isinstance(entry, dict) else []:
                    before = entry[name]
                    for entry[name] in values:
                        with contextlib.suppress(PartnershipRefused):
                            assert parse_partnership(document, folder=DEMO.parent).name
                    entry[name] = before
