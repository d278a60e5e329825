"""The reach picture: a frozen radius laid out in columns by number of links, ready for the SVG template.

Pure: a document of `incidents.frozen` in, boxes and lines out, in pixels. Nothing is said here that the table beside it
does not say in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.words import exposure
from partners.models import Dependency

BOX_WIDTH, BOX_HEIGHT = 184, 46
COLUMN_GAP, ROW_GAP = 100, 22
TOP, MARGIN = 44, 12
SWEEPS = 6
# More than so many systems that lead nowhere, over the same kind of link from the same system, become one box.
MOST_LOOSE = 4
KINDS = dict(Dependency.Kind.choices)
CERTAINTIES = {"none": "known", "claimed": "claimed", "tested": "lapsed"}


@dataclass(slots=True)
class Box:
    """A system or an organisation. `of` are the organisations whose paths go through it, by slug."""

    id: str
    column: int
    title: str
    note: str = ""
    look: str = "reached"  # attacked, direct, reachable, stops, organisation looks by exposure
    of: set[str] = field(default_factory=set)
    y: float = 0.0
    x: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + BOX_HEIGHT / 2


@dataclass(slots=True)
class Line:
    """One link. `certainty` is how it is drawn: known, claimed, lapsed, stops, uses."""

    source: Box
    target: Box
    words: str
    certainty: str
    of: set[str] = field(default_factory=set)
    cut: str = ""

    @property
    def path(self) -> str:
        """A curve from the right side of the source to the left side of the target."""
        x1, y1, x2, y2 = self.source.x + BOX_WIDTH, self.source.middle, self.target.x, self.target.middle
        if x2 <= x1:  # backwards or within a column: around the right
            bend = max(x1, self.target.x + BOX_WIDTH) + 40
            return (
                f"M{x1:.0f} {y1:.0f}C{bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {self.target.x + BOX_WIDTH:.0f} {y2:.0f}"
            )
        half = (x1 + x2) / 2
        return f"M{x1:.0f} {y1:.0f}C{half:.0f} {y1:.0f} {half:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"

    @property
    def label(self) -> tuple[int, int] | None:
        """Where its words stand: above the line's end, where lines have spread. None when there is no room."""
        if self.target.x <= self.source.x + BOX_WIDTH or not self.words:
            return None
        return round(self.target.x) - 6, round(self.target.y) + 11


@dataclass(frozen=True, slots=True)
class Picture:
    """`columns` are (x, heading). Sizes are pixels of the view box."""

    width: int
    height: int
    columns: list[tuple[int, str]]
    boxes: list[Box]
    lines: list[Line]


def picture_of(document: Mapping[str, Any]) -> Picture:
    """Lay a frozen radius out. The same document gives the same picture."""
    boxes = _systems(document)
    lines = _links(document, boxes)
    _gather_loose_ends(boxes, lines)
    last = 1 + max((box.column for box in boxes.values()), default=0)
    organisations = _organisations(document, boxes, lines, column=last)
    everything = [*boxes.values(), *organisations]
    _place(everything, lines)
    headings = [_("Attacked"), *(_heading(column) for column in range(1, last)), _("Organisations")]
    return Picture(
        width=MARGIN * 2 + last * (BOX_WIDTH + COLUMN_GAP) + BOX_WIDTH,
        height=round(max((box.y for box in everything), default=0) + BOX_HEIGHT + MARGIN),
        columns=[(MARGIN + column * (BOX_WIDTH + COLUMN_GAP), words) for column, words in enumerate(headings)],
        boxes=everything,
        lines=lines,
    )


def _heading(links: int) -> str:
    return ngettext("%(n)s link", "%(n)s links", links) % {"n": links}


def _systems(document: Mapping[str, Any]) -> dict[str, Box]:
    """Systems by id; one behind a barrier that stops stands a column after the system before it."""
    known = {system["id"]: system["distance"] for system in document["systems"]}
    before: dict[str, int] = {}
    for edge in document["edges"]:
        if edge["stopped"]:
            before[edge["target"]] = min(before.get(edge["target"], 99), (known.get(edge["source"]) or 0) + 1)
    starts = set(document["starts"])
    boxes = {}
    for system in document["systems"]:
        distance = system["distance"]
        look = "attacked" if system["id"] in starts else "stops" if distance is None else "reached"
        boxes[system["id"]] = Box(
            system["id"], before.get(system["id"], 1) if distance is None else distance, system["name"], look=look
        )
    return boxes


