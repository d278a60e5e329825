"""Where boxes stand and lines run: columns from left to right, in each the order that crosses fewest lines.

Layers with bends for long lines and barycentre sweeps (Sugiyama, Tagawa and Toda 1981). No chance and no clock: the
same boxes and lines always come out the same. Lengths are pixels of the view box.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

BOX_WIDTH, BOX_HEIGHT, LINE_HEIGHT = 180, 46, 18
COLUMN_GAP, ROW_GAP = 108, 22
BEND_HEIGHT, BEND_GAP = 4, 10
TOP, MARGIN, AROUND = 44, 8, 40
SWEEPS = 8


@dataclass(slots=True)
class Node:
    """Anything that takes room in a column: a box, or a bend where a line passes between boxes."""

    id: str
    column: int
    title: str = ""
    height: int = BEND_HEIGHT
    gap: int = BEND_GAP
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(slots=True)
class Box(Node):
    """A system, an organisation, or a group of either.

    Attributes:
        lines: the title as it fits, one or two lines.
        notes: up to two lines under it.
        look: how it is drawn: attacked, reached, stops, is-EXPOSURE; `pile` for a group, with `look` of its members.
        key: what an address calls it: `system:SLUG`, `organisation:SLUG` or a group's key.
        counts: ids of the systems and slugs of the organisations that it stands for, each in one box only.
        says: the whole of it in one sentence, for whoever points at it.
        href: what pressing it leads to, '' for nothing.
    """

    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    look: str = "reached"
    pile: bool = False
    key: str = ""
    counts: tuple[str, ...] = ()
    says: str = ""
    href: str = ""


@dataclass(slots=True)
class Line:
    """One link, or all between the same two boxes. `certainty` is how it is drawn: known, claimed, lapsed, stops, uses.

    `labels` stand at its end, `words` are all that it says.
    """

    source: Box
    target: Box
    words: list[str]
    certainty: str
    protects: int = 0
    links: int = 1
    via: list[Node] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    @property
    def forward(self) -> bool:
        return self.source.column < self.target.column

    @property
    def path(self) -> str:
        """From the right side of the source to the left side of the target; backwards around the right."""
        x, y = self.source.x + BOX_WIDTH, self.source.middle
        if not self.forward:
            right, end = self.target.x + BOX_WIDTH, self.target.middle
            bend = max(x, right) + AROUND
            return f"M{x:.0f} {y:.0f}C{bend:.0f} {y:.0f} {bend:.0f} {end:.0f} {right:.0f} {end:.0f}"
        drawn = f"M{x:.0f} {y:.0f}"
        for stop in (*self.via, self.target):
            half, end = (x + stop.x) / 2, stop.middle
            drawn += f"C{half:.0f} {y:.0f} {half:.0f} {end:.0f} {stop.x:.0f} {end:.0f}"
            x, y = stop.x, end
            if stop is not self.target:
                x += BOX_WIDTH
                drawn += f"H{x:.0f}"
        return drawn

    @property
    def placed_labels(self) -> list[tuple[int, int, str]]:
        """(x of its end, y of its base line, words): the first above the line's end, the second below it."""
        x = round(self.target.x) - 7
        return [
            (x, round(self.target.middle) + down, words) for down, words in zip((-7, 17), self.labels, strict=False)
        ]


def laid_out(boxes: Sequence[Box], lines: Sequence[Line]) -> tuple[int, int]:
    """Place everything; width and height that hold it. Columns without a box are closed up."""
    used = {column: nth for nth, column in enumerate(sorted({box.column for box in boxes}))}
    for box in boxes:
        box.column = used[box.column]
        box.height = BOX_HEIGHT + LINE_HEIGHT * max(0, len(box.lines) + len(box.notes) - 2)
        box.gap = ROW_GAP
    bends = _bend(lines)
    _place([*boxes, *bends], lines)
    backward = any(not line.forward for line in lines)
    width = MARGIN * 2 + (len(used) - 1) * (BOX_WIDTH + COLUMN_GAP) + BOX_WIDTH + (AROUND if backward else 0)
    return max(width, 2 * MARGIN), round(max((node.y + node.height for node in (*boxes, *bends)), default=0) + MARGIN)


def column_x(nth: int) -> int:
    return MARGIN + nth * (BOX_WIDTH + COLUMN_GAP)


def _bend(lines: Iterable[Line]) -> list[Node]:
    """A place in each column that a line passes. Lines alike from one box share them, and part in the last gap."""
    bends: dict[tuple[str, str, int], Node] = {}
    for line in lines:
        for column in range(line.source.column + 1, line.target.column):
            key = (line.source.id, line.certainty, column)
            if key not in bends:
                bends[key] = Node(f"{line.source.id} {line.certainty}", column, line.source.title)
            line.via.append(bends[key])
    return list(bends.values())


def _place(nodes: Sequence[Node], lines: Iterable[Line]) -> None:
    columns: defaultdict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        node.x = column_x(node.column)
        columns[node.column].append(node)
    joined: defaultdict[int, list[Node]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    for line in lines:
        stops: list[Node] = [line.source, *line.via, line.target]
        for one, other in pairwise(stops):
            if one.column != other.column and (id(one), id(other)) not in seen:
                seen.add((id(one), id(other)))
                joined[id(one)].append(other)
                joined[id(other)].append(one)
    for column in columns.values():
        _stack(column, [float(nth) for nth in range(len(column))])
    for sweep in range(SWEEPS):
        for number in sorted(columns, reverse=bool(sweep % 2)):
            column = columns[number]
            wanted = [_mean([other.middle for other in joined[id(node)]], node.middle) for node in column]
            order = sorted(range(len(column)), key=lambda at: (round(wanted[at], 3), column[at].title, column[at].id))
            columns[number] = [column[at] for at in order]
            _stack(columns[number], [wanted[at] - column[at].height / 2 for at in order])
    top = min((node.y for node in nodes), default=0.0)
    for node in nodes:
        node.y = round(node.y + TOP - top, 2)


def _stack(column: Sequence[Node], wanted: Sequence[float]) -> None:
    """As near to where each wants to be as the nodes above allow; the column keeps its mean."""
    end = float("-inf")
    before = 0
    for node, place in zip(column, wanted, strict=True):
        node.y = max(place, end + max(before, node.gap) if before else place)
        end, before = node.y + node.height, node.gap
    if column:
        shift = sum(wanted) / len(wanted) - sum(node.y for node in column) / len(column)
        for node in column:
            node.y += shift


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
