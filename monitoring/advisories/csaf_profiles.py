"""The mandatory tests of CSAF 2.0 about profiles: 6.1.26 and 6.1.27, by the category of a document (section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from monitoring.advisories.csaf_tree import Tree, members_of, statuses_of
from monitoring.advisories.fields import items

RESPONSE, INFORMATIONAL = "csaf_security_incident_response", "csaf_informational_advisory"
ADVISORY, VEX = "csaf_security_advisory", "csaf_vex"
PROFILES = {RESPONSE, INFORMATIONAL, ADVISORY, VEX}
# Names that could be taken for one of the profiles (6.1.26), without separators.
LOOKS_LIKE = {"informationaladvisory", "securityincidentresponse", "securityadvisory", "vex"}
NOTES = {"description", "details", "general", "summary"}


def test_27(document: dict[str, Any], tree: Tree) -> Iterator[str]:
    about = document["document"]
    category = about["category"]
    if category not in PROFILES:
        plain = re.sub(r"[-_\s]", "", category.lower())
        if category != "csaf_base" and (category.startswith("csaf_") or plain in LOOKS_LIKE):
            yield "(6.1.26) /document/category: this name belongs to a profile."
        return
    vulnerabilities = items(document, "vulnerabilities", "")
    if category in {RESPONSE, INFORMATIONAL}:
        if not any(each.get("category") in NOTES for each in items(about, "notes", "/document")):
            yield ".1 /document/notes: none says what this is about."
        if not any(each.get("category") == "external" for each in items(about, "references", "/document")):
            yield ".2 /document/references: none leads elsewhere."
    if category == INFORMATIONAL and "vulnerabilities" in document:
        yield ".3 /vulnerabilities: an informational advisory has none."
    if category not in {ADVISORY, VEX}:
        return
    if "product_tree" not in document:
        yield ".4 /product_tree: it is missing."
    if not vulnerabilities:
        yield ".11 /vulnerabilities: there is none."
    for n, each in enumerate(vulnerabilities):
        where = f"/vulnerabilities/{n}"
        if not items(each, "notes", where):
            yield f".5 {where}/notes: there is none."
        yield from _advisory(each, where) if category == ADVISORY else _vex(each, where, tree)


def _advisory(each: dict[str, Any], where: str) -> Iterator[str]:
    if not each.get("product_status"):
        yield f".6 {where}/product_status: it is missing."


def _vex(each: dict[str, Any], where: str, tree: Tree) -> Iterator[str]:
    said: dict[str, set[str]] = {}
    for name, ident, _pointer in statuses_of(each, where):
        said.setdefault(name, set()).add(ident)
    if not {"fixed", "known_affected", "known_not_affected", "under_investigation"}.intersection(said):
        yield f".7 {where}/product_status: none of the four that VEX knows."
    if not each.get("cve") and not each.get("ids"):
        yield f".8 {where}: neither a CVE nor another id."
    impact = [threat for threat in items(each, "threats", where) if threat.get("category") == "impact"]
    explained = _all_members([*items(each, "flags", where), *impact], where, tree)
    for ident in sorted(said.get("known_not_affected", set()) - explained):
        yield f".9 {where}: nothing says why {ident} is not affected."
    acted = _all_members(items(each, "remediations", where), where, tree)
    for ident in sorted(said.get("known_affected", set()) - acted):
        yield f".10 {where}: nothing says what to do about {ident}."


def _all_members(holders: list[Any], where: str, tree: Tree) -> set[str]:
    return {ident for holder in holders for ident in members_of(holder, where, tree)}
