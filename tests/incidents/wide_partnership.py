"""A partnership of 200 systems and 60 organisations, drawn by a seeded chance: for tests and screenshots only."""

from __future__ import annotations

import random
from datetime import date

from incidents.estate import Edge, Estate, Organisation, Stand, System
from tests.incidents.estates import known

PLACES = [
    "Alder", "Birch", "Cray", "Dell", "Elm", "Farn", "Glen", "Hazel", "Ivy", "Kell", "Lark", "Marl", "Nettle", "Oak",
    "Pell",
]  # fmt: skip
ENDINGS = ["bury", "ford", "ham", "wick"]
PROVIDERS = ["Northbank Digital", "Westway Managed Services", "Harbour Hosting", "Crown Lane Systems"]
WHAT = [
    "Identity platform", "File services", "E-mail", "Remote access", "Social-care records", "Housing", "Revenues",
    "Telecare", "Planning", "Library catalogue", "Payroll", "Website forms", "Backup vault", "Telephony", "Elections",
]  # fmt: skip
KINDS = ["identity_trust", "network_route", "shared_administrators", "data_feed", "hosting"]


def wide_estate(systems: int = 200, organisations: int = 60, seed: int = 20261101) -> Estate:
    """The first system is the one to attack. Most are run by four providers, the others by councils for themselves."""
    chance = random.Random(seed)
    names = [f"{place}{ending}" for place in PLACES for ending in ENDINGS][: organisations - len(PROVIDERS)]
    people = [
        Organisation(known(each), each.lower(), each, "council", chance.randrange(20, 300) * 1000) for each in names
    ]
    runs = [
        Organisation(known(each), each.lower().replace(" ", "-"), each, "provider")
        for each in PROVIDERS[:organisations]
    ]
    made: list[System] = []
    for nth in range(systems):
        what = WHAT[nth % len(WHAT)]
        keeper = runs[nth % len(runs)] if chance.random() < 0.6 or nth == 0 else chance.choice(people)
        name = what if nth < len(WHAT) else f"{what} {nth // len(WHAT) + 1}"
        slug = name.lower().replace(" ", "-")
        provider = keeper.id if keeper in runs else None
        made.append(System(known(slug), slug, name, provider, owner=None if provider else keeper.id))
    edges = {}
    for nth in range(1, systems):
        for source in {chance.randrange(max(1, nth // 3)), *([chance.randrange(systems)] if nth % 3 == 0 else [])} - {
            nth
        }:
            barrier = chance.choices(["none", "claimed", "tested"], [7, 2, 1])[0]
            tested = date(2026, 5, 3) if barrier == "tested" else None
            one, other = made[source], made[nth]
            edges[one.id, other.id] = Edge(
                known(f"{one.slug} -> {other.slug}"), one.id, other.id, chance.choice(KINDS),
                barrier=barrier, tested_on=tested, cut_source=chance.random() < 0.02,
            )  # fmt: skip
    stands = {}
    for nth, system in enumerate(made):
        for each in chance.sample(people, chance.choice([1, 1, 2, 3, 6])):
            stands[system.id, each.id] = Stand(
                system.id, each.id, people_served=each.people_served // 10, safety_critical="Telecare" in made[nth].name
            )
    return Estate((*people, *runs), tuple(made), tuple(edges.values()), tuple(stands.values()))
