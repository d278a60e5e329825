"""Which of two versions is the later one, by the rules of where the software comes from.

Rules: SemVer 2.0.0 section 11; PEP 440; rpm's `rpmvercmp` with `~` and `^`; Debian policy 5.6.12; the "version order
specification" of Maven's POM reference. Anything else is compared as dotted numbers where those decide. What no rule
decides is `NotComparable`: a person is asked, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from packaging.version import InvalidVersion, Version

from monitoring.advisories.versions_maven import compare_maven

LONGEST = 200


class NotComparable(ValueError):
    """No rule says which of the two comes first."""


def compare(scheme: str, left: str, right: str) -> int:
    """-1, 0 or 1, as `left` is earlier than, the same as or later than `right`.

    `scheme` is the type of a package URL (`pypi`, `rpm` …); '' is software of no known ecosystem.

    Raises:
        NotComparable: one of them is no version of this scheme, or the scheme has no rule here.
    """
    if not left or not right or len(left) > LONGEST or len(right) > LONGEST:
        raise NotComparable(f"{left[:40]!r} and {right[:40]!r}")
    if left == right:
        return 0
    rule = RULES.get(scheme)
    if rule is None:
        raise NotComparable(f"no rule for versions of {scheme}")
    return rule(left, right)


def _sign(left: Any, right: Any) -> int:
    return (left > right) - (left < right)


_SEMVER = re.compile(
    r"v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)


def compare_semver(left: str, right: str) -> int:
    """A missing part counts as 0, and a fourth number is taken, as NuGet writes it."""
    return _sign(_semver(left), _semver(right))


def _semver(text: str) -> tuple[Any, ...]:
    found = _SEMVER.fullmatch(text)
    if found is None:
        raise NotComparable(f"{text!r} is no semantic version")
    numbers = tuple(int(each or 0) for each in found.groups()[:4])
    if found[5] is None:
        return (numbers, 1, ())
    return (numbers, 0, tuple((0, int(e), "") if e.isdecimal() else (1, 0, e) for e in found[5].split(".")))


def compare_python(left: str, right: str) -> int:
    try:
        return _sign(Version(left), Version(right))
    except InvalidVersion as wrong:
        raise NotComparable(str(wrong)) from None


def _epoch(text: str) -> tuple[int, str]:
    epoch, colon, rest = text.partition(":")
    if not colon:
        return 0, text
    if not epoch.isdecimal():
        raise NotComparable(f"{text!r} has an epoch that is no number")
    return int(epoch), rest


def compare_rpm(left: str, right: str) -> int:
    """epoch:version-release. Without a release on one side, versions alone are compared, as rpm does."""
    (left_epoch, left_rest), (right_epoch, right_rest) = _epoch(left), _epoch(right)
    if left_epoch != right_epoch:
        return _sign(left_epoch, right_epoch)
    left_version, _dash, left_release = left_rest.rpartition("-") if "-" in left_rest else (left_rest, "", "")
    right_version, _dash, right_release = right_rest.rpartition("-") if "-" in right_rest else (right_rest, "", "")
    found = _rpmvercmp(left_version, right_version)
    return found if found or not left_release or not right_release else _rpmvercmp(left_release, right_release)


_RPM_PART = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")


def _rpmvercmp(left: str, right: str) -> int:
    """`rpmvercmp`: parts of digits or letters in turn; `~` is before the end, `^` after it, digits after letters."""
    one, other = _RPM_PART.findall(left), _RPM_PART.findall(right)
    for place in range(max(len(one), len(other))):
        a = one[place] if place < len(one) else ""
        b = other[place] if place < len(other) else ""
        if a == b:
            continue
        if "~" in (a, b):
            return -1 if a == "~" else 1
        if "^" in (a, b):
            if not a or not b:
                return 1 if a == "^" else -1
            return -1 if a == "^" else 1
        if not a or not b:
            return 1 if a else -1
        if a.isdecimal() != b.isdecimal():
            return 1 if a.isdecimal() else -1
        found = _sign(int(a), int(b)) if a.isdecimal() else _sign(a, b)
        if found:
            return found
    return 0


def compare_debian(left: str, right: str) -> int:
    """epoch:upstream-revision, each by alternating runs of other signs and digits; `~` sorts before the end."""
    (left_epoch, left_rest), (right_epoch, right_rest) = _epoch(left), _epoch(right)
    if left_epoch != right_epoch:
        return _sign(left_epoch, right_epoch)
    left_upstream, _dash, left_revision = left_rest.rpartition("-") if "-" in left_rest else (left_rest, "", "0")
    right_upstream, _dash, right_revision = right_rest.rpartition("-") if "-" in right_rest else (right_rest, "", "0")
    return _debian_part(left_upstream, right_upstream) or _debian_part(left_revision, right_revision)


def _debian_part(left: str, right: str) -> int:
    return _sign(_debian_key(left), _debian_key(right))


def _debian_key(text: str) -> list[Any]:
    key: list[Any] = []
    for signs, digits in re.findall(r"([^0-9]*)([0-9]*)", text):
        # The end of a run sorts after `~` and before everything else: the trailing 0.
        key.append([(-1 if s == "~" else ord(s) if s.isalpha() else ord(s) + 256) for s in signs] + [0])
        key.append(int(digits or 0))
    return key


_DOTTED = re.compile(r"v?(\d{1,18}(?:\.\d{1,18})*)(?:[._-](?![a-z]{1,2}$))?(.*)", re.IGNORECASE)
_BEFORE = re.compile(r"(alpha|beta|rc|pre|preview|dev|snapshot|m|milestone|cr)[._-]?\d*", re.IGNORECASE)
_LETTERS = re.compile(r"[a-z]{1,2}")


def compare_dotted(left: str, right: str) -> int:
    """Dotted numbers; after the same numbers a word such as `rc1` is before the release, one letter is after it."""
    (one, one_tail), (other, other_tail) = _dotted(left), _dotted(right)
    length = max(len(one), len(other))
    one, other = one + (0,) * (length - len(one)), other + (0,) * (length - len(other))
    if one != other or one_tail == other_tail:
        return _sign(one, other)
    ranks = [_tail(one_tail), _tail(other_tail)]
    if None in ranks or (ranks[0] == ranks[1] == 0):
        raise NotComparable(f"{left!r} and {right!r}")
    if ranks[0] == ranks[1]:
        return _sign((len(one_tail), one_tail), (len(other_tail), other_tail))
    return _sign(ranks[0], ranks[1])


def _dotted(text: str) -> tuple[tuple[int, ...], str]:
    found = _DOTTED.fullmatch(text)
    if found is None:
        raise NotComparable(f"{text!r} does not begin with a number")
    return tuple(int(each) for each in found[1].split(".")), found[2].lower()


def _tail(text: str) -> int | None:
    if not text:
        return 1
    if _BEFORE.fullmatch(text):
        return 0
    return 2 if _LETTERS.fullmatch(text) else None


def _maven(left: str, right: str) -> int:
    return compare_maven(left, right)


RULES: dict[str, Callable[[str, str], int]] = {
    **dict.fromkeys(("npm", "cargo", "golang", "hex", "nuget", "pub", "swift", "semver"), compare_semver),
    "pypi": compare_python,
    "rpm": compare_rpm,
    "deb": compare_debian,
    "maven": _maven,
    "": compare_dotted,
}
