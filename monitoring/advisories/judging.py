"""What one document says of one component, and what all documents together say of it under one label.

Pure: rows in, verdicts out. A verdict by package URL or CPE is exact; one by name is never more than possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.advisories.fit import Fit
from monitoring.advisories.keys import keys_of_issue, keys_of_statement
from monitoring.advisories.normal import RANK, Issue, Statement, Status
from monitoring.advisories.packages import fit_of_package, is_at_least, scheme_of, split_purl
from monitoring.advisories.platforms import (
    PRODUCT,
    VENDOR,
    Installed,
    attributes_of,
    fit_of_configurations,
    fit_of_criteria,
    installed,
    key_of,
    plain,
    said_of,
)

AFFECTED, ASK, POSSIBLE = "affected", "version_unknown", "possible"
OUTSIDE, NOT_AFFECTED, FIXED, WITHDRAWN, REJECTED = "outside", "not_affected", "fixed", "withdrawn", "rejected"
AGAINST = {OUTSIDE, NOT_AFFECTED, FIXED}
FITS = {Fit.YES: AFFECTED, Fit.ASK: ASK, Fit.POSSIBLE: POSSIBLE, Fit.NO: OUTSIDE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one document comes to: `rule` is what it was judged by, `exact` whether that is more than a name."""

    what: str
    rule: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A component as it is judged, or the organisation behind a system when it has no product."""

    keys: frozenset[str]
    version: str = ""
    purl: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    platform: Installed | None = None
    is_organisation: bool = False


def subject_of(component: Mapping[str, Any], keys: Iterable[str]) -> Subject:
    purl, purl_version, qualifiers = split_purl(component["purl"]) if component["purl"] else ("", "", {})
    version = purl_version or component["product_version"].strip()
    platform = installed(component["cpe"], component["product_version"]) if component["cpe"] else None
    return Subject(frozenset(keys), version, purl, tuple(sorted(qualifiers.items())), platform)


def judge(issue: Issue, subject: Subject, beside: Sequence[Installed], *, withdrawn: bool) -> Verdict | None:
    """The verdict of one issue on one subject; None when it does not speak of it at all."""
    if issue.rejected:
        return Verdict(REJECTED, "the number was rejected", exact=True)
    found = _organisation(issue, subject) if subject.is_organisation else _component(issue, subject, beside)
    if found is None or not withdrawn:
        return found
    return Verdict(WITHDRAWN, "the document was withdrawn", exact=found.exact)


def _organisation(issue: Issue, subject: Subject) -> Verdict | None:
    for key in sorted(keys_of_issue(issue) & subject.keys):
        kind, _colon, name = key.partition(":")
        if kind in {"org", "domain"}:
            return Verdict(POSSIBLE, f"by {'domain' if kind == 'domain' else 'name'} alone: {name}")
    return None


def _component(issue: Issue, subject: Subject, beside: Sequence[Installed]) -> Verdict | None:
    verdicts = [each for statement in issue.statements if (each := _by_statement(statement, subject)) is not None]
    if issue.configurations and subject.platform is not None:
        fit, rule = fit_of_configurations(issue.configurations, subject.platform, beside)
        if fit is not Fit.NO:
            verdicts.append(Verdict(FITS[fit], rule, exact=True))
        elif _names_platform(issue, subject.platform):
            verdicts.append(Verdict(OUTSIDE, f"{subject.version or 'what is installed'} is in no range", exact=True))
    elif issue.configurations and (rule := _platform_by_name(issue, subject)):
        verdicts.append(Verdict(POSSIBLE, f"by name alone: {rule}"))
    return _heaviest(verdicts)


def _names_platform(issue: Issue, platform: Installed) -> bool:
    return any(
        key_of(attributes_of(match["criteria"])) == key_of(platform.attributes)
        for configuration in issue.configurations
        for node in configuration["nodes"]
        for match in node["matches"]
        if match["vulnerable"]
    )


def _platform_by_name(issue: Issue, subject: Subject) -> str:
    for configuration in issue.configurations:
        for node in configuration["nodes"]:
            for match in node["matches"]:
                if match["vulnerable"] and _shares_a_name(Statement(cpe=match["criteria"]), subject):
                    return said_of(match["criteria"], match["bounds"])
    return ""


def _shares_a_name(statement: Statement, subject: Subject) -> bool:
    if (attributes := attributes_of(statement.cpe)) and not statement.product:
        statement = Statement(vendor=plain(attributes[VENDOR]), product=plain(attributes[PRODUCT]))
    return bool(keys_of_statement(statement) & subject.keys)


def _by_statement(statement: Statement, subject: Subject) -> Verdict | None:
    """By the strictest name that both have; a component with a package URL of its own is no other package."""
    if statement.purl and subject.purl:
        return _by_package(statement, subject) if statement.purl == subject.purl else None
    if statement.cpe and subject.platform is not None:
        return _by_cpe(statement, subject)
    shared = sorted(k for k in keys_of_statement(statement) & subject.keys if not k.startswith(("purl:", "cpe:")))
    if not shared or statement.status in {Status.NOT_AFFECTED, Status.FIXED}:
        return None  # that something of the name is not affected clears nothing
    words = f"{statement.vendor} {statement.product} {statement.words}".strip()
    return Verdict(POSSIBLE, f"by name alone: {words}")


def _by_package(statement: Statement, subject: Subject) -> Verdict | None:
    if statement.status == Status.FIXED:
        return _by_fixed(statement, subject)
    fit = fit_of_package(statement, version=subject.version, qualifiers=dict(subject.qualifiers))
    return _said(statement, fit, f"{statement.purl} {_ranges(statement)}".strip())


def _by_fixed(statement: Statement, subject: Subject) -> Verdict | None:
    """Only the mended version is named: the same or a later one is mended, an earlier one possibly not."""
    for fixed in statement.versions:
        mended = is_at_least(scheme_of(statement.purl), subject.version, fixed) if subject.version else None
        rule = f"{statement.purl} mended in {fixed}"
        return Verdict(FIXED, rule, exact=True) if mended else Verdict(POSSIBLE, rule)
    return None


def _by_cpe(statement: Statement, subject: Subject) -> Verdict | None:
    assert subject.platform is not None
    if key_of(attributes_of(statement.cpe)) != key_of(subject.platform.attributes):
        return None
    fit = fit_of_criteria(statement.cpe, statement.bounds, subject.platform)
    return _said(statement, fit, said_of(statement.cpe, statement.bounds))


def _said(statement: Statement, fit: Fit, rule: str) -> Verdict | None:
    if statement.status in {Status.NOT_AFFECTED, Status.FIXED}:
        return Verdict(statement.status, rule, exact=True) if fit is Fit.YES else None
    if statement.status == Status.INVESTIGATED:
        return Verdict(POSSIBLE, f"{rule}, which its maker still looks into") if fit is not Fit.NO else None
    return Verdict(FITS[fit], rule, exact=fit is not Fit.POSSIBLE)


def _ranges(statement: Statement) -> str:
    signs = {"introduced": "≥", "fixed": "<", "limit": "<", "last_affected": "≤"}
    ranges = [" ".join(f"{signs[kind]} {value}" for event in events for kind, value in event.items() if value != "0")
              for events in statement.ranges]  # fmt: skip
    versions = [", ".join(statement.versions[:5])] if statement.versions and not ranges else []
    return "; ".join(each for each in [*ranges, *versions] if each)


def _heaviest(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of one document: a clear word for the very version counts before a range, and a range before a name."""
    order = [NOT_AFFECTED, AFFECTED, FIXED, ASK, POSSIBLE, OUTSIDE]
    exact = [each for each in verdicts if each.exact]
    return min(exact or verdicts, key=lambda each: order.index(each.what), default=None)


def gravest(severities: Iterable[str]) -> str:
    return max(severities, key=lambda each: RANK.get(each, 0), default="")
