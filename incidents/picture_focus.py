"""Only the paths in and out of one system or organisation: a smaller document of the same form.

Paths are the shortest walks: links that lead one link further from what is attacked. Nothing is walked through an
organisation; its paths out are those of the systems that it runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Focus:
    """What is shown alone: `key` as in `incidents.picture_view.View`, and its name.

    `systems` are the ids of those that stand on its paths; they are never folded.
    """

    key: str = ""
    name: str = ""
    systems: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Kept:
    systems: set[str] = field(default_factory=set)
    edges: set[str] = field(default_factory=set)
    # Slug → the path by which it is drawn: with a focus on a system the first that leads through it.
    organisations: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)


def focused(document: Document, key: str) -> tuple[Document, Focus | None]:
    """The document less everything off those paths. None when nothing in it has that key; then it is whole."""
    kind, _, slug = key.partition(":")
    walks = _Walks(document)
    if kind == "system":
        system = next((each for each in document["systems"] if each["slug"] == slug), None)
        if system is not None:
            kept = walks.through(system["id"])
            return _only(document, kept), Focus(key, system["name"], frozenset(kept.systems))
    if kind == "organisation":
        everybody = [*document["organisations"], *document["outside"]]
        organisation = next((each for each in everybody if each["slug"] == slug), None)
        if organisation is not None:
            kept, on_paths = walks.of(organisation)
            return _only(document, kept), Focus(key, organisation["name"], frozenset(on_paths))
    return document, None


class _Walks:
    """The links of a document by their ends."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.distance = {system["id"]: system["distance"] for system in document["systems"]}
        self.into: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self.out: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for edge in document["edges"]:
            self.into[edge["target"]].append(edge)
            self.out[edge["source"]].append(edge)

    def through(self, system: str) -> _Kept:
        """Every shortest walk in, every one on, each link at it, and the organisations whose paths it is on."""
        kept = _Kept({system})
        for edge in (*self.into[system], *self.out[system]):
            kept.edges.add(edge["id"])
            kept.systems |= {edge["source"], edge["target"]}
        ends = {edge["source"] for edge in self.into[system]} if self.distance[system] is None else {system}
        for end in sorted(ends):
            self._follow(end, kept, back=True)
        self._follow(system, kept, back=False)
        for organisation in self.document["organisations"]:
            path = next((each for each in _paths(organisation) if system in each["systems"]), None)
            if path is not None:
                kept.organisations[organisation["slug"]] = path
                self._along(path, kept)
        return kept

    def of(self, organisation: Mapping[str, Any]) -> tuple[_Kept, set[str]]:
        """All paths to it, and from the systems that it runs one link on; with these, the systems of the paths."""
        kept = _Kept(organisations={organisation["slug"]: organisation.get("path")})
        for path in _paths(organisation):
            self._along(path, kept)
        on_paths = set(kept.systems)
        for system in self.document["systems"]:
            if organisation["name"] in system["runs"]:
                self._way_in(system["id"], kept)
                for edge in self.out[system["id"]]:
                    kept.edges.add(edge["id"])
                    kept.systems.add(edge["target"])
        kept.systems |= set(self.document["starts"])
        return kept, on_paths

    def _along(self, path: Mapping[str, Any], kept: _Kept) -> None:
        kept.systems |= set(path["systems"])
        kept.edges |= set(path["edges"])

    def _follow(self, system: str, kept: _Kept, *, back: bool) -> None:
        waiting, seen = [system], {system}
        while waiting:
            at = waiting.pop()
            for edge in (self.into if back else self.out)[at]:
                if not self._onward(edge):
                    continue
                kept.edges.add(edge["id"])
                other = edge["source" if back else "target"]
                kept.systems.add(other)
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)

    def _way_in(self, system: str, kept: _Kept) -> None:
        """One shortest walk to it; the first by the document's order of links."""
        while system not in kept.systems:
            kept.systems.add(system)
            edge = next((each for each in self.into[system] if each["stopped"] or self._onward(each)), None)
            if edge is None:
                return
            kept.edges.add(edge["id"])
            system = edge["source"]

    def _onward(self, edge: Mapping[str, Any]) -> bool:
        source, target = self.distance[edge["source"]], self.distance[edge["target"]]
        return not edge["stopped"] and source is not None and target is not None and target == source + 1


def _paths(organisation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """That which explains it first; none for who is outside."""
    first = organisation.get("path")
    return [first, *organisation.get("others", ())] if first else []


def _only(document: Document, kept: _Kept) -> Document:
    return {
        **document,
        "systems": _where(document["systems"], "id", kept.systems),
        "edges": _where(document["edges"], "id", kept.edges),
        "organisations": [
            {**each, "path": kept.organisations[each["slug"]]}
            for each in _where(document["organisations"], "slug", kept.organisations.keys())
        ],
        "outside": _where(document["outside"], "slug", kept.organisations.keys()),
    }


def _where(rows: Collection[Mapping[str, Any]], key: str, wanted: Collection[str]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row[key] in wanted]
