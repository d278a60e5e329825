"""Mandatory tests of CSAF 2.0 on scores: 6.1.7 to 6.1.10. See `csaf_tests`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from monitoring.advisories.csaf_cvss import faults_of_cvss
from monitoring.advisories.csaf_tree import Tree
from monitoring.advisories.fields import items, part
from monitoring.advisories.scores import score_of

Found = Iterator[str]
OF_A_VECTOR = {
    "attackVector": ("AV", {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL", "P": "PHYSICAL"}),
    "attackComplexity": ("AC", {"L": "LOW", "H": "HIGH"}),
    "privilegesRequired": ("PR", {"N": "NONE", "L": "LOW", "H": "HIGH"}),
    "userInteraction": ("UI", {"N": "NONE", "R": "REQUIRED"}),
    "scope": ("S", {"U": "UNCHANGED", "C": "CHANGED"}),
    "confidentialityImpact": ("C", {"N": "NONE", "L": "LOW", "H": "HIGH"}),
    "integrityImpact": ("I", {"N": "NONE", "L": "LOW", "H": "HIGH"}),
    "availabilityImpact": ("A", {"N": "NONE", "L": "LOW", "H": "HIGH"}),
}


def vulnerabilities_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Each with its pointer."""
    return [(f"/vulnerabilities/{n}", each) for n, each in enumerate(items(document, "vulnerabilities", ""))]


def repeated(names: Any) -> list[Any]:
    return [name for name, times in Counter(names).items() if times > 1]


def _scores(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for where, each in vulnerabilities_of(document):
        for n, score in enumerate(items(each, "scores", where)):
            yield f"{where}/scores/{n}", score, part(score, "cvss_v3", f"{where}/scores/{n}")


def test_7(document: dict[str, Any], tree: Tree) -> Found:
    for where, each in vulnerabilities_of(document):
        seen = [
            (ident, "2.0" if name == "cvss_v2" else part(score, name, where).get("version"))
            for score in items(each, "scores", where)
            for name in ("cvss_v2", "cvss_v3")
            if name in score
            for ident in items(score, "products", where)
        ]
        yield from (f"{where}/scores: {ident} has two scores of CVSS {v}." for ident, v in repeated(seen))


def test_8(document: dict[str, Any], tree: Tree) -> Found:
    for where, each in vulnerabilities_of(document):
        for n, score in enumerate(items(each, "scores", where)):
            for name in ("cvss_v2", "cvss_v3"):
                if name in score:
                    cvss = part(score, name, f"{where}/scores/{n}")
                    yield from (
                        f"{where}/scores/{n}/{name}/{field}: {words}" for field, words in faults_of_cvss(name, cvss)
                    )


def test_9(document: dict[str, Any], tree: Tree) -> Found:
    for where, _score, cvss in _scores(document):
        computed = score_of(str(cvss.get("vectorString", "")))
        if computed is not None and cvss.get("baseScore") != computed:
            yield f"{where}/cvss_v3/baseScore: the vector comes to {computed}."


def test_10(document: dict[str, Any], tree: Tree) -> Found:
    for where, _score, cvss in _scores(document):
        vector = dict(each.split(":", 1) for each in str(cvss.get("vectorString", "")).split("/") if ":" in each)
        for name, (short, words) in OF_A_VECTOR.items():
            if name in cvss and short in vector and words.get(vector[short]) != cvss[name]:
                yield f"{where}/cvss_v3/{name}: the vector says something else."


SCORE_TESTS: dict[str, Callable[[dict[str, Any], Tree], Found]] = {
    "7": test_7,
    "8": test_8,
    "9": test_9,
    "10": test_10,
}
