"""CSAF 2.0: each mandatory test by a document that fails it and nothing else, as the official suite has them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from monitoring.advisories.csaf import read_csaf
from monitoring.advisories.normal import Refused
from tests.monitoring.advisories.conftest import document

Doc = dict[str, Any]
P = "CSAFPID-0001"


def vulnerability(doc: Doc) -> Doc:
    return doc["vulnerabilities"][0]


def tracking(doc: Doc) -> Doc:
    return doc["document"]["tracking"]


def tree(doc: Doc) -> Doc:
    return doc["product_tree"]


def add_product(doc: Doc, ident: str, **more: Any) -> None:
    tree(doc).setdefault("full_product_names", []).append({"name": ident, "product_id": ident, **more})


def relate(doc: Doc, ident: str, one: str, other: str) -> None:
    made = {"name": ident, "product_id": ident}
    tree(doc).setdefault("relationships", []).append(
        {"category": "installed_on", "full_product_name": made, "product_reference": one,
         "relates_to_product_reference": other}
    )  # fmt: skip


def history(doc: Doc, *numbers: str, version: str = "") -> None:
    tracking(doc)["revision_history"] = [
        {"date": f"2026-03-0{n}T08:00:00Z", "number": number, "summary": "x"} for n, number in enumerate(numbers, 1)
    ]
    tracking(doc)["version"] = version or numbers[-1]


def score(doc: Doc) -> Doc:
    return vulnerability(doc)["scores"][0]


def group(doc: Doc, ident: str = "G1") -> None:
    tree(doc).setdefault("product_groups", []).append({"group_id": ident, "product_ids": [P, "B"]})


# Number: what is done to a valid document.
SPOILED: dict[str, Callable[[Doc], Any]] = {
    "6.1.1": lambda d: vulnerability(d)["product_status"]["known_affected"].append("nowhere"),
    "6.1.2": lambda d: add_product(d, P),
    "6.1.3": lambda d: (relate(d, "R1", "R2", P), relate(d, "R2", "R1", P)),
    "6.1.4": lambda d: vulnerability(d)["remediations"][0].update(group_ids=["nowhere"]),
    "6.1.5": lambda d: (add_product(d, "B"), group(d), group(d)),
    "6.1.6": lambda d: vulnerability(d)["product_status"].update(fixed=[P]),
    "6.1.7": lambda d: vulnerability(d)["scores"].append(copy.deepcopy(score(d))),
    "6.1.8": lambda d: score(d)["cvss_v3"].pop("baseSeverity"),
    "6.1.9": lambda d: score(d)["cvss_v3"].update(baseScore=9.8),
    "6.1.10": lambda d: score(d)["cvss_v3"].update(attackVector="LOCAL"),
    "6.1.11": lambda d: vulnerability(d).update(cwe={"id": "CWE-79", "name": "Improper Input Validation"}),
    "6.1.12": lambda d: d["document"].update(lang="EZ_"),
    "6.1.13": lambda d: add_product(d, "B", product_identification_helper={"purl": "pkg:maven"}),
    "6.1.14": lambda d: history(d, "2", "1"),
    "6.1.15": lambda d: d["document"]["publisher"].update(category="translator"),
    "6.1.16": lambda d: history(d, "1", "2", version="1"),
    "6.1.17": lambda d: history(d, "0.9.5"),
    "6.1.18": lambda d: history(d, "0", "1"),
    "6.1.19": lambda d: history(d, "1.0.0-rc", "1.0.0"),
    "6.1.20": lambda d: history(d, "1.0.0", version="1.0.0-alpha"),
    "6.1.21": lambda d: history(d, "1", "3"),
    "6.1.22": lambda d: history(d, "1", "1"),
    "6.1.23": lambda d: d["vulnerabilities"].append(copy.deepcopy(vulnerability(d))),
    "6.1.24": lambda d: vulnerability(d).update(
        involvements=[{"party": "vendor", "status": s, "date": "2026-03-01T00:00:00Z"} for s in ("open", "completed")]
    ),
    "6.1.25": lambda d: add_product(
        d, "B", product_identification_helper={"hashes": [{"filename": "x", "file_hashes": [
            {"algorithm": "sha256", "value": "0" * 64}, {"algorithm": "sha256", "value": "1" * 64}]}]},
    ),
    "6.1.26": lambda d: d["document"].update(category="Security_Advisory"),
    "6.1.27.1": lambda d: (
        d["document"].update(category="csaf_security_incident_response"), d["document"].pop("notes"),
    ),
    "6.1.27.2": lambda d: d["document"].update(category="csaf_security_incident_response"),
    "6.1.27.3": lambda d: d["document"].update(category="csaf_informational_advisory"),
    "6.1.27.4": lambda d: (d.pop("product_tree"), vulnerability(d).pop("product_status")),
    "6.1.27.5": lambda d: vulnerability(d).pop("notes"),
    "6.1.27.6": lambda d: vulnerability(d).pop("product_status"),
    "6.1.27.11": lambda d: d.pop("vulnerabilities"),
    "6.1.28": lambda d: d["document"].update(source_lang="EN"),
    "6.1.29": lambda d: vulnerability(d)["remediations"][0].pop("product_ids"),
    "6.1.30": lambda d: history(d, "1", "2.0.0"),
    "6.1.31": lambda d: tree(d)["branches"][0]["branches"][0]["branches"].append(
        {"category": "product_version", "name": "prior to 4.2", "product": {"name": "x", "product_id": "B"}}
    ),
    "6.1.32": lambda d: vulnerability(d).update(flags=[{"label": "component_not_present"}]),
    "6.1.33": lambda d: vulnerability(d).update(
        flags=[{"label": each, "product_ids": [P]} for each in ("component_not_present", "vulnerable_code_not_present")]
    ),
}  # fmt: skip
OF_VEX: dict[str, Callable[[Doc], Any]] = {
    "6.1.27.7": lambda d: vulnerability(d).update(product_status={"recommended": [P]}),
    "6.1.27.8": lambda d: vulnerability(d).pop("cve"),
    "6.1.27.9": lambda d: vulnerability(d).pop("flags"),
    "6.1.27.10": lambda d: (
        vulnerability(d).update(product_status={"known_affected": [P]}), vulnerability(d).pop("flags"),
    ),
}  # fmt: skip
# Those that cannot be failed alone, and what fails with them.
WITH = {
    "6.1.14": {"6.1.14", "6.1.21"},
    "6.1.17": {"6.1.17", "6.1.18"},
    "6.1.20": {"6.1.16", "6.1.17", "6.1.20"},
    "6.1.27.1": {"6.1.27.1", "6.1.27.2"},
    "6.1.27.3": {"6.1.27.2", "6.1.27.3"},
    "6.1.27.4": {"6.1.1", "6.1.27.4", "6.1.27.6"},
}


def failed(doc: Doc) -> set[str]:
    try:
        read_csaf(doc)
    except Refused as refused:
        found = set()
        for problem in refused.problems:
            number = problem.partition(" ")[0]
            if number == "6.1.27":
                part = problem.split(" ")[1]
                number = part.strip("()") if part.startswith("(") else number + part
            found.add(number)
        return found
    return set()


def problems_of(doc: Doc) -> list[str]:
    try:
        read_csaf(doc)
    except Refused as refused:
        return refused.problems
    return []


@pytest.mark.parametrize(("name", "number"), [("csaf", n) for n in SPOILED] + [("vex", n) for n in OF_VEX])
def test_a_document_that_fails_one_mandatory_test_is_refused_by_its_number(name, number):
    doc = document(name)
    (SPOILED if name == "csaf" else OF_VEX)[number](doc)
    found = failed(doc)
    assert number in found
    assert found <= WITH.get(number, {number})


def test_what_is_valid_passes():
    assert failed(document("csaf")) == failed(document("vex")) == set()
    semantic = document("csaf")
    history(semantic, "1.0.0", "1.0.1", "1.1.0+build7")
    assert failed(semantic) == set()
    draft = document("csaf")
    history(draft, "0.1.0", version="0.1.0-rc1")
    tracking(draft)["status"] = "draft"
    assert failed(draft) == set()
    grouped = document("csaf")
    add_product(grouped, "B")
    group(grouped)
    vulnerability(grouped)["remediations"][0] = {"category": "vendor_fix", "details": "x", "group_ids": ["G1"]}
    assert failed(grouped) == set()


# As the official suite has them: 6-1-08-01 to 03 fail, 11 to 14 do not.
LOCAL_3 = "/AV:L/AC:L/PR:H/UI:R/S:U/C:H/I:H/A:H"
SECOND = {"version": "2.0", "vectorString": "AV:L/AC:L/Au:M/C:C/I:C/A:C", "baseScore": 6.5}


def third(version: str, **more: Any) -> Doc:
    return {"version": version, "vectorString": f"CVSS:{version}{LOCAL_3}", "baseScore": 6.5, **more}


@pytest.mark.parametrize(
    ("name", "cvss", "field"),
    [
        ("cvss_v3", third("3.0", baseSeverity="MEDIUM"), ""),
        ("cvss_v3", third("3.1", baseSeverity="MEDIUM", exploitCodeMaturity="NOT_DEFINED"), ""),
        ("cvss_v2", SECOND, ""),
        ("cvss_v3", third("3.1"), "baseSeverity"),
        ("cvss_v3", third("3.0"), "baseSeverity"),
        ("cvss_v2", {k: v for k, v in SECOND.items() if k != "version"}, "version"),
        ("cvss_v3", third("4.0", baseSeverity="MEDIUM"), "version"),
        ("cvss_v3", third("3.1", baseSeverity="Medium"), "baseSeverity"),
        ("cvss_v3", third("3.1", baseSeverity="MEDIUM", temporalScore=11), "temporalScore"),
        ("cvss_v3", third("3.1", baseSeverity="MEDIUM", modifiedScope="WIDER"), "modifiedScope"),
        ("cvss_v3", third("3.1", baseSeverity="MEDIUM") | {"vectorString": f"CVSS:3.0{LOCAL_3}"}, "vectorString"),
        ("cvss_v3", third("3.1", baseSeverity="MEDIUM") | {"vectorString": "CVSS:3.1/AV:L/AC:L"}, "vectorString"),
        ("cvss_v2", SECOND | {"vectorString": "AV:L/AC:L/Au:M/C:C/I:C/A:C/A:C"}, "vectorString"),
    ],
)
def test_a_cvss_object_is_held_against_its_own_schema(name, cvss, field):
    doc = document("csaf")
    score(doc).pop("cvss_v3")
    score(doc)[name] = cvss
    where = f"6.1.8 /vulnerabilities/0/scores/0/{name}/{field}: "
    assert [each.startswith(where) for each in problems_of(doc)][:1] == ([True] if field else [])


@pytest.mark.parametrize(
    ("ident", "name", "words"),
    [
        ("CWE-611", "Improper Restriction of XML External Entity Reference", ""),
        ("CWE-400", "Uncontrolled Resource Consumption ('Resource Exhaustion')", ""),  # as it was called once
        ("CWE-99999", "Something that is newer than the list", ""),
        ("CWE-2", "Anything", "CWE-2 is no weakness."),
        ("CWE-079", "Improper Input Validation", "An id as CWE-79 is wanted."),
        ("CWE-20", "improper input validation", "CWE-20 is not called so."),
    ],
)
def test_a_weakness_is_called_what_the_list_calls_it_or_once_did(ident, name, words):
    doc = document("csaf")
    vulnerability(doc)["cwe"] = {"id": ident, "name": name}
    assert problems_of(doc) == ([f"6.1.11 /vulnerabilities/0/cwe: {words}"] if words else [])


@pytest.mark.parametrize(
    ("spoil", "pointer"),
    [
        (lambda d: d["document"].update(csaf_version="1.2"), "/document/csaf_version"),
        (lambda d: d["document"].pop("title"), "/document/title"),
        (lambda d: tracking(d).update(status="done"), "/document/tracking/status"),
        (lambda d: tracking(d).update(revision_history=[]), "/document/tracking/revision_history"),
        (lambda d: tracking(d).update(version="one"), "/document/tracking/version"),
        (lambda d: d["document"]["distribution"]["tlp"].update(label="UNCLEAR"), "/document/distribution/tlp/label"),
        (lambda d: vulnerability(d).update(cve="CVE-1"), "/vulnerabilities/0/cve"),
        (lambda d: vulnerability(d).update(product_status={"broken": [P]}), "/vulnerabilities/0/product_status/broken"),
        (lambda d: tree(d)["branches"][0].update(category="shop"), "/product_tree/branches/0/category"),
    ],
)
def test_what_has_not_the_shape_of_the_schema_is_refused_with_its_place(spoil, pointer):
    doc = document("csaf")
    spoil(doc)
    with pytest.raises(Refused) as refused:
        read_csaf(doc)
    assert refused.value.problems[0].startswith(pointer)
