"""Which version is the later one: the examples of each rule's own specification, written out by hand."""

from __future__ import annotations

import pytest

from monitoring.advisories.packages import is_in_range, split_purl
from monitoring.advisories.vers import ranges_of
from monitoring.advisories.versions import NotComparable, compare

# `a < b < c`: each line is ascending. Sources stand in monitoring/advisories/versions.py.
ASCENDING = {
    "npm": [
        "1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1",
        "1.0.0-rc.1 < 1.0.0 < 1.0.1",
    ],
    "golang": ["v1.21.11 < 1.21.12 < 1.22.0-0 < v1.22.0 < 1.22.5"],
    "pypi": ["1.0.dev1 < 1.0a1 < 1.0b1 < 1.0rc1 < 1.0 < 1.0.post1 < 2.9 < 2.10 < 1!0.1"],
    "rpm": [
        "1.0~rc1~git1 < 1.0~rc1 < 1.0~rc1^git1 < 1.0 < 1.0^git1 < 1.0^git2 < 1.0.1 < 1.01.1",
        "xyz.4 < 8 < 10xyz < 10.1xyz",
        "2.13.3-2.el8 < 2.13.3-3.el8 < 2.13.3-3.el8_6.1 < 1:1.0-1",
    ],
    "deb": ["1.0~beta1~svc1 < 1.0~beta1 < 1.0 < 1.0-1 < 1.0-1+deb11u1 < 1.0-1+deb11u10 < 1.0a < 1.0+ < 10.3 < 1:0.4"],
    "maven": [
        "1-alpha-1 < 1-beta-1 < 1-milestone-1 < 1-rc1 < 1-snapshot < 1 < 1-sp < 1-foo2 < 1-foo10 < 1-1 < 1.1",
        "2.14.1 < 2.15.0-rc1 < 2.15.0",
    ],
    "": ["2.0-rc1 < 2.0 < 2.0a < 2.0za < 2.0.1 < 2.10", "2023.1 < 2023.1.4"],
}  # fmt: skip
SAME = [("rpm", "0:2.13.3-3.el8", "2.13.3-3.el8"), ("rpm", "1.05", "1.5"), ("deb", "1.0-0", "1.0"),
        ("maven", "2.0.0.Final", "2.0.0"), ("maven", "1-a1", "1-alpha-1"), ("npm", "1.2", "1.2.0"),
        ("pypi", "1.0", "1.0.0"), ("", "10.0", "10")]  # fmt: skip
UNKNOWN = [("gem", "1", "2"), ("", "8.8.15", "8.8.15-p40"), ("", "2018_SP3_P04", "2018"), ("npm", "latest", "1.0.0"),
           ("pypi", "trunk", "1"), ("rpm", "x:1", "1"), ("", "", "1")]  # fmt: skip


@pytest.mark.parametrize(("scheme", "line"), [(scheme, line) for scheme, lines in ASCENDING.items() for line in lines])
def test_each_ecosystem_orders_as_its_own_specification_says(scheme, line):
    versions = line.split(" < ")
    for nth, left in enumerate(versions):
        for right in versions[nth + 1 :]:
            assert (compare(scheme, left, right), compare(scheme, right, left)) == (-1, 1), (left, right)


def test_spellings_of_one_version_are_the_same_and_what_no_rule_orders_is_not_guessed():
    assert [compare(*each) for each in SAME] == [0] * len(SAME)
    for each in UNKNOWN:
        with pytest.raises(NotComparable):
            compare(*each)


def test_a_range_is_evaluated_in_the_order_of_versions():
    go = [{"introduced": "1.22.0-0"}, {"fixed": "1.22.5"}, {"introduced": "0"}, {"fixed": "1.21.12"}]
    inside = [is_in_range("golang", each, go) for each in ("1.0", "1.21.11", "1.21.12", "1.22.0", "1.22.4", "1.22.5")]
    assert inside == [True, True, False, True, True, False]
    last = [{"introduced": "2.0"}, {"last_affected": "2.4"}]
    assert [is_in_range("pypi", each, last) for each in ("1.9", "2.0", "2.4", "2.4.1")] == [False, True, True, False]
    assert is_in_range("npm", "9.9.9", [{"introduced": "0"}, {"limit": "*"}])
    assert not is_in_range("pypi", "1.0", [{"fixed": "2.0"}])  # nothing was introduced


def test_vers_and_package_urls_are_read_in_any_spelling():
    assert ranges_of("vers:npm/>=1.0.0|<1.2.3|>=2.0.0|3.0.0") == (
        [[{"introduced": "1.0.0"}, {"fixed": "1.2.3"}], [{"introduced": "2.0.0"}]], ["3.0.0"],
    )  # fmt: skip
    assert ranges_of("vers:pypi/*") == ([[{"introduced": "0"}]], [])
    assert ranges_of("vers:pypi/!=1.0") == ranges_of("<=2018_SP3_P04") == ([], [])
    assert split_purl("pkg:PyPI/Zope.Interface@5.0?b=2") == ("pkg:pypi/zope-interface", "5.0", {"b": "2"})
    assert split_purl("pkg:npm/%40angular/core@12.0.0#x")[:2] == ("pkg:npm/%40angular/core", "12.0.0")
    assert split_purl("no purl") == ("", "", {})
