"""STIX 2.1 bundles: vulnerabilities by their CVE, and incidents and reports that name organisations.

Source: STIX 2.1 (OASIS Standard), sections 4.6, 4.7, 4.16, 4.18 and 5.1. A vulnerability here has no versions; the
software that a relationship ties to it (`software`, with CPE and version) is what matches. Markings: the TLP of
version 1 by its fixed ids, that of version 2 by its extension; the strictest of a bundle counts for all of it.
"""

from __future__ import annotations

import re
from typing import Any

from monitoring.advisories.fields import CVE, instant, items, text, wanted_instant, web_address
from monitoring.advisories.normal import Advisory, Issue, Refused, Source, Statement
from monitoring.advisories.platforms import attributes_of

TLP_1 = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "WHITE",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",
}
TLP_2_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
STRICT = ["", "CLEAR", "WHITE", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
TOLD = {"vulnerability", "incident", "report", "grouping"}
ID = re.compile(r"[a-z][a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def read_stix(document: dict[str, Any]) -> list[Advisory]:
    """One advisory for each vulnerability, incident, report or grouping of a bundle; other objects are context.

    Raises:
        Refused: an object is not one, or a marking is unknown.
    """
    objects = {}
    for n, each in enumerate(items(document, "objects", "", wanted=True)):
        ident = text(each, "id", f"/objects/{n}", longest=200)
        if not ID.fullmatch(ident) or ident.partition("--")[0] != each.get("type"):
            raise Refused(f"/objects/{n}/id: {ident[:80]} is no identifier of its type.")
        objects[ident] = each
    tlp = _strictest(objects)
    return [_told(each, objects, tlp) for each in objects.values() if each["type"] in TOLD]


def _strictest(objects: dict[str, Any]) -> str:
    labels = [""]
    marks = {mark for each in objects.values() for mark in each.get("object_marking_refs") or []}
    for mark in marks:
        definition = objects.get(mark)
        label = TLP_1.get(mark)
        if label is None and definition is not None:
            extension = (definition.get("extensions") or {}).get(TLP_2_EXTENSION) or {}
            said = extension.get("tlp_2_0") or (definition.get("definition") or {}).get("tlp")
            label = said.upper() if isinstance(said, str) else ""
        if label is None:
            raise Refused(f"The marking {mark[:80]} is not in the bundle: who may read this is not known.")
        if label not in STRICT:
            raise Refused(f"TLP:{label[:20]} is no marking.")
        labels.append(label)
    return max(labels, key=STRICT.index)


def _told(each: dict[str, Any], objects: dict[str, Any], tlp: str) -> Advisory:
    ident, where = each["id"], f"/objects/{each['id']}"
    references = items(each, "external_references", where)
    cves = [r["external_id"] for r in references if isinstance(r, dict) and CVE.fullmatch(str(r.get("external_id")))]
    name = text(each, "name", where, longest=300)
    if CVE.fullmatch(name):
        cves.insert(0, name)
    modified = wanted_instant(each, "modified", where)
    concerned = _concerned(each, objects)
    statements = [s for other in concerned for s in _software(other)]
    organisations = [o for other in concerned for o in _organisation(other)]
    labels = list(dict.fromkeys(cves)) or [ident]
    links = [web_address(r.get("url")) for r in references if isinstance(r, dict)]
    return Advisory(
        source=Source.STIX,
        namespace=str(each.get("created_by_ref") or "stix")[:200],
        ident=ident,
        title=name,
        modified_at=modified,
        version=modified.isoformat(),
        published_at=instant(each, "created", where, wanted=False),
        withdrawn_at=modified if each.get("revoked") is True else None,
        summary=text(each, "description", where, default=""),
        url=next(filter(None, links), ""),
        tlp=tlp,
        aliases=labels,
        issues=[Issue(label=label, statements=statements, organisations=organisations) for label in labels],
    )


def _concerned(each: dict[str, Any], objects: dict[str, Any]) -> list[dict[str, Any]]:
    """What a relationship ties to it, at either end, and what it lists itself; one step far."""
    ident = each["id"]
    found = [ref for ref in each.get("object_refs") or [] if isinstance(ref, str)]
    for other in objects.values():
        if other["type"] == "relationship":
            ends = [other.get("source_ref"), other.get("target_ref")]
            if ident in ends:
                found += [end for end in ends if end != ident]
    return [objects[ref] for ref in dict.fromkeys(found) if ref in objects]


def _software(other: dict[str, Any]) -> list[Statement]:
    if other["type"] != "software":
        return []
    where = f"/objects/{other['id']}"
    cpe = text(other, "cpe", where, default="", longest=1000)
    return [
        Statement(
            vendor=text(other, "vendor", where, default=""),
            product=text(other, "name", where),
            words=text(other, "version", where, default="", longest=200),
            cpe=cpe if attributes_of(cpe) else "",
        )
    ]


def _organisation(other: dict[str, Any]) -> list[dict[str, str]]:
    if other["type"] == "identity" and other.get("identity_class") in {"organization", "group", None}:
        where = f"/objects/{other['id']}"
        said = text(other, "contact_information", where, default="")
        domain = re.search(r"[\w.-]+@([\w-]+(?:\.[\w-]+)+)", said)
        return [{"name": text(other, "name", where), "domain": domain[1].lower() if domain else ""}]
    if other["type"] == "domain-name":
        return [{"name": "", "domain": text(other, "value", "/objects").lower()}]
    return []
