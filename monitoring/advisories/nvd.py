"""NVD's CVE API 2.0: CPE configurations with bounds, scores, and whether a number was rejected.

Source: NVD, "CVE API 2.0" and its JSON schema. Many newer records have no configurations and then match nothing.
"""

from __future__ import annotations

from typing import Any

from monitoring.advisories.fields import CVE, day, instant, items, part, text, wanted_instant
from monitoring.advisories.normal import Advisory, Issue, Refused, Source, severity_of
from monitoring.advisories.platforms import attributes_of

NAMESPACE = "https://nvd.nist.gov"
BOUNDS = {
    "versionStartIncluding": "from",
    "versionStartExcluding": "from_excluded",
    "versionEndIncluding": "to",
    "versionEndExcluding": "to_excluded",
}
METRICS = ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2")


def read_nvd(document: dict[str, Any]) -> list[Advisory]:
    """One advisory a record of a page of the API.

    Raises:
        Refused: a record is not one.
    """
    entries = items(document, "vulnerabilities", "", wanted=True)
    return [read_cve(part(each, "cve", f"/vulnerabilities/{n}", wanted=True), f"/vulnerabilities/{n}/cve")
            for n, each in enumerate(entries)]  # fmt: skip


def read_cve(cve: dict[str, Any], where: str) -> Advisory:
    ident = text(cve, "id", where)
    if not CVE.fullmatch(ident):
        raise Refused(f"{where}/id: {ident[:40]} is no CVE.")
    modified = wanted_instant(cve, "lastModified", where)
    rejected = text(cve, "vulnStatus", where, default="") == "Rejected"
    english = [text(d, "value", where, default="") for d in items(cve, "descriptions", where) if d.get("lang") == "en"]
    issue = Issue(
        label=ident,
        severity=_severity(part(cve, "metrics", where), where),
        exploited="cisaExploitAdd" in cve,
        rejected=rejected,
        action=text(cve, "cisaRequiredAction", where, default=""),
        due_on=day(cve, "cisaActionDue", where),
        configurations=[
            _configuration(each, f"{where}/configurations/{n}")
            for n, each in enumerate(items(cve, "configurations", where))
            # What is vulnerable where a configuration does *not* hold names no component.
            if not each.get("negate")
        ],
    )
    return Advisory(
        source=Source.NVD,
        namespace=NAMESPACE,
        ident=ident,
        title=text(cve, "cisaVulnerabilityName", where, default="") or _first_sentence(english) or ident,
        modified_at=modified,
        version=modified.isoformat(),
        published_at=instant(cve, "published", where, wanted=False),
        withdrawn_at=modified if rejected else None,
        summary=english[0] if english else "",
        url=f"https://nvd.nist.gov/vuln/detail/{ident}",
        aliases=[ident],
        issues=[issue],
    )


def _first_sentence(texts: list[str]) -> str:
    said = texts[0].partition(". ")[0] if texts else ""
    return said if len(said) <= 160 else said[:159].rstrip() + "…"


def _severity(metrics: dict[str, Any], where: str) -> str:
    for name in METRICS:
        entries = sorted(items(metrics, name, where), key=lambda each: each.get("type") != "Primary")
        for each in entries:
            score = part(each, "cvssData", where).get("baseScore")
            if isinstance(score, int | float) and not isinstance(score, bool):
                return severity_of(float(score))
    return ""


def _configuration(entry: Any, where: str) -> dict[str, Any]:
    return {
        "operator": _operator(entry, where),
        "nodes": [_node(node, f"{where}/nodes/{n}") for n, node in enumerate(items(entry, "nodes", where))],
    }


def _node(node: Any, where: str) -> dict[str, Any]:
    return {
        "negate": node.get("negate") is True,
        "matches": [_match(each, f"{where}/cpeMatch/{n}") for n, each in enumerate(items(node, "cpeMatch", where))],
    }


def _match(entry: Any, where: str) -> dict[str, Any]:
    criteria = text(entry, "criteria", where, longest=1000)
    if not attributes_of(criteria):
        raise Refused(f"{where}/criteria: {criteria[:80]} is no CPE.")
    bounds = {kind: text(entry, name, where, longest=200) for name, kind in BOUNDS.items() if name in entry}
    return {"vulnerable": entry.get("vulnerable") is True, "criteria": criteria, "bounds": bounds}


def _operator(entry: Any, where: str) -> str:
    operator = text(entry, "operator", where, default="OR")
    if operator not in {"AND", "OR"}:
        raise Refused(f"{where}/operator: AND or OR is wanted.")
    return operator
