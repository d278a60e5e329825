"""OSV records: packages by ecosystem or package URL, with ranges of versions.

Source: OSV schema 1.7. Commits (`GIT` ranges) say nothing of an installed version and are left out.
"""

from __future__ import annotations

from typing import Any

from monitoring.advisories.fields import CVE, instant, items, part, text, wanted_instant, web_address
from monitoring.advisories.normal import WORDS, Advisory, Issue, Refused, Source, Statement
from monitoring.advisories.packages import purl_of_package, split_purl
from monitoring.advisories.scores import severity_of_vector

EVENTS = {"introduced", "fixed", "last_affected", "limit"}


def read_osv(document: dict[str, Any]) -> Advisory:
    """One record.

    A distributor's own number (RHSA, DSA, USN …) mends several CVEs, named in `upstream`, and is an issue for each.

    Raises:
        Refused: the record is not one.
    """
    ident = text(document, "id", "", longest=200)
    modified = wanted_instant(document, "modified", "")
    statements = [
        each for n, entry in enumerate(items(document, "affected", "")) for each in _affected(entry, f"/affected/{n}")
    ]
    same = [each for each in items(document, "aliases", "") if isinstance(each, str)]
    upstream = [each for each in items(document, "upstream", "") if isinstance(each, str)]
    severity = _severity(document)
    labels = _cves([ident, *same]) or _cves(upstream) or [ident]
    return Advisory(
        source=Source.OSV,
        namespace="osv",
        ident=ident,
        title=text(document, "summary", "", default="", longest=300) or ident,
        modified_at=modified,
        version=modified.isoformat(),
        published_at=instant(document, "published", "", wanted=False),
        withdrawn_at=instant(document, "withdrawn", "", wanted=False),
        summary=text(document, "details", "", default=""),
        url=f"https://osv.dev/vulnerability/{ident}" if web_address(f"https://osv.dev/vulnerability/{ident}") else "",
        aliases=sorted({ident, *same, *upstream}),
        issues=[Issue(label=label, severity=severity, statements=statements) for label in labels],
    )


def _cves(names: list[str]) -> list[str]:
    return list(dict.fromkeys(each for each in names if CVE.fullmatch(each)))


def _severity(document: dict[str, Any]) -> str:
    said = text(part(document, "database_specific", ""), "severity", "", default="").lower()
    vectors = [text(each, "score", "/severity", default="") for each in items(document, "severity", "")]
    return severity_of_vector(vectors) or WORDS.get(said, "")


def _affected(entry: Any, where: str) -> list[Statement]:
    if not isinstance(entry, dict):
        raise Refused(f"{where}: an object is wanted.")
    package = part(entry, "package", where)
    if not package:
        return []  # of commits alone
    name = text(package, "name", f"{where}/package")
    ecosystem = text(package, "ecosystem", f"{where}/package")
    purl, _version, qualifiers = split_purl(text(package, "purl", f"{where}/package", default=""))
    ranges = []
    for n, each in enumerate(items(entry, "ranges", where)):
        if text(each, "type", f"{where}/ranges/{n}") == "GIT":
            continue
        ranges.append([_event(event, f"{where}/ranges/{n}/events") for event in items(each, "events", where)])
    versions = [each for each in items(entry, "versions", where) if isinstance(each, str)]
    if not ranges and not versions and items(entry, "ranges", where):
        return []
    return [
        Statement(
            product=name,
            purl=purl or purl_of_package(ecosystem, name),
            qualifiers=qualifiers,
            ranges=ranges,
            versions=versions,
        )
    ]


def _event(event: Any, where: str) -> dict[str, str]:
    if not isinstance(event, dict) or len(event) != 1 or not EVENTS.issuperset(event):
        raise Refused(f"{where}: an event is one of {', '.join(sorted(EVENTS))}.")
    ((kind, _value),) = event.items()
    return {kind: text(event, kind, where, longest=200)}
