"""CSAF 2.0 documents: checked by the schema's shape and the mandatory tests, and read into one advisory.

Source: CSAF 2.0 (OASIS Standard, 18 November 2022), sections 3.2 and 6.1. The identity of a document is the publisher's
namespace and `tracking.id` (section 3.2.1.12.4); a later `tracking.version` replaces.
"""

from __future__ import annotations

import re
from typing import Any

from monitoring.advisories.csaf_shape import check_shape
from monitoring.advisories.csaf_tests import failures_of
from monitoring.advisories.csaf_tree import STATUSES, Product, Tree, read_tree, statuses_of
from monitoring.advisories.fields import items, part, text, wanted_instant, web_address
from monitoring.advisories.normal import (
    RANK,
    WORDS,
    Advisory,
    Issue,
    Refused,
    Source,
    Statement,
    Status,
    severity_of,
)
from monitoring.advisories.packages import split_purl
from monitoring.advisories.platforms import attributes_of
from monitoring.advisories.vers import ranges_of

MOST_PROBLEMS = 20


def read_csaf(document: dict[str, Any]) -> Advisory:
    """One document.

    Raises:
        Refused: with each mandatory test that fails by its number.
    """
    check_shape(document)
    tree = read_tree(document)
    if failed := failures_of(document, tree):
        raise Refused(*failed[:MOST_PROBLEMS])
    about = document["document"]
    tracking = about["tracking"]
    label = part(part(about, "distribution", "/document"), "tlp", "/document/distribution").get("label", "")
    found = items(document, "vulnerabilities", "")
    issues = [_issue(each, f"/vulnerabilities/{n}", tree, tracking["id"]) for n, each in enumerate(found)]
    if not issues:
        issues = [Issue(label=tracking["id"])]
    if about["category"] == "csaf_security_incident_response":
        for issue in issues:
            issue.organisations.append({"name": about["publisher"]["name"], "domain": ""})
    notes = [n for n in items(about, "notes", "/document") if n.get("category") in {"summary", "description"}]
    links = [web_address(r.get("url")) for r in items(about, "references", "/document") if r.get("category") == "self"]
    return Advisory(
        source=Source.CSAF,
        namespace=about["publisher"]["namespace"],
        ident=tracking["id"],
        title=text(about, "title", "/document", longest=300),
        modified_at=wanted_instant(tracking, "current_release_date", "/document/tracking"),
        version=tracking["version"],
        published_at=wanted_instant(tracking, "initial_release_date", "/document/tracking"),
        summary=text(notes[0], "text", "/document/notes", default="") if notes else "",
        url=next(filter(None, reversed(links)), ""),
        tlp=label,
        aliases=sorted({tracking["id"], *(issue.label for issue in issues)}),
        issues=issues,
    )


def _issue(each: dict[str, Any], where: str, tree: Tree, ident: str) -> Issue:
    ids = [text(i, "text", where) for i in items(each, "ids", where)]
    kinds = {name: Status(kind) for kind, names in STATUSES.items() for name in names}
    statements = []
    for name, product_id, _pointer in statuses_of(each, where):
        if name in kinds:
            statements += _statements(tree, product_id, kinds[name])
    actions = [text(r, "details", where, default="") for r in items(each, "remediations", where)]
    exploited = [
        t
        for t in items(each, "threats", where)
        if t.get("category") == "exploit_status" and re.search(r"exploited:?\s*yes|active", str(t.get("details")), re.I)
    ]
    return Issue(
        label=each.get("cve") or (ids[0] if ids else ident),
        severity=_severity(each, where),
        exploited=bool(exploited),
        action=actions[0] if actions else "",
        statements=statements,
    )


def _severity(each: dict[str, Any], where: str) -> str:
    found = [""]
    for score in items(each, "scores", where):
        for name in ("cvss_v3", "cvss_v2"):
            base = part(score, name, where).get("baseScore")
            if isinstance(base, int | float) and not isinstance(base, bool):
                found.append(severity_of(float(base)))
    impacts = [threat for threat in items(each, "threats", where) if threat.get("category") == "impact"]
    found += [WORDS.get(str(threat.get("details")).lower(), "") for threat in impacts]
    return max(found, key=lambda one: RANK[one])


def _statements(tree: Tree, product_id: str, status: Status) -> list[Statement]:
    """What is said of one product: of a part on a platform, what is said of the part."""
    product = tree.products[product_id]
    for _step in range(20):
        if product.is_part_of is None or product.helper:
            break
        product = tree.products[product.is_part_of[0]]
    return [_statement(product, status)]


def _statement(product: Product, status: Status) -> Statement:
    purl, version, qualifiers = split_purl(str(product.helper.get("purl", "")))
    cpe = str(product.helper.get("cpe", ""))
    words = product.version or product.version_range
    statement = Statement(
        status=status,
        vendor=product.vendor,
        product=product.product or product.name,
        words=words,
        purl=purl,
        qualifiers=qualifiers,
        cpe=cpe if attributes_of(cpe) else "",
    )
    version = version or (product.version if purl else "")
    statement.versions = [version] if version else []
    if purl and not version and product.version_range:
        statement.ranges, statement.versions = ranges_of(product.version_range)
    return statement
