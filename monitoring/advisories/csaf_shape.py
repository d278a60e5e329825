"""Whether a CSAF document has what the schema of version 2.0 asks for, as far as anything here reads it.

The fields and their values are those of csaf_json_schema.json, "required" and "enum"; what else a document may hold is
not read.
"""

from __future__ import annotations

import re
from typing import Any

from monitoring.advisories.csaf_versions import SEMANTIC, WHOLE
from monitoring.advisories.fields import CVE, items, part, text, wanted_instant
from monitoring.advisories.normal import Refused

PUBLISHERS = {"coordinator", "discoverer", "other", "translator", "user", "vendor"}
STATES = {"draft", "final", "interim"}
LABELS = {"AMBER", "GREEN", "RED", "WHITE"}
REMEDIES = {"mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"}
FLAGS = {
    "component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path", "vulnerable_code_not_present",
}  # fmt: skip


def check_shape(document: dict[str, Any]) -> None:
    """Go through what is read.

    Raises:
        Refused: the first thing that has not the shape, with its pointer.
    """
    about = part(document, "document", "", wanted=True)
    category = text(about, "category", "/document")
    if re.search(r"^[\s\-_.]|[\s\-_.]$", category):
        raise Refused("/document/category: it begins or ends with a separator.")
    if about.get("csaf_version") != "2.0":
        raise Refused("/document/csaf_version: 2.0 is what can be read here.")
    text(about, "title", "/document")
    _publisher(part(about, "publisher", "/document", wanted=True))
    _tracking(part(about, "tracking", "/document", wanted=True))
    if "distribution" in about:
        tlp = part(part(about, "distribution", "/document"), "tlp", "/document/distribution")
        if tlp and tlp.get("label") not in LABELS:
            raise Refused("/document/distribution/tlp/label: RED, AMBER, GREEN or WHITE is wanted.")
    for name in ("notes", "references", "acknowledgments"):
        _objects(about, name, "/document")
    if "product_tree" in document:
        part(document, "product_tree", "", wanted=True)
    _objects(document, "vulnerabilities", "")
    for n, each in enumerate(items(document, "vulnerabilities", "")):
        _vulnerability(each, f"/vulnerabilities/{n}")


def _objects(holder: Any, name: str, where: str) -> None:
    for n, each in enumerate(items(holder, name, where)):
        if not isinstance(each, dict):
            raise Refused(f"{where}/{name}/{n}: an object is wanted.")


def _publisher(publisher: dict[str, Any]) -> None:
    where = "/document/publisher"
    if text(publisher, "category", where) not in PUBLISHERS:
        raise Refused(f"{where}/category: one of {', '.join(sorted(PUBLISHERS))} is wanted.")
    text(publisher, "name", where)
    text(publisher, "namespace", where)


def _tracking(tracking: dict[str, Any]) -> None:
    where = "/document/tracking"
    ident = text(tracking, "id", where)
    if ident != tracking["id"] or "\n" in ident:
        raise Refused(f"{where}/id: it begins or ends with a space.")
    if text(tracking, "status", where) not in STATES:
        raise Refused(f"{where}/status: draft, final or interim is wanted.")
    wanted_instant(tracking, "current_release_date", where)
    wanted_instant(tracking, "initial_release_date", where)
    _version(tracking, "version", where)
    history = items(tracking, "revision_history", where, wanted=True)
    if not history:
        raise Refused(f"{where}/revision_history: there is none.")
    for n, each in enumerate(history):
        _version(each, "number", f"{where}/revision_history/{n}")
        wanted_instant(each, "date", f"{where}/revision_history/{n}")
        text(each, "summary", f"{where}/revision_history/{n}")


def _version(holder: Any, name: str, where: str) -> None:
    said = text(holder, name, where)
    if not (WHOLE.fullmatch(said) or SEMANTIC.fullmatch(said)) or len(said) > 100:
        raise Refused(f"{where}/{name}: {said[:40]} is neither a whole number nor a semantic version.")


def _vulnerability(each: dict[str, Any], where: str) -> None:
    if "cve" in each and not CVE.fullmatch(text(each, "cve", where)):
        raise Refused(f"{where}/cve: this is no CVE.")
    for name in ("flags", "ids", "involvements", "notes", "references", "remediations", "scores", "threats"):
        _objects(each, name, where)
    for n, remedy in enumerate(items(each, "remediations", where)):
        if text(remedy, "category", f"{where}/remediations/{n}") not in REMEDIES:
            raise Refused(f"{where}/remediations/{n}/category: none of the schema's.")
        text(remedy, "details", f"{where}/remediations/{n}")
    for n, flag in enumerate(items(each, "flags", where)):
        if text(flag, "label", f"{where}/flags/{n}") not in FLAGS:
            raise Refused(f"{where}/flags/{n}/label: none of the schema's.")
    for n, score in enumerate(items(each, "scores", where)):
        items(score, "products", f"{where}/scores/{n}", wanted=True)
