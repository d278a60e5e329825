"""Facts of ATT&CK and D3FEND: looked up, searched, and held against the files that they came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from incidents.cacao.notes import Notes
from incidents.cacao.steps import check_techniques
from incidents.techniques.facts import countermeasures, facts, looks_like, search, technique
from scripts.techniques import TARGET, facts_of, written
from tests.incidents.playbooks import PUBLISHED, needs_published


def test_versions_and_how_many_there_are() -> None:
    # ATT&CK Enterprise 18.1: 216 techniques and 475 sub-techniques; D3FEND 1.2.0 as it is counted in its ontology.
    assert (facts().attack_version, facts().d3fend_version) == ("18.1", "1.2.0")
    kinds = [each.family for each in facts().techniques.values()]
    assert (kinds.count("attack"), kinds.count("d3fend"), len(facts().mitigations)) == (691, 249, 44)


@pytest.mark.parametrize(
    ("key", "name", "tactic", "href"),
    [
        ("T1486", "Data Encrypted for Impact", "Impact", "https://attack.mitre.org/techniques/T1486/"),
        ("t1003.001 ", "OS Credential Dumping: LSASS Memory", "Credential Access",
         "https://attack.mitre.org/techniques/T1003/001/"),
        ("D3-NI", "Network Isolation", "Isolate", "https://d3fend.mitre.org/technique/d3f:NetworkIsolation/"),
    ],
)  # fmt: skip
def test_a_technique_is_found_by_its_id(key: str, name: str, tactic: str, href: str) -> None:
    found = technique(key)
    assert found is not None
    assert (found.name, found.href) == (name, href)
    assert tactic in found.tactics


def test_what_is_unknown_is_none_but_its_list_is_told() -> None:
    assert technique("T9999") is None
    assert [looks_like(each) for each in ("T9999", "D3-NOPE", "CVE-2024-1")] == ["attack", "d3fend", None]


def test_search_puts_the_exact_one_first() -> None:
    assert search("d3-al")[0].id == "D3-AL"
    assert search("Valid accounts")[0].id == "T1078"
    assert "T1078.002" in [each.id for each in search("valid accounts domain")]
    assert {each.family for each in search("email", family="d3fend")} == {"d3fend"}
    assert search("  ") == search("no such words anywhere") == []
    assert len(search("a")) == 20


def test_asserted_and_derived_are_kept_apart() -> None:
    # ATT&CK: M1030 Network Segmentation mitigates T1210; D3FEND relates M1030 to Broadcast Domain Isolation.
    found = countermeasures("T1210")
    assert "M1030" in found.asserted["D3-BDI"]
    assert not found.asserted.keys() & found.derived.keys()
    assert all(set(how) <= set("=<>") and how for how in found.derived.values())
    assert countermeasures("T9999").asserted == countermeasures("T9999").derived == {}


@needs_published
def test_the_file_is_what_the_script_makes_of_the_sources() -> None:
    assert TARGET.read_text(encoding="utf-8") == written(facts_of(PUBLISHED))
    source = json.loads(Path(PUBLISHED / "d3fend" / "attack-to-d3fend.derived.json").read_bytes())["techniques"]
    for key in ("T1078", "T1486", "T1210", "T1566.002"):
        found = countermeasures(key)
        assert found.asserted == {name: tuple(by) for name, by in source[key]["via_mitigation"].items()}
        assert found.derived.keys() == source[key]["via_artifact"].keys() - found.asserted.keys()


def test_a_playbook_that_names_an_unknown_id_gets_a_warning() -> None:
    notes = Notes()
    names = [{"name": "x", "external_id": key} for key in ("D3-NI", "D3-NOPE", "T1486", "T9999", "CVE-2024-1")]
    check_techniques(names, ("workflow", "action--1", "external_references"), notes)
    assert [each.pointer for each in notes.warnings] == [
        "/workflow/action--1/external_references/1/external_id",
        "/workflow/action--1/external_references/3/external_id",
    ]
    assert notes.errors == []
