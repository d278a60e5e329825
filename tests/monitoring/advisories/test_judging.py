"""One document and one component: by package URL, by CPE with NVD's logic, by name alone."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.advisories.judging import judge, subject_of
from monitoring.advisories.keys import keys_of_component, keys_of_issue
from monitoring.advisories.normal import Issue, Statement
from monitoring.advisories.platforms import installed

LABEL = "CVE-2099-10009"


def component(**more: str) -> dict[str, str]:
    return {"vendor": "", "product": "Thing", "product_version": "", "cpe": "", "purl": "", **more}


def verdict(issue: Issue, one: dict[str, str], *beside: str) -> str:
    """The word, and whether the index would have brought the two together at all."""
    keys = keys_of_component(one, {})
    others = [found for each in beside if (found := installed(each, "")) is not None]
    found = judge(issue, subject_of(one, keys), others, withdrawn=False)
    if found is not None and found.what != "rejected":
        assert set(keys) & keys_of_issue(issue)
    return found.what if found else ""


def cpe(version: str = "*", product: str = "thing", part: str = "a", update: str = "*", software: str = "*") -> str:
    return f"cpe:2.3:{part}:maker:{product}:{version}:{update}:*:*:{software}:*:*:*"


def match(criteria: str, vulnerable: bool = True, **bounds: str) -> dict[str, Any]:
    return {"vulnerable": vulnerable, "criteria": criteria, "bounds": bounds}


def nvd(*nodes: list[dict[str, Any]], operator: str = "OR", negate: bool = False) -> Issue:
    made = [{"negate": negate and n == len(nodes) - 1, "matches": node} for n, node in enumerate(nodes)]
    return Issue(label=LABEL, configurations=[{"operator": operator, "nodes": made}])


@pytest.mark.parametrize(
    ("has", "wanted"),
    [
        (component(cpe=cpe("2.1")), "affected"),
        (component(cpe=cpe("3.0")), "outside"),
        (component(cpe="cpe:/a:maker:thing:2.1"), "affected"),  # a 2.2 URI
        (component(cpe=cpe()), "version_unknown"),
        (component(cpe=cpe(), product_version="2.9.9"), "affected"),
        (component(cpe=cpe("-")), "outside"),
        (component(cpe=cpe("2.x")), "version_unknown"),
        (component(cpe=cpe("2.1", part="o")), ""),
        (component(vendor="Maker", product="Thing"), "possible"),  # by name alone
        (component(vendor="Maker Ltd.", product="Maker Thing", product_version="9"), "possible"),
        (component(vendor="Another", product="Thing"), ""),
    ],
)
def test_a_cpe_with_bounds(has, wanted):
    issue = nvd([match(cpe(), **{"from": "2.0", "to_excluded": "3.0"})])
    assert verdict(issue, has) == wanted


def test_attributes_beside_the_version():
    assert verdict(nvd([match(cpe("2.0", update="p1"))]), component(cpe=cpe("2.0", update="p1"))) == "affected"
    assert verdict(nvd([match(cpe("2.0", update="p1"))]), component(cpe=cpe("2.0", update="p2"))) == "outside"
    assert verdict(nvd([match(cpe("2.0", update="p1"))]), component(cpe=cpe("2.0"))) == "version_unknown"
    assert verdict(nvd([match(cpe(software="wordpress"))]), component(cpe=cpe("1", software="drupal"))) == "outside"
    assert verdict(nvd([match(cpe(software="wordpress"))]), component(cpe=cpe("1"))) == "affected"
    assert verdict(nvd([match(r"cpe:2.3:a:maker:a\+b:1\:2:*:*:*:*:*:*:*")]),
                   component(cpe=r"cpe:2.3:a:maker:a\+b:1\:2:*:*:*:*:*:*:*")) == "affected"  # fmt: skip


def test_nodes_that_must_hold_together():
    board = [match(cpe("-", product="board", part="h"), vulnerable=False)]
    issue = nvd([match(cpe(), to="4.2")], board, operator="AND")
    here, other = cpe("-", product="board", part="h"), cpe("1", product="board", part="h")
    assert verdict(issue, component(cpe=cpe("4.0")), here) == "affected"
    assert verdict(issue, component(cpe=cpe("4.0"))) == "possible"  # whether it runs on one, nobody wrote down
    assert verdict(issue, component(cpe=cpe("4.0")), other) == "outside"  # it runs on another kind
    assert verdict(issue, component(cpe=here)) == ""  # context is never vulnerable itself
    without = nvd([match(cpe(), to="4.2")], board, operator="AND", negate=True)
    assert verdict(without, component(cpe=cpe("4.0")), here) == "outside"
    assert verdict(without, component(cpe=cpe("4.0"))) == "affected"


@pytest.mark.parametrize(
    ("has", "wanted"),
    [
        (component(purl="pkg:pypi/django@5.1.3"), "affected"),
        (component(purl="pkg:pypi/django@5.1.4"), "outside"),
        (component(purl="pkg:pypi/django"), "version_unknown"),
        (component(purl="pkg:pypi/django", product_version="5.1.3"), "affected"),
        (component(purl="pkg:pypi/django@main"), "version_unknown"),
        (component(purl="pkg:deb/debian/django@5.1.3", product="Django"), ""),  # another package of the same name
        (component(product="Django"), "possible"),
    ],
)
def test_a_package_with_ranges(has, wanted):
    ranges = [[{"introduced": "5.0"}, {"fixed": "5.1.4"}]]
    issue = Issue(label=LABEL, statements=[Statement(product="Django", purl="pkg:pypi/django", ranges=ranges)])
    assert verdict(issue, has) == wanted


def test_qualifiers_count_where_both_have_them_and_an_explicit_version_counts_beside_ranges():
    arm = Statement(purl="pkg:rpm/redhat/thing", qualifiers={"arch": "aarch64"}, versions=["1.0-1"])
    issue = Issue(label=LABEL, statements=[arm])
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing@1.0-1?arch=aarch64")) == "affected"
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing@1.0-1")) == "affected"
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing@1.0-1?arch=x86_64")) == "outside"
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing@1.0-2")) == "outside"


def test_a_name_is_never_more_than_possible_and_clears_nothing():
    named = Issue(label=LABEL, statements=[Statement(vendor="Maker", product="Thing", words="1.0")])
    assert verdict(named, component(vendor="MAKER", product="thing", product_version="1.0")) == "possible"
    many = Issue(label=LABEL, statements=[Statement(vendor="Maker")])  # "multiple products"
    assert verdict(many, component(vendor="Maker", product="Anything")) == "possible"
    cleared = Issue(label=LABEL, statements=[Statement(status="not_affected", vendor="Maker", product="Thing")])
    assert verdict(cleared, component(vendor="Maker", product="Thing")) == ""


def test_where_only_the_mended_version_is_named():
    mended = Statement(status="fixed", purl="pkg:rpm/redhat/thing", versions=["2.13.3-3.el8_6.1"])
    issue = Issue(label=LABEL, statements=[mended])
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing@2.13.3-3.el8_6.1")) == "fixed"
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing@2.13.3-2.el8")) == "possible"
    assert verdict(issue, component(purl="pkg:rpm/redhat/thing")) == "possible"
