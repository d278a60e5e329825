"""What all documents together say of one component under one label: open or not, how certain, how urgent, and why.

A clear word of a trusted document (a feed's, or one that the system's owner or provider brought) that this very version
is not affected, or that the number was rejected, retracts what others say. What goes by a name alone falls when a
trusted document knows the product and the installed version lies outside. What a stranger denies counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitoring.advisories.judging import (
    AFFECTED,
    AGAINST,
    ASK,
    NOT_AFFECTED,
    POSSIBLE,
    REJECTED,
    Subject,
    Verdict,
    gravest,
    judge,
)
from monitoring.advisories.normal import Issue, Statement
from monitoring.advisories.platforms import Installed

CERTAINTY = {AFFECTED: "confirmed", ASK: "ask", POSSIBLE: "possible"}
WEIGHT = {"confirmed": 60, "ask": 40, "possible": 0}
OF_SEVERITY = {"critical": 60, "high": 40, "medium": 20, "low": 5, "": 10}
# Cyber Essentials, "security update management": critical or high, or exploited, within 14 days.
SOON_DAYS, LATER_DAYS = 14, 30
BECAUSE = {
    NOT_AFFECTED: "not affected, says {source}: {rule}",
    REJECTED: "the number was rejected ({source})",
    "withdrawn": "withdrawn by {source}",
    "fixed": "mended, says {source}: {rule}",
    "outside": "the installed version is in no range of {source}: {rule}",
}


def issue_from(row: Mapping[str, Any]) -> Issue:
    """An issue as it was written down (`Advisory.issues_as_json`)."""
    return Issue(**{**row, "statements": [Statement(**each) for each in row["statements"]]})


def together(
    documents: Sequence[Mapping[str, Any]], subject: Subject, beside: Sequence[Installed], *, gone: str = ""
) -> dict[str, Any]:
    """The outcome for rows `{"id", "title", "version", "source", "withdrawn", "trusted", "issue"}`.

    `gone` says why there is nothing to judge any more: the component was removed.
    """
    verdicts: list[tuple[Mapping[str, Any], Issue, Verdict]] = []
    issues = []
    for document in documents:
        issue = issue_from(document["issue"])
        issues.append((document, issue))
        verdict = judge(issue, subject, beside, withdrawn=document["withdrawn"])
        if verdict is not None:
            verdicts.append((document, issue, verdict))
    because = gone or _against(verdicts)
    words = [verdict.what for _document, _issue, verdict in verdicts if verdict.what in CERTAINTY]
    certainty = next((CERTAINTY[each] for each in (AFFECTED, ASK, POSSIBLE) if each in words), "")
    # How urgent it is, and what to do, is for trusted documents to say: anybody may bring a clear one.
    spoken = [issue for document, issue in issues if document["trusted"] and not document["withdrawn"]]
    if certainty and not any(
        document["trusted"] and verdict.what in CERTAINTY for document, _issue, verdict in verdicts
    ):
        certainty = "possible"
    is_open = bool(certainty) and not because
    exploited = any(issue.exploited for issue in spoken)
    ransomware = any(issue.ransomware for issue in spoken)
    severity = gravest(issue.severity for issue in spoken)
    return {
        "state": "open" if is_open else "retracted",
        "because": "" if is_open else because or _silence(verdicts),
        "certainty": certainty or "possible",
        "severity": severity,
        "exploited": exploited,
        "ransomware": ransomware,
        "weight": _weight(certainty, severity, exploited=exploited, ransomware=ransomware),
        "days": SOON_DAYS if exploited or severity in {"critical", "high"} else LATER_DAYS,
        "title": _title(documents),
        "action": next((issue.action for issue in spoken if issue.exploited and issue.action), "")
        or next((issue.action for issue in spoken if issue.action), ""),
        "sources": [
            {"advisory": document["id"], "verdict": verdict.what, "rule": verdict.rule, "version": document["version"]}
            for document, _issue, verdict in verdicts
        ],
    }


def _against(verdicts: Iterable[tuple[Mapping[str, Any], Issue, Verdict]]) -> str:
    """Why it is retracted although documents speak of it, or ''."""
    trusted = [(document, verdict) for document, _issue, verdict in verdicts if document["trusted"]]
    for document, verdict in trusted:
        if verdict.what in {NOT_AFFECTED, REJECTED}:
            return _because(document, verdict)
    if any(verdict.what in {AFFECTED, ASK} for _document, _issue, verdict in verdicts):
        return ""
    for document, verdict in trusted:
        if verdict.what in AGAINST and verdict.exact:
            return _because(document, verdict)
    return ""


def _silence(verdicts: Iterable[tuple[Mapping[str, Any], Issue, Verdict]]) -> str:
    for document, _issue, verdict in verdicts:
        if verdict.what in BECAUSE:
            return _because(document, verdict)
    return "no document speaks of it any more"


def _because(document: Mapping[str, Any], verdict: Verdict) -> str:
    return BECAUSE[verdict.what].format(source=document["source"].upper(), rule=verdict.rule)


def _title(documents: Sequence[Mapping[str, Any]]) -> str:
    """The catalogue's name is the plainest, then the newest document's."""
    named = sorted(documents, key=lambda each: (bool(each["trusted"]), each["source"] == "kev"))
    return str(named[-1]["title"]) if named else ""


def _weight(certainty: str, severity: str, *, exploited: bool, ransomware: bool) -> int:
    """The order of work: exploited counts more than grave, ransomware more again; the rest is how many stand on it."""
    return 200 * exploited + 100 * ransomware + OF_SEVERITY[severity] + WEIGHT.get(certainty, 0)
