"""Package URLs and the ranges of versions that go with them.

A range is a list of OSV's events and is evaluated in the order of versions: affected from `introduced` up to and not
including `fixed` or `limit`, or up to and including `last_affected`; `0` is before everything; an explicit list of
versions counts beside the ranges. Source: OSV schema 1.7, "affected[].ranges" and "Evaluation".
"""

from __future__ import annotations

import re
from functools import cmp_to_key
from urllib.parse import unquote

from monitoring.advisories.fit import Fit
from monitoring.advisories.normal import Statement
from monitoring.advisories.versions import NotComparable, compare
from partners.software_names import NotAName, purl_of

# OSV's names of ecosystems (schema, "Defined ecosystems") as types and namespaces of package URLs.
ECOSYSTEMS = {
    "PyPI": "pypi", "npm": "npm", "Go": "golang", "crates.io": "cargo", "RubyGems": "gem", "Maven": "maven",
    "NuGet": "nuget", "Packagist": "composer", "Hex": "hex", "Pub": "pub", "SwiftURL": "swift", "Debian": "deb/debian",
    "Ubuntu": "deb/ubuntu", "Alpine": "apk/alpine", "Red Hat": "rpm/redhat", "Rocky Linux": "rpm/rocky-linux",
    "AlmaLinux": "rpm/almalinux", "SUSE": "rpm/suse", "openSUSE": "rpm/opensuse",
}  # fmt: skip


def split_purl(text: str) -> tuple[str, str, dict[str, str]]:
    """`(purl without version, version, qualifiers)` of any spelling; three empty ones when it is none."""
    try:
        made = purl_of(text)
    except NotAName:
        return "", "", {}
    rest, _mark, qualifiers = made.partition("#")[0].partition("?")
    at = rest.rfind("@")
    name, version = (rest[:at], unquote(rest[at + 1 :])) if at > 0 else (rest, "")
    pairs = dict(each.split("=", 1) for each in qualifiers.split("&") if "=" in each)
    if name.startswith("pkg:pypi/"):  # PEP 503: runs of . _ - are one
        name = "pkg:pypi/" + re.sub(r"[-_.]+", "-", name[len("pkg:pypi/") :])
    return name, version, {key: unquote(value) for key, value in pairs.items()}


def purl_of_package(ecosystem: str, name: str) -> str:
    """The package URL of an OSV package that has none; '' of an ecosystem without a type."""
    kind = ECOSYSTEMS.get(ecosystem.partition(":")[0])
    if not kind or not name:
        return ""
    return split_purl(f"pkg:{kind}/{name.replace(':', '/', 1) if kind == 'maven' else name}")[0]


def scheme_of(purl: str) -> str:
    return purl[4:].partition("/")[0]


def fit_of_package(statement: Statement, *, version: str, qualifiers: dict[str, str]) -> Fit:
    """How an installed version of this very package fits what is said of it. Qualifiers count where both have them."""
    for key, value in statement.qualifiers.items():
        if key in qualifiers and qualifiers[key] != value and key != "arch":
            return Fit.NO
        if key == "arch" and key in qualifiers and "src" not in (value, qualifiers[key]) and qualifiers[key] != value:
            return Fit.NO
    if not statement.versions and not statement.ranges:
        return Fit.POSSIBLE if statement.words else Fit.YES
    if not version:
        return Fit.ASK
    scheme = scheme_of(statement.purl)
    if version in statement.versions or any(_same(scheme, version, each) for each in statement.versions):
        return Fit.YES
    fits = [_in_range(scheme, version, events) for events in statement.ranges]
    return max(fits, default=Fit.NO)


def _same(scheme: str, left: str, right: str) -> bool:
    try:
        return compare(scheme, left, right) == 0
    except NotComparable:
        return False


def _in_range(scheme: str, version: str, events: list[dict[str, str]]) -> Fit:
    try:
        return Fit.YES if is_in_range(scheme, version, events) else Fit.NO
    except NotComparable:
        return Fit.ASK


def is_in_range(scheme: str, version: str, events: list[dict[str, str]]) -> bool:
    """Whether the version is inside.

    Raises:
        NotComparable: no rule orders it among the events.
    """

    def order(one: tuple[str, str], other: tuple[str, str]) -> int:
        for edge, sign in (("0", -1), ("*", 1)):  # before and after everything
            if edge in (one[1], other[1]):
                return sign * ((one[1] == edge) - (other[1] == edge))
        return compare(scheme, one[1], other[1])

    pairs = [(kind, value) for event in events for kind, value in event.items()]
    inside = False
    for kind, value in sorted(pairs, key=cmp_to_key(order)):
        reached = value == "0" or (value != "*" and compare(scheme, version, value) >= 0)
        if kind == "introduced" and reached:
            inside = True
        elif reached and (kind in {"fixed", "limit"} or (kind == "last_affected" and compare(scheme, version, value))):
            inside = False
    return inside


def is_at_least(scheme: str, version: str, fixed: str) -> bool | None:
    """Whether a version is the fixed one or later; None when no rule says."""
    try:
        return compare(scheme, version, fixed) >= 0
    except NotComparable:
        return None
