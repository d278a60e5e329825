"""A workflow from top to bottom: rows as deep as the longest way, in each the order that crosses fewest lines.

The order within a row is that of `picture_layout`, which draws from left to right; here the page is turned, because a
playbook is read downwards. Lengths are pixels of the view box.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from incidents.picture_layout import BOX_WIDTH, MARGIN, Box, Line, Node, laid_out

BETWEEN, BEND_ROOM, ROW_ROOM = 20, 10, 44
AROUND = 28


@dataclass(frozen=True, slots=True)
class Path:
    """A line as SVG draws it. `words` stand centred at (`x`, `y`), where it parts from others; `says` is all of it."""

    drawn: str
    certainty: str
    words: str
    x: int
    y: int
    says: str


def laid_down(boxes: Sequence[Box], lines: Sequence[Line]) -> tuple[list[Path], int, int]:
    """Place the boxes; the lines between them, and the width and height that hold it all."""
    laid_out(boxes, lines)
    rows: defaultdict[int, dict[int, Node]] = defaultdict(dict)
    for node in (*boxes, *(bend for line in lines for bend in line.via)):
        rows[node.column][id(node)] = node
    stretch = (BOX_WIDTH + BETWEEN) / 90
    top = MARGIN
    for number in sorted(rows):
        row = sorted(rows[number].values(), key=lambda node: (node.y, node.id))
        end = float("-inf")
        for node in row:
            wide = BOX_WIDTH if isinstance(node, Box) else BEND_ROOM
            node.x = max(node.middle * stretch - wide / 2, end)
            end = node.x + wide + BETWEEN
        high = max(node.height for node in row)
        for node in row:
            node.y = top
            node.height = node.height if isinstance(node, Box) else high
        top += high + ROW_ROOM
    left = min((node.x for row in rows.values() for node in row.values()), default=0.0) - MARGIN
    for placed in rows.values():
        for node in placed.values():
            node.x -= left
    right = max((box.x + BOX_WIDTH for box in boxes), default=0.0)
    back = [line for line in lines if line.certainty == "back"]
    paths = [_path(line, right) for line in lines]
    return paths, round(right + MARGIN + (AROUND + 40 if back else 0)), round(top - ROW_ROOM + MARGIN)


def _middle(node: Node) -> float:
    return node.x + (BOX_WIDTH if isinstance(node, Box) else BEND_ROOM) / 2


def _path(line: Line, right: float) -> Path:
    words = line.labels[0] if line.labels else ""
    says = f"{line.source.title} → {line.target.title}" + (f": {line.words[0]}" if line.words else "")
    if line.certainty == "back":
        begin, over = line.source.y + line.source.height / 2, line.target.y + line.target.height / 2
        start, end, far = line.source.x + BOX_WIDTH, line.target.x + BOX_WIDTH, right + AROUND
        drawn = f"M{start:.0f} {begin:.0f}C{far:.0f} {begin:.0f} {far:.0f} {over:.0f} {end:.0f} {over:.0f}"
        return Path(drawn, line.certainty, "", 0, 0, says)
    first: Node = line.via[0] if line.via else line.target
    at = round((_middle(line.source) + _middle(first) * 3) / 4), round(first.y) - 14
    x, y = _middle(line.source), line.source.y + line.source.height
    drawn = f"M{x:.0f} {y:.0f}"
    for stop in (*line.via, line.target):
        across, down = _middle(stop), stop.y
        half = (y + down) / 2
        drawn += f"C{x:.0f} {half:.0f} {across:.0f} {half:.0f} {across:.0f} {down:.0f}"
        x, y = across, down
        if stop is not line.target:
            y += stop.height
            drawn += f"V{y:.0f}"
    return Path(drawn, line.certainty, words, *at, says)
