"""Severity from CVSS vectors where a document gives no number: the base score of CVSS 3.1, section 7.1."""

from __future__ import annotations

import math
from collections.abc import Iterable

from monitoring.advisories.normal import RANK, severity_of

_AV = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_AC = {"L": 0.77, "H": 0.44}
_UI = {"N": 0.85, "R": 0.62}
_CIA = {"H": 0.56, "L": 0.22, "N": 0.0}
_PR = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def severity_of_vector(vectors: Iterable[str]) -> str:
    """The gravest of the vectors of CVSS 3; '' when there is none. Version 4 needs a table and is not read."""
    found = [severity_of(score_of(vector)) for vector in vectors]
    return max(found, default="", key=lambda each: RANK[each])


def score_of(vector: str) -> float | None:
    """The base score, or None when it is no vector of version 3."""
    if not vector.startswith("CVSS:3."):
        return None
    pairs = dict(each.split(":", 1) for each in vector.split("/")[1:] if ":" in each)
    try:
        changed = {"U": False, "C": True}[pairs["S"]]
        confidentiality, integrity, availability = (_CIA[pairs[each]] for each in "CIA")
        exploitability = 8.22 * _AV[pairs["AV"]] * _AC[pairs["AC"]] * _PR[pairs["S"]][pairs["PR"]] * _UI[pairs["UI"]]
    except KeyError:
        return None
    base = 1 - (1 - confidentiality) * (1 - integrity) * (1 - availability)
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    total = 1.08 * (impact + exploitability) if changed else impact + exploitability
    return _rounded_up(min(total, 10))


def _rounded_up(value: float) -> float:
    """Appendix A: to one decimal, upwards, without an error of floating point."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10
