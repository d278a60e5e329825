"""A seeded estate as plain rows, the same for the product and for its limit. Imports nothing of the product."""

from __future__ import annotations

import random
from typing import TypedDict

ORGANISATIONS, SYSTEMS, EDGES, STARTS = 500, 5_000, 40_000, 3
KINDS = ["identity_trust", "shared_administrators", "replication", "network_route", "hosting", "data_feed"]


class Rows(TypedDict):
    """Numbers instead of ids. `edges`: source, target, kind, barrier; a tested barrier stops. `stands`: (system,
    organisation)."""

    organisations: int
    systems: int
    edges: list[tuple[int, int, str, str]]
    stands: list[tuple[int, int]]
    starts: list[int]


def make_rows(seed: int = 20_260_503) -> Rows:
    """Half of the edges stay near, half go anywhere; a few systems are stood on by many organisations."""
    draw = random.Random(seed)
    edges: list[tuple[int, int, str, str]] = []
    while len(edges) < EDGES:
        source = draw.randrange(SYSTEMS)
        target = (source + draw.randrange(1, 40)) % SYSTEMS if draw.random() < 0.5 else draw.randrange(SYSTEMS)
        if source != target:
            barrier = draw.choices(["none", "claimed", "tested"], weights=[80, 14, 6])[0]
            edges.append((source, target, draw.choice(KINDS), barrier))
    stands = {(int(SYSTEMS * draw.random() ** 2), each) for each in range(ORGANISATIONS) for _ in range(8)}
    starts = draw.sample(range(SYSTEMS), STARTS)
    return Rows(organisations=ORGANISATIONS, systems=SYSTEMS, edges=edges, stands=sorted(stands), starts=starts)
