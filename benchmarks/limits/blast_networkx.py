"""The limit of `blast`: networkx saying which systems can be reached, and nothing else.

Stand-alone: reads a JSON object `{"systems", "edges": [[source, target]], "starts"}` from standard input, builds the
graph, then answers every line `go` with the seconds of one round and the number of systems reached, until `end`.
"""

from __future__ import annotations

import json
import sys
import time

import networkx as nx


def main() -> None:
    given = json.loads(sys.stdin.readline())
    graph = nx.DiGraph()
    graph.add_nodes_from(range(given["systems"]))
    graph.add_edges_from(given["edges"])
    # One more node before all starts, so that one search answers for all of them.
    graph.add_edges_from(("start", start) for start in given["starts"])
    for line in sys.stdin:
        if line.strip() == "end":
            return
        begun = time.perf_counter()
        reached = nx.descendants(graph, "start")
        print(json.dumps({"seconds": time.perf_counter() - begun, "reached": len(reached)}), flush=True)


if __name__ == "__main__":
    main()