def _links(document: Mapping[str, Any], boxes: Mapping[str, Box]) -> list[Line]:
    """One line for each pair of systems: of several links between them the most certain is drawn, all are named."""
    cuts = {
        edge: cut["title"] for cut in reversed(document["cuts"]) if cut["protects"] for edge in cut.get("edges", ())
    }
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for organisation in document["organisations"]:
        if organisation["path"]:
            for edge in organisation["path"]["edges"]:
                paths[edge].add(organisation["slug"])
            for system in organisation["path"]["systems"]:
                boxes[system].of.add(organisation["slug"])
    lines: dict[tuple[str, str], Line] = {}
    for edge in document["edges"]:
        words = edge["label"] or str(KINDS.get(edge["kind"], edge["kind"])).lower()
        certainty = "stops" if edge["stopped"] else CERTAINTIES[edge["barrier"]]
        if edge["stopped"]:
            boxes[edge["target"]].note = _barrier(edge)
        if edge["cut_source"] != edge["cut_target"]:
            words, boxes[edge["target"]].note = _("cut on one side"), _("cut on one side: still walked")
        key = (edge["source"], edge["target"])
        line = lines.get(key)
        if line is None:
            lines[key] = line = Line(boxes[edge["source"]], boxes[edge["target"]], words, certainty)
        elif certainty == "known" and line.certainty != "known":
            line.words, line.certainty = words, certainty
        line.of |= paths[edge["id"]]
        line.cut = line.cut or cuts.get(edge["id"], "")
    return list(lines.values())


def _barrier(edge: Mapping[str, Any]) -> str:
    if not edge["tested_on"]:
        return _("cut: stops")
    day = date.fromisoformat(edge["tested_on"])
    return _("tested %(day)s: stops") % {"day": f"{day.day} {day:%b %Y}"}


def _gather_loose_ends(boxes: dict[str, Box], lines: list[Line]) -> None:
    """Put systems that lead nowhere into one box, where there are too many from one system over one kind of link."""
    leads_on = {line.source.id for line in lines}
    loose: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    arriving: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        arriving[line.target.id] += 1
    for line in lines:
        box = line.target
        if box.id not in leads_on and not box.of and box.look == "reached" and arriving[box.id] == 1:
            loose[line.source.id, line.certainty].append(line)
    for (source, certainty), gathered in loose.items():
        if len(gathered) <= MOST_LOOSE:
            continue
        names = sorted(line.target.title for line in gathered)
        box = Box(
            f"{source}-{certainty}",
            gathered[0].target.column,
            ngettext("%(n)s system", "%(n)s systems", len(names)) % {"n": len(names)},
            note=_shortened(names),
        )
        for line in gathered:
            lines.remove(line)
            del boxes[line.target.id]
        boxes[box.id] = box
        lines.append(Line(boxes[source], box, "", certainty))


def _shortened(names: Sequence[str], most: int = 30) -> str:
    words = ", ".join(names)
    return words if len(words) <= most else f"{words[: most - 1].rstrip(', ')}…"


def _organisations(
    document: Mapping[str, Any], boxes: Mapping[str, Box], lines: list[Line], *, column: int
) -> list[Box]:
    """Organisations in the last column, each with a line from the last system of its path."""
    found = []
    for each in document["organisations"]:
        seen = exposure(each["exposure"])
        box = Box(each["slug"], column, each["name"], str(seen["word"]), f"is-{each['exposure']}", {each["slug"]})
        found.append(box)
        if each["path"]:
            last = boxes[each["path"]["systems"][-1]]
            lines.append(Line(last, box, "", "uses" if each["exposure"] != "reachable" else "known", {each["slug"]}))
    found += [
        Box(each["slug"], column, each["name"], _("No path known"), "is-none", {each["slug"]})
        for each in document["outside"]
    ]
    return found


def _place(boxes: Sequence[Box], lines: Iterable[Line]) -> None:
    """Give every box its place: columns from left to right, in each the order that crosses fewest lines.

    Barycentre sweeps (Sugiyama, Tagawa and Toda 1981): each box goes to the mean height of what it is joined to.
    """
    columns: defaultdict[int, list[Box]] = defaultdict(list)
    for box in boxes:
        box.x = MARGIN + box.column * (BOX_WIDTH + COLUMN_GAP)
        columns[box.column].append(box)
    joined: defaultdict[int, list[Box]] = defaultdict(list)
    for line in lines:
        joined[id(line.source)].append(line.target)
        joined[id(line.target)].append(line.source)
    for column in columns.values():
        _stack(column, [float(nth) for nth in range(len(column))])
    for sweep in range(SWEEPS):
        for number in sorted(columns, reverse=bool(sweep % 2)):
            column = columns[number]
            wanted = [_mean([other.middle for other in joined[id(box)]], box.middle) for box in column]
            order = sorted(range(len(column)), key=lambda at: (wanted[at], column[at].title))
            columns[number] = [column[at] for at in order]
            _stack(columns[number], [wanted[at] - BOX_HEIGHT / 2 for at in order])
    top = min((box.y for box in boxes), default=0.0)
    for box in boxes:
        box.y += TOP - top


def _stack(column: Sequence[Box], wanted: Sequence[float]) -> None:
    """As near to where each wants to be as the boxes above allow; the column keeps its mean."""
    end = float("-inf")
    for box, place in zip(column, wanted, strict=True):
        box.y = max(place, end)
        end = box.y + BOX_HEIGHT + ROW_GAP
    if column:
        shift = sum(wanted) / len(wanted) - sum(box.y for box in column) / len(column)
        for box in column:
            box.y += shift


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
