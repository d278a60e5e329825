"""`blast`: the whole radius of a national estate with every path in words, against networkx's reachability alone.

Both start from a built graph: networkx from its DiGraph, ours from an indexed `Estate`. The second line counts what
ours needs to index the estate as well; the third is five further paths for every organisation, each in words.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import UUID

from benchmarks.blast_data import Rows, make_rows
from incidents.blast_radius import Radius, all_other_paths, blast_radius
from incidents.estate import Edge, Estate, Organisation, Stand, System

ROUNDS = 15
LIMIT = Path(__file__).parent / "limits" / "blast_networkx.py"
ON = date(2026, 11, 1)


def estate_of(rows: Rows) -> Estate:
    return Estate(
        organisations=tuple(
            Organisation(UUID(int=at), f"organisation-{at}", f"Organisation {at}")
            for at in range(rows["organisations"])
        ),
        systems=tuple(
            System(UUID(int=at), f"system-{at}", f"System {at}", provider=UUID(int=at % rows["organisations"]))
            for at in range(rows["systems"])
        ),
        edges=tuple(
            Edge(UUID(int=at), UUID(int=source), UUID(int=target), kind, barrier=barrier, tested_on=ON)  # type: ignore[arg-type]
            for at, (source, target, kind, barrier) in enumerate(rows["edges"])
        ),
        stands=tuple(Stand(UUID(int=system), UUID(int=organisation)) for system, organisation in rows["stands"]),
    )


def ours(estate: Estate, rows: Rows) -> Radius:
    return blast_radius(estate, on=ON, starts=[UUID(int=start) for start in rows["starts"]])


@contextmanager
def limit_process(rows: Rows) -> Iterator[subprocess.Popen[str]]:
    """The limit in a process of its own, with its graph built. A tested barrier is simply no edge there."""
    graph = {
        "systems": rows["systems"],
        "edges": [edge[:2] for edge in rows["edges"] if edge[3] != "tested"],
        "starts": rows["starts"],
    }
    command = [sys.executable, str(LIMIT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        print(json.dumps(graph), file=process.stdin, flush=True)
        yield process
        print("end", file=process.stdin, flush=True)


def ask(process: subprocess.Popen[str]) -> tuple[float, int]:
    assert process.stdin
    assert process.stdout
    print("go", file=process.stdin, flush=True)
    answer = json.loads(process.stdout.readline())
    return answer["seconds"], answer["reached"]


def run(rounds: int | None = None) -> Iterable[dict[str, object]]:
    """Measure limit and product in turn; yields the lines of `make bench`. Milliseconds, medians."""
    rounds = rounds or ROUNDS
    rows = make_rows()
    estate = estate_of(rows)
    theirs, mine, whole, others = [], [], [], []
    with limit_process(rows) as process:
        ask(process), ours(estate, rows)  # both warm
        for _ in range(rounds):
            seconds, reached = ask(process)
            theirs.append(seconds)
            radius = None  # freeing the last one belongs to no round
            gc.collect()
            begun = time.perf_counter()
            radius = ours(estate, rows)
            mine.append(time.perf_counter() - begun)
            assert len(radius.systems) == reached, "ours and networkx disagree"
            assert all(each.because for each in radius.organisations)
            begun = time.perf_counter()
            Estate(estate.organisations, estate.systems, estate.edges, estate.stands)
            whole.append(mine[-1] + time.perf_counter() - begun)
            begun = time.perf_counter()
            all_other_paths(estate, radius)
            others.append(time.perf_counter() - begun)
    limit = statistics.median(theirs) * 1000
    for name, times in {
        "blast": mine,
        "info blast with indexing": whole,
        "info blast other paths": others,
    }.items():
        took = statistics.median(times) * 1000
        yield {
            "name": name,
            "ours": round(took, 2),
            "limit": round(limit, 2),
            "ratio": round(took / limit, 2),
            "unit": "ms",
            "rounds": rounds,
            "better": "low",
        }


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line), flush=True)
