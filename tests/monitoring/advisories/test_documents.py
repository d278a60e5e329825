"""Real documents of the five kinds, where they are, and hostile ones everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitoring.advisories.keys import keys_of_advisory
from monitoring.advisories.normal import Refused
from monitoring.advisories.reading import read_document
from monitoring.advisories.stix import read_stix
from monitoring.advisories.storing import row_of
from tests.monitoring.advisories.conftest import document, only
from tests.servers import ROOT

SHARED = ROOT.parent / "shared" / "data"
# By hand from the files: how many advisories, and issues of the first with their statements or configurations.
REAL = {
    "kev/known_exploited_vulnerabilities.json": (1404, {"CVE-2025-48384": 1}),
    "csaf/2022-evd-uc-01-a-001.json": (1, {"CVE-2021-44228": 1}),
    "csaf/bsi-2022-0001.json": (1, {"CVE-2022-27193": 7}),
    "csaf/icsa-24-163-03.json": (1, {"CVE-2024-3467": 2}),
    "csaf/rhsa-2021_5186.json": (1, {"CVE-2021-4104": 3, "CVE-2021-4125": 3}),
    "csaf/va-24-254-01.json": (1, {"CVE-2024-45074": 2, "CVE-2024-45075": 2, "CVE-2024-45076": 2}),
    "osv/GHSA-9v2f-6vcg-3hgv.json": (1, {"CVE-2024-39236": 1}),
    "osv/GO-2024-2963.json": (1, {"CVE-2024-24791": 1}),
    "osv/PYSEC-2023-74.json": (1, {"CVE-2023-32681": 1}),
    "osv/RHSA-2024_4546.json": (1, {"CVE-2023-45288": 9}),
    "osv/RHSA-2022_0216.json": (1, {"RHSA-2022:0216": 0}),
    "nvd/CVE-2020-13595.json": (1, {"CVE-2020-13595": 1}),
    "nvd/CVE-2022-29194.json": (1, {"CVE-2022-29194": 1}),
    "nvd/CVE-2023-4863.json": (1, {"CVE-2023-4863": 6}),
    "nvd/CVE-2024-3094.json": (1, {"CVE-2024-3094": 1}),
    "stix/incident_ransom.json": (1, {"incident--b754abee-6de5-4b4e-8125-8dab1ca199fe": 0}),
    "stix/indicator-for-c2-ip-address.json": (0, {}),
    "stix/indicators-for-C2-with-COA.json": (0, {}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_documents_are_read(name):
    if not (SHARED / name).exists():
        pytest.skip("the folder of real documents is not here")
    advisories = read_document((SHARED / name).read_bytes())
    count, issues = REAL[name]
    assert len(advisories) == count
    found = {i.label: len(i.statements) or len(i.configurations) for a in advisories[:1] for i in a.issues}
    assert found == issues
    assert all(row_of(each)["digest"] for each in advisories)


def test_one_cve_has_one_label_in_every_feed_and_a_red_hat_erratum_one_for_each():
    assert {only(name).issues[0].label for name in ("osv", "csaf")} == {"CVE-2099-10003", "CVE-2099-10004"}
    erratum = document("osv") | {"id": "RHSA-2099:1", "aliases": [], "upstream": ["CVE-2099-1111", "CVE-2099-1112"]}
    [advisory] = read_document(json.dumps(erratum).encode())
    assert [issue.label for issue in advisory.issues] == ["CVE-2099-1111", "CVE-2099-1112"]
    assert ("CVE-2099-1111", "purl:pkg:maven/org.keycloak/keycloak-core") in keys_of_advisory(advisory)


HOSTILE = {
    "no JSON": b"\xff\xfe",
    "infinity": b'{"id": "x", "modified": Infinity}',
    "a name twice": b'{"id": "x", "id": "y", "modified": "2026-01-01T00:00:00Z"}',
    "nested": b'{"id": "x", "modified": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "nested within reason for Python": json.dumps({"id": "x", "modified": "x", "deep": [[]]}).encode().replace(
        b"[[]]", b"[" * 200 + b"]" * 200
    ),
    "numbers for texts": b'{"id": 7, "modified": "2026-01-01T00:00:00Z"}',
    "lists for objects": b'{"type": "bundle", "objects": [[]]}',
    "affected of numbers": b'{"id": "x", "modified": "2026-01-01T00:00:00Z", "affected": [7]}',
    "the year 9999": b'{"id": "x", "modified": "9999-01-01T00:00:00Z"}',
    "csaf of nothing": b'{"document": {"csaf_version": "2.0"}}',
    "something else": b'{"hello": "world"}',
    "a text": b'"x"',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_with_a_sentence(name):
    with pytest.raises(Refused) as refused:
        read_document(HOSTILE[name])
    assert refused.value.problems[0].endswith(".")


def test_addresses_that_a_page_must_not_link_are_dropped_and_signs_that_nobody_sees(tmp_path: Path):
    doc = document("csaf")
    doc["document"]["references"][0]["url"] = "javascript:alert(1)"
    doc["document"]["title"] = "Evil\x00\u202e title"
    [advisory] = read_document(json.dumps(doc).encode())
    assert (advisory.url, advisory.title) == ("", "Evil title")


def test_the_strictest_marking_of_a_bundle_counts_and_an_unknown_one_refuses_it():
    bundle = document("stix")
    assert read_stix(bundle)[0].tlp == ""
    bundle["objects"][1]["object_marking_refs"] = ["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]
    assert read_stix(bundle)[0].tlp == "AMBER"
    version_2 = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
    bundle["objects"][0]["object_marking_refs"] = [version_2]
    with pytest.raises(Refused, match="is not in the bundle"):
        read_stix(bundle)
    extension = {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {"tlp_2_0": "amber+strict"}}
    bundle["objects"].append({"type": "marking-definition", "id": version_2, "extensions": extension})
    assert read_stix(bundle)[0].tlp == "AMBER+STRICT"
    extension["extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"]["tlp_2_0"] = "unclear"
    with pytest.raises(Refused, match="is no marking"):
        read_stix(bundle)
