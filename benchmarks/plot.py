"""Draw what `make bench BENCH=growth` prints: `make --silent bench BENCH=growth | python -m benchmarks.plot FILE.svg`.

One panel a job, both axes logarithmic: the medians that were measured, and beside them the line of what the time for
33 organisations comes to when it grows just as the rows do.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PANEL, HEIGHT, LEFT, TOP, BOTTOM = 300, 260, 56, 40, 52
STYLE = (
    "text{font:14px sans-serif;fill:#0b0c0c}.axis{stroke:#505a5f}.grid{stroke:#b1b4b6;stroke-width:.5}"
    ".ours{stroke:#1d70b8;stroke-width:2.5;fill:none}.rows{stroke:#505a5f;stroke-dasharray:6 4;fill:none}"
    ".dot{fill:#1d70b8}"
)
Points = Sequence[tuple[int, float]]


def panels(lines: Iterable[str]) -> dict[str, tuple[list[tuple[int, float]], list[tuple[int, float]]]]:
    """Of each job the points that were measured and those of the line beside them, by the number of organisations."""
    found: dict[str, tuple[list[tuple[int, float]], list[tuple[int, float]]]] = {}
    for line in lines:
        result = json.loads(line)
        _info, name, size = result["name"].split(" ")
        ours, rows = found.setdefault(name, ([], []))
        ours.append((int(size), result["ours"]))
        rows.append((int(size), result["limit"]))
    return found


def drawing(found: Mapping[str, tuple[Points, Points]]) -> str:
    """The whole picture as SVG text, with a title and words for whoever hears it read."""
    parts = [_panel(at * PANEL, name, *points) for at, (name, points) in enumerate(found.items())]
    said = "; ".join(
        f"{name}: " + ", ".join(f"{size} {ms} ms" for size, ms in ours) for name, (ours, _) in found.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PANEL * len(found)} {HEIGHT}" role="img">'
        f"<title>Milliseconds by the number of organisations. {said}</title><style>{STYLE}</style>"
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _panel(x: int, name: str, ours: Points, rows: Points) -> str:
    sizes = [size for size, _ in ours]
    times = [ms for points in (ours, rows) for _, ms in points]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    right, bottom = x + PANEL - 16, HEIGHT - BOTTOM

    def place(size: float, ms: float) -> str:
        across = math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
        up = (math.log10(ms) - low) / (high - low)
        return f"{x + LEFT + across * (right - x - LEFT):.1f},{bottom - up * (bottom - TOP):.1f}"

    made = [f'<text x="{x + LEFT}" y="24" font-weight="bold">{name}</text>']
    for power in range(low, high + 1):
        _, y = place(sizes[0], 10**power).split(",")
        made.append(f'<path class="grid" d="M{x + LEFT} {y}H{right}"/>')
        made.append(f'<text x="{x + LEFT - 6}" y="{float(y) + 5:.1f}" text-anchor="end">{10**power:g}</text>')
    for size in sizes:
        across, _ = place(size, 10**low).split(",")
        made.append(f'<text x="{across}" y="{bottom + 18}" text-anchor="middle">{size}</text>')
    made.append(f'<path class="axis" d="M{x + LEFT} {bottom}H{right}"/>')
    made.append(
        f'<text x="{(x + LEFT + right) / 2:.0f}" y="{bottom + 40}" text-anchor="middle">organisations; ms</text>'
    )
    made.append(f'<polyline class="rows" points="{" ".join(place(*each) for each in rows)}"/>')
    made.append(f'<polyline class="ours" points="{" ".join(place(*each) for each in ours)}"/>')
    for each in ours:
        across, y = place(*each).split(",")
        made.append(f'<circle class="dot" cx="{across}" cy="{y}" r="4"/>')
    return "".join(made)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawing(panels(sys.stdin)), encoding="utf-8")
