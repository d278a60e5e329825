"""CPE: whether a component is what a criteria string names, and NVD's configurations of them.

Name matching is NISTIR 7696, reduced to what a register can answer: part, vendor and product must be equal; `*` is any
value and `-` none; a version is held against bounds by dotted numbers. A component that leaves another attribute open
(`*`) fits it. NVD's logic: AND of nodes, OR inside, `negate` turns a result round, and entries that are not
`vulnerable` are context only. Source: NVD CVE API 2.0 schema, "configurations".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from monitoring.advisories.fit import Fit
from monitoring.advisories.versions import NotComparable, compare
from partners.software_names import NotAName, cpe_of

PART, VENDOR, PRODUCT, VERSION, UPDATE = range(5)


@dataclass(frozen=True, slots=True)
class Installed:
    """A component by its CPE: eleven attributes as written, escapes included, and the version to compare."""

    attributes: tuple[str, ...]
    version: str


@lru_cache(maxsize=4096)
def attributes_of(text: str) -> tuple[str, ...]:
    """The eleven attributes of a formatted string or of a 2.2 URI; none when it is neither."""
    try:
        made = cpe_of(text)
    except NotAName:
        return ()
    hidden = re.sub(r"\\:", "\0", made[8:])
    return tuple(each.replace("\0", r"\:") for each in hidden.split(":"))


def plain(attribute: str) -> str:
    """Without escapes; '' of `*` and `-`."""
    return "" if attribute in {"*", "-"} else re.sub(r"\\(.)", r"\1", attribute)


def installed(cpe: str, version: str) -> Installed | None:
    """The component, or None without a CPE. The version beside the CPE counts where the CPE leaves it open."""
    attributes = attributes_of(cpe)
    if not attributes:
        return None
    return Installed(attributes, plain(attributes[VERSION]) or version.strip())


def key_of(attributes: Sequence[str]) -> str:
    return ":".join(attributes[: PRODUCT + 1])


def _equal(wanted: str, has: str) -> bool:
    if wanted == "*" or wanted == has:
        return True
    if has == "*" or "-" in (wanted, has):
        return has == "*"
    if wanted[0] in "*?" or wanted[-1] in "*?":
        return re.fullmatch(_pattern(wanted), plain(has)) is not None
    return plain(wanted) == plain(has)


def _pattern(wanted: str) -> str:
    signs = re.findall(r"\\.|.", wanted)
    return "".join(".*" if s == "*" else "." if s == "?" else re.escape(s[-1]) for s in signs)


def fit_of_criteria(criteria: str, bounds: dict[str, str], component: Installed) -> Fit:
    """How the component fits one criteria string with its bounds."""
    wanted, has = attributes_of(criteria), component.attributes
    if not wanted or key_of(wanted) != key_of(has):
        return Fit.NO
    if not all(_equal(w, h) for w, h in zip(wanted[UPDATE + 1 :], has[UPDATE + 1 :], strict=True)):
        return Fit.NO
    version = _version_fits(wanted, bounds, component)
    if version is not Fit.YES or wanted[UPDATE] == "*":
        return version
    if has[UPDATE] == "*":
        return Fit.ASK if wanted[UPDATE] != "-" else Fit.YES
    return Fit.YES if _equal(wanted[UPDATE], has[UPDATE]) else Fit.NO


def _version_fits(wanted: tuple[str, ...], bounds: dict[str, str], component: Installed) -> Fit:
    if wanted[VERSION] == "-":
        return Fit.YES if component.attributes[VERSION] in {"-", "*"} and not component.version else Fit.NO
    if wanted[VERSION] == "*" and not bounds:
        return Fit.YES
    if component.attributes[VERSION] == "-":
        return Fit.NO
    if not component.version:
        return Fit.ASK
    if wanted[VERSION] != "*":
        if wanted[VERSION][0] in "*?" or wanted[VERSION][-1] in "*?":
            return Fit.YES if re.fullmatch(_pattern(wanted[VERSION]), component.version) else Fit.NO
        return _same(plain(wanted[VERSION]), component.version)
    try:
        return Fit.YES if _in_bounds(component.version, bounds) else Fit.NO
    except NotComparable:
        return Fit.ASK


def _same(wanted: str, has: str) -> Fit:
    try:
        return Fit.YES if compare("", wanted, has) == 0 else Fit.NO
    except NotComparable:
        return Fit.YES if wanted.lower() == has.lower() else Fit.NO


def _in_bounds(version: str, bounds: dict[str, str]) -> bool:
    holds = {
        "from": lambda sign: sign >= 0,
        "from_excluded": lambda sign: sign > 0,
        "to": lambda sign: sign <= 0,
        "to_excluded": lambda sign: sign < 0,
    }
    return all(holds[kind](compare("", version, limit)) for kind, limit in bounds.items())


def fit_of_configurations(
    configurations: Sequence[dict[str, Any]], component: Installed, beside: Sequence[Installed]
) -> tuple[Fit, str]:
    """The heaviest fit of a component among what stands `beside` it in its system, and the criteria that gave it."""
    best, rule = Fit.NO, ""
    for configuration in configurations:
        found, said = _configuration(configuration, component, beside)
        if found > best:
            best, rule = found, said
    return best, rule


def _configuration(configuration: dict[str, Any], component: Installed, beside: Sequence[Installed]) -> tuple[Fit, str]:
    nodes = configuration["nodes"]
    own = [_node(node, [component], vulnerable=True) for node in nodes]
    best = max(own, default=(Fit.NO, ""), key=lambda each: each[0])
    if best[0] is Fit.NO:
        return best
    if configuration["operator"] != "AND":
        return best
    fit, rule = best
    for node, (its_own, _said) in zip(nodes, own, strict=True):
        if its_own is not Fit.NO:
            continue
        context = _node(node, [component, *beside], vulnerable=False)[0]
        if context is Fit.NO and not _known(node, beside):
            context, rule = Fit.POSSIBLE, f"{rule}, only with {_first(node)}, which the register does not list"
        fit = min(fit, context)
    return (Fit.NO, "") if fit is Fit.NO else (fit, rule)


def _node(node: dict[str, Any], among: Sequence[Installed], *, vulnerable: bool) -> tuple[Fit, str]:
    """The fit of one node; with `vulnerable` only by entries that are vulnerable themselves."""
    if vulnerable and node["negate"]:
        return Fit.NO, ""  # that something is absent makes no component vulnerable
    best: tuple[Fit, str] = (Fit.NO, "")
    for match in node["matches"]:
        if vulnerable and not match["vulnerable"]:
            continue
        for each in among:
            fit = fit_of_criteria(match["criteria"], match["bounds"], each)
            if fit > best[0]:
                best = fit, said_of(match["criteria"], match["bounds"])
    if node["negate"]:
        return (Fit.YES if best[0] is Fit.NO else Fit.NO if best[0] is Fit.YES else best[0]), ""
    return best


def _known(node: dict[str, Any], beside: Sequence[Installed]) -> bool:
    keys = {key_of(each.attributes) for each in beside}
    return any(key_of(attributes_of(match["criteria"])) in keys for match in node["matches"])


def _first(node: dict[str, Any]) -> str:
    return str(node["matches"][0]["criteria"]) if node["matches"] else "something"


def said_of(criteria: str, bounds: dict[str, str]) -> str:
    """A criteria string and its bounds as a person reads them."""
    signs = {"from": "≥", "from_excluded": ">", "to": "≤", "to_excluded": "<"}
    return " ".join([criteria, *(f"{signs[kind]} {limit}" for kind, limit in bounds.items())])
