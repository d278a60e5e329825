"""What the portal knows of MITRE ATT&CK and D3FEND: look up, search, and what answers an attack technique.

Pure: one file of facts, read once. Two mappings are kept apart. *Asserted*: ATT&CK says which mitigation answers a
technique, and D3FEND says which of its own a mitigation is about. *Derived*: both ontologies name the same digital
artifact, which is a hint and no more.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Family = Literal["attack", "d3fend"]
FACTS = Path(__file__).with_name("facts.json")
MOST = 20
ATTACK_ID = re.compile(r"T\d{4}(\.\d{3})?")
BEFORE = ("TA0042", "TA0043")  # what an intruder does before coming in has the highest numbers
D3FEND_ID = re.compile(r"D3-[A-Z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Technique:
    """One entry of either list. `tactics` are names; `also` are other names that people know it by."""

    id: str
    name: str
    family: Family
    tactics: tuple[str, ...]
    href: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mitigation:
    """An ATT&CK mitigation: which techniques it answers, and which D3FEND techniques it is about."""

    id: str
    name: str
    mitigates: frozenset[str]
    d3fend: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Both lists, by id, in the order of their ids."""

    attack_version: str
    d3fend_version: str
    tactics: tuple[str, ...]  # of ATT&CK, in the order of an attack
    techniques: dict[str, Technique]
    mitigations: tuple[Mitigation, ...]
    by_artifact: dict[str, str]


@dataclass(frozen=True, slots=True)
class Countermeasures:
    """D3FEND ids that answer an attack technique; no id stands in both.

    Attributes:
        asserted: by way of a mitigation, with the mitigations' ids.
        derived: by way of an artifact, with how it fits: =, > (the defence is broader), < (narrower).
    """

    asserted: dict[str, tuple[str, ...]]
    derived: dict[str, str]


@cache
def facts() -> Facts:
    raw = json.loads(FACTS.read_bytes())
    tactics = dict(raw["attack_tactics"])
    found: dict[str, Technique] = {}
    for key, name, within in raw["attack"]:
        parent = found.get(key[:5]) if "." in key else None
        shown = f"{parent.name}: {name}" if parent else name
        address = f"https://attack.mitre.org/techniques/{key.replace('.', '/')}/"
        found[key] = Technique(key, shown, "attack", tuple(tactics[each] for each in within.split()), address)
    for key, name, within, iri, also in raw["d3fend"]:
        address = f"https://d3fend.mitre.org/technique/d3f:{iri}/"
        found[key] = Technique(key, name, "d3fend", tuple(within.split()), address, tuple(also))
    return Facts(
        attack_version=raw["attack_version"],
        d3fend_version=raw["d3fend_version"],
        tactics=tuple(tactics[each] for each in sorted(tactics, key=lambda key: (key not in BEFORE, key))),
        techniques=found,
        mitigations=tuple(
            Mitigation(key, name, frozenset(answers.split()), tuple(f"D3-{each}" for each in about.split()))
            for key, name, answers, about in raw["mitigations"]
        ),
        by_artifact=raw["by_artifact"],
    )


def technique(key: str) -> Technique | None:
    """The technique with that id, or None. Case and space around it do not matter."""
    return facts().techniques.get(key.strip().upper())


def looks_like(key: str) -> Family | None:
    """Which list an id claims to be of, whether it stands there or not."""
    if ATTACK_ID.fullmatch(key):
        return "attack"
    return "d3fend" if D3FEND_ID.fullmatch(key) else None


def search(words: str, *, family: Family | None = None, most: int = MOST) -> list[Technique]:
    """Techniques whose id, name or other name holds every word: an exact id first, then names that start so."""
    wanted = words.lower().split()
    if not wanted:
        return []
    whole = " ".join(wanted)
    ranked = []
    for each in facts().techniques.values():
        if family is not None and each.family != family:
            continue
        text = " ".join((each.id, each.name, *each.also)).lower()
        if all(word in text for word in wanted):
            name = each.name.lower()
            rank = (each.id.lower() != whole, not each.id.lower().startswith(whole), not name.startswith(whole))
            ranked.append((*rank, whole not in name, "." in each.id, each.name, each.id, each))
    return [row[-1] for row in sorted(ranked, key=lambda row: row[:-1])[:most]]


def countermeasures(attack: str) -> Countermeasures:
    """What D3FEND has against an attack technique; both empty for one that is unknown."""
    asserted: dict[str, list[str]] = {}
    for each in facts().mitigations:
        if attack in each.mitigates:
            for defence in each.d3fend:
                asserted.setdefault(defence, []).append(each.id)
    derived = {}
    for part in facts().by_artifact.get(attack, "").split():
        key = f"D3-{part.rstrip('<=>')}"
        if key not in asserted:
            derived[key] = part.removeprefix(key.removeprefix("D3-"))
    return Countermeasures({key: tuple(value) for key, value in sorted(asserted.items())}, derived)
