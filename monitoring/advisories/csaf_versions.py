"""The mandatory tests of CSAF 2.0 about versions and the history of a document: 6.1.14, 16 to 22 and 30."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from monitoring.advisories.csaf_tree import Tree
from monitoring.advisories.fields import wanted_instant
from monitoring.advisories.versions import NotComparable, compare

Found = Iterator[str]
WHOLE = re.compile(r"0|[1-9][0-9]*")
SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
HISTORY = "/document/tracking/revision_history"


def _tracking(document: dict[str, Any]) -> dict[str, Any]:
    return document["document"]["tracking"]


def _history(document: dict[str, Any]) -> list[dict[str, Any]]:
    """In the order of its dates, ties in the order of its numbers."""
    entries = _tracking(document)["revision_history"]
    return sorted(entries, key=lambda each: (wanted_instant(each, "date", HISTORY), sortable(each["number"])))


def sortable(number: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", number.partition("+")[0].partition("-")[0]))


def _release(number: str) -> str:
    """Without build metadata, which counts for nothing."""
    return number.partition("+")[0]


def _pre_release(number: str) -> str:
    return _release(number).partition("-")[2]


def is_later(number: str, than: str) -> bool:
    """Whether one number of a document's version is later than another. Both are whole, or both are semantic."""
    try:
        return compare("semver", number, than) > 0
    except NotComparable:
        return number > than


def test_14(document: dict[str, Any], tree: Tree) -> Found:
    numbers = [each["number"] for each in _history(document)]
    for before, after in pairwise(numbers):
        if is_later(before, after):
            yield f"{HISTORY}: {before} is older than {after} and has the later number."


def test_16(document: dict[str, Any], tree: Tree) -> Found:
    version, last = _tracking(document)["version"], _history(document)[-1]["number"]
    is_draft = _tracking(document)["status"] == "draft"
    shown = _release(version).partition("-")[0] if is_draft else _release(version)
    if shown != (_release(last).partition("-")[0] if is_draft else _release(last)):
        yield f"/document/tracking/version: it is {version}, and the last revision is {last}."


def test_17(document: dict[str, Any], tree: Tree) -> Found:
    version, status = _tracking(document)["version"], _tracking(document)["status"]
    if status != "draft" and (version == "0" or version.startswith("0.") or _pre_release(version)):
        yield f"/document/tracking/status: the version {version} is a draft, and the status is {status}."


def test_18(document: dict[str, Any], tree: Tree) -> Found:
    if _tracking(document)["status"] in {"final", "interim"}:
        for each in _tracking(document)["revision_history"]:
            if each["number"] == "0" or each["number"].startswith("0."):
                yield f"{HISTORY}: a released document has no revision {each['number']}."


def test_19(document: dict[str, Any], tree: Tree) -> Found:
    for each in _tracking(document)["revision_history"]:
        if _pre_release(each["number"]):
            yield f"{HISTORY}: {each['number']} is a pre-release."


def test_20(document: dict[str, Any], tree: Tree) -> Found:
    tracking = _tracking(document)
    if tracking["status"] in {"final", "interim"} and _pre_release(tracking["version"]):
        yield f"/document/tracking/version: {tracking['version']} is a pre-release, the document is none."


def test_21(document: dict[str, Any], tree: Tree) -> Found:
    firsts = [sortable(each["number"])[0] for each in _history(document)]
    if firsts and firsts[0] not in (0, 1):
        yield f"{HISTORY}: it begins with {firsts[0]}."
    have = set(firsts)
    missing = [str(n) for n in range(min(have), max(have)) if n not in have] if max(have) < 100_000 else ["many"]
    if missing:
        yield f"{HISTORY}: {', '.join(missing[:10])} is missing."


def test_22(document: dict[str, Any], tree: Tree) -> Found:
    for number, times in Counter(each["number"] for each in _tracking(document)["revision_history"]).items():
        if times > 1:
            yield f"{HISTORY}: {number} stands there more than once."


def test_30(document: dict[str, Any], tree: Tree) -> Found:
    numbers = [_tracking(document)["version"], *(each["number"] for each in _tracking(document)["revision_history"])]
    if len({bool(WHOLE.fullmatch(each)) for each in numbers}) > 1:
        yield "/document/tracking: whole and semantic versions are mixed."


VERSION_TESTS: dict[str, Callable[[dict[str, Any], Tree], Found]] = {
    "14": test_14, "16": test_16, "17": test_17, "18": test_18, "19": test_19, "20": test_20, "21": test_21,
    "22": test_22, "30": test_30,
}  # fmt: skip
