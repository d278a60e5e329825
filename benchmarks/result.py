"""What a benchmark reports: ours against the limit, in the same unit, from rounds that took turns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from statistics import median
from typing import Literal, TypedDict

Better = Literal["low", "high"]

# The bound on ours / limit: an upper one where low is better, a lower one where high is.
BOUNDS = {
    "J1": 2.0,
    "J1 plan": 2.0,
    "J2 websockets": 2.0,
    "J2 ws": 2.0,
    "J3 limit": 0.15,
    "J3 orm": 20,
    "J3 http": 0.5,
    "J4 aiohttp": 0.3,
    "J4 claim": 0.4,
    "J4 memory": 1.1,
    "J5 list": 2.0,
    "J5 board": 3.0,
    "J5 deep": 1.3,
    "blast": 6.0,
    "fanout": 2.5,
}


class Result(TypedDict):
    """One line of `make bench`; `ours` and `limit` are medians over `rounds`, and `ratio` is ours / limit."""

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str
    rounds: int
    better: Better


def take_turns(rounds: int, ours: Callable[[], float], limit: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Measure both, `rounds` times, changing who goes first: what else the machine does then hits both alike."""
    mine: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        pair = [(mine, ours), (theirs, limit)]
        for kept, measure in pair if number % 2 == 0 else reversed(pair):
            kept.append(measure())
    return mine, theirs


def report(name: str, *, ours: Sequence[float], limit: Sequence[float], unit: str, better: Better) -> None:
    """Print a result over one measurement a round. A name without a bound must start with "info "."""
    if name not in BOUNDS and not name.startswith("info "):
        raise ValueError(f"{name!r} has no bound: call it 'info {name}'")
    mine, theirs = median(ours), median(limit)
    result = Result(name=name, ours=mine, limit=theirs, ratio=mine / theirs, unit=unit, rounds=len(ours), better=better)
    print(json.dumps(result), flush=True)


def holds(result: Result) -> bool:
    """Whether the ratio keeps its bound."""
    bound = BOUNDS.get(result["name"])
    if bound is None:
        return True
    return result["ratio"] <= bound if result["better"] == "low" else result["ratio"] >= bound
