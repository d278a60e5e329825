"""The reach picture: a frozen radius laid out in columns by number of links, ready for the SVG template.

Pure: a document of `incidents.frozen` and what of it is shown in, boxes and lines out. Nothing is said here that the
tables beside it do not say in words (`incidents.picture_tables`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.picture_focus import Focus, focused
from incidents.picture_fold import Folding, Group, folding_of
from incidents.picture_layout import BOX_HEIGHT, BOX_WIDTH, Box, Line, column_x, laid_out
from incidents.picture_text import fitted, plain, wrapped
from incidents.picture_view import View
from incidents.words import exposure
from partners.models import Dependency

__all__ = ["BOX_HEIGHT", "BOX_WIDTH", "Box", "Line", "Picture", "picture_of"]

TEXT_WIDTH, LABEL_WIDTH = BOX_WIDTH - 18, 104
KINDS = dict(Dependency.Kind.choices)
CERTAINTIES = {"none": "known", "claimed": "claimed", "tested": "lapsed"}
MOST_CERTAIN = ("uses", "known", "claimed", "lapsed", "stops")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """`columns` are (x, heading). Sizes are pixels of the view box.

    Attributes:
        document: what is shown of the radius: all of it, or what a focus leaves.
        whole: all of it.
        backward: links that lead back or sideways between boxes and are not drawn; 0 where all are.
    """

    width: int
    height: int
    columns: list[tuple[int, str]]
    boxes: list[Box]
    lines: list[Line]
    document: Document
    whole: Document
    view: View
    focus: Focus | None
    folding: Folding
    backward: int = 0


def picture_of(document: Document, view: View | None = None) -> Picture:
    """Lay a frozen radius out. The same document and view give the same picture."""
    view = view or View()
    shown, focus = focused(document, view.focus)
    folding = folding_of(shown, view, focus, whole=document)
    at = _systems(shown, folding, view, _notes(shown, focus))
    systems = list({id(box): box for box in at.values()}.values())
    lines = _links(shown, at)
    backward = 0
    if folding.any and focus is None:  # where much is folded, links back and across say little and cross everything
        backward = sum(line.links for line in lines if not line.forward)
        lines = [line for line in lines if line.forward]
    last = 1 + max((box.column for box in systems), default=0)
    organisations = _organisations(shown, at, lines, folding, view, column=last)
    everything = [*systems, *organisations]
    headings = {0: _("Attacked"), last: _("Organisations")}
    used = sorted({box.column for box in everything})
    words = [headings.get(column) or _heading(column) for column in used]
    _label(lines)
    width, height = laid_out(everything, lines)
    return Picture(
        width,
        height,
        [(column_x(nth), heading) for nth, heading in enumerate(words)],
        everything,
        lines,
        document=shown,
        whole=document,
        view=view,
        focus=focus,
        folding=folding,
        backward=backward,
    )


def _heading(links: int) -> str:
    return ngettext("%(n)s link", "%(n)s links", links) % {"n": links}


def _systems(document: Document, folding: Folding, view: View, notes: Mapping[str, str]) -> dict[str, Box]:
    """The box of every system by id; one behind a barrier that stops stands a column after the system before it."""
    columns = _columns(document)
    starts = set(document["starts"])
    by_id = {system["id"]: system for system in document["systems"]}
    boxes: dict[str, Box] = {}
    for system in document["systems"]:
        name = plain(system["name"])
        look = "attacked" if system["id"] in starts else "stops" if system["distance"] is None else "reached"
        key = folding.folded.get(system["id"])
        if key is not None:
            boxes[system["id"]] = boxes.get(key) or _group_of_systems(folding.groups[key], by_id, columns, view)
            boxes[key] = boxes[system["id"]]
            continue
        note = notes.get(system["id"], "")
        box = Box(system["id"], columns[system["id"]], name, look=look, key=f"system:{system['slug']}")
        box.says = f"{name}, {note}" if note else name
        box.counts, box.href = (system["id"],), view.focused(box.key).href()
        _write(box, name, [note] if note else [])
        boxes[system["id"]] = box
    return {system["id"]: boxes[system["id"]] for system in document["systems"]}


def _columns(document: Document) -> dict[str, int]:
    known = {system["id"]: system["distance"] for system in document["systems"]}
    before: dict[str, int] = {}
    for edge in document["edges"]:
        if edge["stopped"]:
            before[edge["target"]] = min(before.get(edge["target"], 99), (known.get(edge["source"]) or 0) + 1)
    return {each: before.get(each, 1) if distance is None else distance for each, distance in known.items()}


def _notes(document: Document, focus: Focus | None) -> dict[str, str]:
    """What stands under the names of systems, by id."""
    runs = focus.name if focus and focus.key.startswith("organisation:") else ""
    words = _("run by %(name)s") % {"name": plain(runs)}
    notes = {each["id"]: words for each in document["systems"] if runs and runs in each.get("runs", ())}
    notes |= {each["id"]: _("safety-critical") for each in document["systems"] if each.get("critical")}
    for edge in document["edges"]:
        if edge["stopped"]:
            notes[edge["target"]] = _barrier(edge)
        if edge["cut_source"] != edge["cut_target"]:
            notes[edge["target"]] = _("cut on one side only")
    return notes


def _barrier(edge: Mapping[str, Any]) -> str:
    if not edge["tested_on"]:
        return _("cut: stops")
    day = date.fromisoformat(edge["tested_on"])
    return _("tested %(day)s: stops") % {"day": f"{day.day} {day:%b %Y}"}


def _group_of_systems(group: Group, by_id: Mapping[str, Any], columns: Mapping[str, int], view: View) -> Box:
    reached = [by_id[each]["distance"] for each in group.folded if by_id[each]["distance"] is not None]
    box = Box(
        group.key,
        min(columns[each] for each in group.folded if not reached or by_id[each]["distance"] is not None),
        plain(group.name),
        look="reached" if reached else "stops",
        pile=True,
        key=group.key,
        counts=group.folded,
        href=view.with_open(group.key).href(),
    )
    _write(box, box.title, [counted(len(group.folded), len(group.members)), _spread(reached)])
    box.says = ", ".join([box.title, *box.notes])
    return box


def counted(folded: int, of: int) -> str:
    """`12 systems`; where others of the same organisation stand open: `9 more systems`."""
    words = (
        ngettext("%(n)s system", "%(n)s systems", folded)
        if folded == of
        else ngettext("%(n)s more system", "%(n)s more systems", folded)
    )
    return words % {"n": folded}


def _spread(reached: list[int]) -> str:
    if not reached:
        return _("none reached")
    near, far = min(reached), max(reached)
    links = _heading(near) if near == far else _("%(near)s to %(far)s links") % {"near": near, "far": far}
    return _("%(n)s reached, %(links)s") % {"n": len(reached), "links": links}


def _links(document: Document, at: Mapping[str, Box]) -> list[Line]:
    """One line for each pair of boxes: it is drawn as its most certain link."""
    protects: dict[str, int] = {}
    for cut in document["cuts"]:
        for edge in cut.get("edges", ()):
            protects.setdefault(edge, len(cut["protects"]))
    lines: dict[tuple[int, int], Line] = {}
    for edge in document["edges"]:
        source, target = at[edge["source"]], at[edge["target"]]
        if source is target:
            continue
        words = plain(edge["label"]) or str(KINDS.get(edge["kind"], edge["kind"])).lower()
        if edge["cut_source"] != edge["cut_target"]:
            words = _("cut on one side")
        certainty = "stops" if edge["stopped"] else CERTAINTIES[edge["barrier"]]
        line = lines.get((id(source), id(target)))
        if line is None:
            line = lines[id(source), id(target)] = Line(source, target, [words], certainty)
        else:
            line.links += 1
            if MOST_CERTAIN.index(certainty) < MOST_CERTAIN.index(line.certainty):
                line.certainty = certainty
                line.words.insert(0, words)
            else:
                line.words.append(words)
        line.protects = max(line.protects, protects.get(edge["id"], 0))
    return list(lines.values())


def _label(lines: list[Line]) -> None:
    """Write at the end of a line what kind it is. Lines that end at one box share two lines of text there."""
    arriving: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.forward and line.words:
            arriving[id(line.target)].append(line)
    for ending in arriving.values():
        ending.sort(key=lambda line: MOST_CERTAIN.index(line.certainty))
        words = list(dict.fromkeys(each for line in ending for each in line.words))
        protects = max(line.protects for line in ending)
        last = _("✂ protects %(n)s") % {"n": protects} if protects else ""
        if not last and len(words) > 2:
            last = _("+%(n)s other kinds") % {"n": len(words) - 1}
        if not last and len(words) == 2:
            last = words[1]
        if last and protects and len(words) > 1:
            words[0] = f"{fitted(words[0], width=LABEL_WIDTH - 22, size=14)} +{len(words) - 1}"
        found = [words[0], last] if last else wrapped(words[0], width=LABEL_WIDTH, size=14)
        ending[0].labels = [fitted(each, width=LABEL_WIDTH, size=14) for each in found]


def _organisations(
    document: Document, at: Mapping[str, Box], lines: list[Line], folding: Folding, view: View, *, column: int
) -> list[Box]:
    """Organisations in the last column, each with a line from the last system of its path."""
    found: dict[str, Box] = {}
    ends: dict[tuple[int, int], Line] = {}
    shown = [(each, each["exposure"], str(exposure(each["exposure"])["word"])) for each in document["organisations"]]
    shown += [(each, "none", _("No path known")) for each in document["outside"]]
    for each, key, note in shown:
        group = folding.folded.get(f"organisation:{each['slug']}")
        box = found.get(group or f"organisation:{each['slug']}")
        if box is None:
            box = _organisation(each, key, note, folding.groups[group] if group else None, view, column)
            found[box.key] = box
        if each.get("path"):
            last = at[each["path"]["systems"][-1]]
            line = ends.get((id(last), id(box)))
            if line is None:
                line = ends[id(last), id(box)] = Line(last, box, [], "known" if key == "reachable" else "uses")
            else:
                line.links += 1
    lines.extend(ends.values())
    return list(found.values())


def _organisation(
    each: Mapping[str, Any], exposed: str, note: str, group: Group | None, view: View, column: int
) -> Box:
    if group is None:
        key = f"organisation:{each['slug']}"
        box = Box(f"o {each['slug']}", column, plain(each["name"]), key=key, counts=(each["slug"],))
        box.href = view.focused(key).href()
        _write(box, box.title, [note])
    else:
        box = Box(group.key, column, note, key=group.key, pile=True, counts=group.folded)
        box.href = view.with_open(group.key).href()
        _write(box, note, [_organisations_counted(len(group.folded), len(group.members))])
    box.look = f"is-{exposed}"
    box.says = ", ".join([box.title, *box.notes])
    return box


def _organisations_counted(folded: int, of: int) -> str:
    words = (
        ngettext("%(n)s organisation", "%(n)s organisations", folded)
        if folded == of
        else ngettext("%(n)s more organisation", "%(n)s more organisations", folded)
    )
    return words % {"n": folded}


def _write(box: Box, title: str, notes: list[str]) -> None:
    """Fit the words to the box: up to two lines of title, then the notes, which make it taller."""
    box.lines = wrapped(title, width=TEXT_WIDTH, size=15, bold=True)
    box.notes = [fitted(each, width=TEXT_WIDTH, size=14) for each in notes if each]
