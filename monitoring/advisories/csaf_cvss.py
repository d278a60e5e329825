"""6.1.8: a CVSS object is valid by its own schema: what must be there, the vector, the words and the numbers.

Source: the JSON schemas of CVSS 2.0, 3.0 and 3.1 (FIRST) that CSAF 2.0 names. Beyond their pattern a vector has every
base metric, and none twice: without that it is no vector (CVSS 3.1, section 6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Words = dict[str, frozenset[str]]


def _words(said: Mapping[str, str]) -> Words:
    return {name: frozenset(words.split()) for name, words in said.items()}


CIA = ("confidentiality", "integrity", "availability")
MATURITY = "UNPROVEN PROOF_OF_CONCEPT FUNCTIONAL HIGH NOT_DEFINED"
REMEDY = "OFFICIAL_FIX TEMPORARY_FIX WORKAROUND UNAVAILABLE NOT_DEFINED"
REQUIRED = "LOW MEDIUM HIGH NOT_DEFINED"
BASE_3 = {
    "attackVector": "NETWORK ADJACENT_NETWORK LOCAL PHYSICAL",
    "attackComplexity": "HIGH LOW",
    "privilegesRequired": "HIGH LOW NONE",
    "userInteraction": "NONE REQUIRED",
    "scope": "UNCHANGED CHANGED",
    **{f"{each}Impact": "NONE LOW HIGH" for each in CIA},
}
SEVERITY = "NONE LOW MEDIUM HIGH CRITICAL"
WORDS_3 = _words(
    BASE_3
    | {f"modified{name[0].upper()}{name[1:]}": f"{words} NOT_DEFINED" for name, words in BASE_3.items()}
    | {f"{each}Requirement": REQUIRED for each in CIA}
    | {"exploitCodeMaturity": MATURITY, "remediationLevel": REMEDY}
    | {"reportConfidence": "UNKNOWN REASONABLE CONFIRMED NOT_DEFINED"}
    | {"baseSeverity": SEVERITY, "temporalSeverity": SEVERITY, "environmentalSeverity": SEVERITY}
)
WORDS_2 = _words(
    {
        "accessVector": "NETWORK ADJACENT_NETWORK LOCAL",
        "accessComplexity": "HIGH MEDIUM LOW",
        "authentication": "MULTIPLE SINGLE NONE",
        **{f"{each}Impact": "NONE PARTIAL COMPLETE" for each in CIA},
        **{f"{each}Requirement": REQUIRED for each in CIA},
        "exploitability": MATURITY,
        "remediationLevel": REMEDY,
        "reportConfidence": "UNCONFIRMED UNCORROBORATED CONFIRMED NOT_DEFINED",
        "collateralDamagePotential": "NONE LOW LOW_MEDIUM MEDIUM_HIGH HIGH NOT_DEFINED",
        "targetDistribution": "NONE LOW MEDIUM HIGH NOT_DEFINED",
    }
)
SCORES = ("baseScore", "temporalScore", "environmentalScore")
METRIC_3 = re.compile(
    r"AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH]|E:[XUPFH]|RL:[XOTWU]|RC:[XURC]|[CIA]R:[XLMH]|MAV:[XNALP]"
    r"|MAC:[XLH]|MPR:[XNLH]|MUI:[XNR]|MS:[XUC]|M[CIA]:[XNLH]"
)
METRIC_2 = re.compile(
    r"AV:[NAL]|AC:[LMH]|Au:[MSN]|[CIA]:[NPC]|E:(?:U|POC|F|H|ND)|RL:(?:OF|TF|W|U|ND)|RC:(?:UC|UR|C|ND)"
    r"|CDP:(?:N|L|LM|MH|H|ND)|TD:[NLMH]|TD:ND|[CIA]R:(?:L|M|H|ND)"
)
NEEDED_3 = {"AV", "AC", "PR", "UI", "S", "C", "I", "A"}
NEEDED_2 = {"AV", "AC", "Au", "C", "I", "A"}


def faults_of_cvss(name: str, cvss: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with one object: the field and words. `name` is `cvss_v2` or `cvss_v3`, as CSAF calls it."""
    third = name == "cvss_v3"
    versions, words = (("3.0", "3.1"), WORDS_3) if third else (("2.0",), WORDS_2)
    for field in ("version", "vectorString", "baseScore", *(("baseSeverity",) if third else ())):
        if field not in cvss:
            yield field, "it is missing."
    version = cvss.get("version", versions[-1])
    if version not in versions:
        yield "version", f"{' or '.join(versions)} is wanted."
    if "vectorString" in cvss and not _is_vector(cvss["vectorString"], third=third, version=str(version)):
        yield "vectorString", f"this is no vector of CVSS {version}."
    for field in SCORES:
        score = cvss.get(field, 0)
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 10:
            yield field, "a number from 0 to 10 is wanted."
    for field, allowed in words.items():
        if field in cvss and (not isinstance(cvss[field], str) or cvss[field] not in allowed):
            yield field, f"one of {', '.join(sorted(allowed))} is wanted."


def _is_vector(said: Any, *, third: bool, version: str) -> bool:
    head = f"CVSS:{version}/" if third else ""
    if not isinstance(said, str) or not said.startswith(head):
        return False
    metrics = said.removeprefix(head).split("/")
    names = [each.partition(":")[0] for each in metrics]
    shape, needed = (METRIC_3, NEEDED_3) if third else (METRIC_2, NEEDED_2)
    return all(map(shape.fullmatch, metrics)) and len(names) == len(set(names)) and needed <= set(names)
