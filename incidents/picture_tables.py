"""Everything that a reach picture says, in words: a row for every system, under the box that it stands in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.picture import Picture, counted
from incidents.reach import barrier_in_words, link_in_words
from incidents.words import EXPOSURES, exposure


def system_tables(picture: Picture) -> list[dict[str, Any]]:
    """`[{"key", "title", "words", "href", "rows"}]`: first the systems that stand alone, then each group shown.

    `href` opens the group, '' for the first. A row: `{"name", "href", "here", "runs", "state", "people", "critical",
    "links": [words]}`. Every system of the picture is in exactly one row.
    """
    rows = _rows(picture)
    by_id = {system["id"]: system for system in picture.document["systems"]}
    folding = picture.folding
    alone = [rows[each] for each in by_id if each not in folding.folded]
    title = _("Each in a box of its own") if folding.any and len(alone) < len(rows) else ""
    tables = [{"key": "alone", "title": title, "words": counted(len(alone), len(alone)), "href": "", "rows": alone}]
    for group in folding.groups.values():
        if group.of_systems and group.folded:
            reached = sum(by_id[each]["distance"] is not None for each in group.folded)
            tables.append(
                {
                    "key": group.key,
                    "title": group.name,
                    "words": _("%(systems)s, %(n)s reached")
                    % {"systems": counted(len(group.folded), len(group.members)), "n": reached},
                    "href": picture.view.with_open(group.key).href(),
                    "rows": [rows[each] for each in group.folded],
                }
            )
    return tables


def organisation_tables(picture: Picture, organisations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `radius_page`, one table; in a picture that folds organisations one for each exposure.

    `[{"title", "rows"}]`, without a title for the one table.
    """
    for row in organisations:
        key = f"organisation:{row['slug']}"
        row["here"] = picture.focus is not None and picture.focus.key == key
        row["only"] = picture.view.focused("" if row["here"] else key).href("reach")
    if not picture.folding.organisations:
        return [{"title": "", "rows": organisations}]
    tables = []
    for key in EXPOSURES:
        rows = [row for row in organisations if row["exposure"]["css"] == key]
        if rows:
            number = ngettext("%(n)s organisation", "%(n)s organisations", len(rows)) % {"n": len(rows)}
            tables.append({"title": f"{exposure(key)['word']}: {number}", "rows": rows})
    return tables


def links_to_groups(picture: Picture) -> dict[str, list[dict[str, str]]]:
    """What can be opened and what can be folded again, as `{"words", "href"}`: the keyboard's way to the boxes."""
    piles = [{"words": box.says, "href": box.href} for box in picture.boxes if box.pile]
    opened = [
        {"words": group.name, "href": picture.view.without_open(group.key).href()}
        for group in picture.folding.groups.values()
        if group.key in picture.view.opened
    ]
    return {"open": piles, "shut": opened}


def _rows(picture: Picture) -> dict[str, dict[str, Any]]:
    document = picture.document
    names = {system["id"]: system["name"] for system in picture.whole["systems"]}
    cuts: dict[str, str] = {}
    for cut in document["cuts"]:
        words = _cut(cut)
        for edge in cut["edges"] if words else ():
            cuts.setdefault(edge, words)
    into: defaultdict[str, list[str]] = defaultdict(list)
    for edge in document["edges"]:
        into[edge["target"]].append(_link(edge, names[edge["source"]], cuts.get(edge["id"], "")))
    starts = set(document["starts"])
    rows = {}
    for system in document["systems"]:
        key = f"system:{system['slug']}"
        here = picture.focus is not None and picture.focus.key == key
        rows[system["id"]] = {
            "name": system["name"],
            "here": here,
            "href": picture.view.focused("" if here else key).href("reach"),
            "runs": ", ".join(system.get("runs", ())) or _("Nobody named"),
            "state": _state(system, attacked=system["id"] in starts),
            "people": system.get("people", 0),
            "critical": bool(system.get("critical")),
            "links": into[system["id"]],
        }
    return rows


def _state(system: Mapping[str, Any], *, attacked: bool) -> str:
    if attacked:
        return _("Attacked")
    if system["distance"] is None:
        return _("Not reached: stopped before it")
    return ngettext("Reached over %(n)s link", "Reached over %(n)s links", system["distance"]) % {
        "n": system["distance"]
    }


def _link(edge: Mapping[str, Any], source: str, cut: str) -> str:
    words = f"{source}: {link_in_words(edge)}"
    if edge["stopped"]:
        words = f"{words}; {barrier_in_words(edge)}"
    elif edge["barrier"] == "claimed":
        words = _("%(link)s; a barrier is claimed, not tested") % {"link": words}
    elif edge["barrier"] == "tested":
        words = _("%(link)s; the test of its barrier has lapsed") % {"link": words}
    return f"{words}. ✂ {cut}" if cut else words


def _cut(cut: Mapping[str, Any]) -> str:
    """`Cut here protects 3, stops one finance batch`; nothing for a cut that protects nobody."""
    if not cut["protects"]:
        return ""
    number = len(cut["protects"])
    words = ngettext("Cut here protects %(n)s organisation", "Cut here protects %(n)s organisations", number) % {
        "n": number
    }
    if not cut["stops"]:
        return words
    return _("%(protects)s, stops %(stops)s") % {"protects": words, "stops": "; ".join(cut["stops"])}
