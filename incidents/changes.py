"""What changed between two frozen radii. Pure: two documents of `incidents.frozen` in, one document out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Document = Mapping[str, Any]
LINKS_SHOWN = 20


def same(before: Document, after: Document) -> bool:
    """Whether the walk found the same: only the day on which it was made may differ."""
    return {**before, "on": ""} == {**after, "on": ""}


def difference(before: Document, after: Document) -> dict[str, Any]:
    """What `after` has that `before` has not, and the other way round.

    `{"joined": [{"slug", "name", "because"}], "left": [{"slug", "name"}], "farther": [{"slug", "name", "was", "now"}],
    "nearer": the same, "systems_in": [name], "systems_out": [name], "links_in": [words], "links_out": [words],
    "half_cut": [words]}`. Distances count links; null where only a name brought it in.
    """
    was, now = (_by_slug(document) for document in (before, after))
    moved = [
        {"slug": slug, "name": each["name"], "was": was[slug]["distance"], "now": each["distance"]}
        for slug, each in now.items()
        if slug in was and was[slug]["distance"] != each["distance"]
    ]
    edges_before, edges_after = (_usable(document) for document in (before, after))
    half_before, half_after = (
        {key for key, edge in edges.items() if edge["cut_source"] != edge["cut_target"]}
        for edges in (edges_before, edges_after)
    )
    return {
        "joined": [
            {"slug": slug, "name": each["name"], "because": each["because"]}
            for slug, each in now.items()
            if slug not in was
        ],
        "left": [{"slug": slug, "name": each["name"]} for slug, each in was.items() if slug not in now],
        "farther": [each for each in moved if _far(each["now"]) > _far(each["was"])],
        "nearer": [each for each in moved if _far(each["now"]) < _far(each["was"])],
        "systems_in": _names(after, {*after["reached_systems"]} - {*before["reached_systems"]}),
        "systems_out": _names(before, {*before["reached_systems"]} - {*after["reached_systems"]}),
        "links_in": _links(after, edges_after.keys() - edges_before.keys()),
        "links_out": _links(before, edges_before.keys() - edges_after.keys()),
        "half_cut": _links(after, half_after - half_before),
    }


def link_words(document: Document, edge: Mapping[str, Any]) -> str:
    """A link by the names of its ends: `File services to Finance ledger`."""
    names = {system["id"]: system["name"] for system in document["systems"]}
    return f"{names[edge['source']]} to {names[edge['target']]}"


def _by_slug(document: Document) -> dict[str, Mapping[str, Any]]:
    return {each["slug"]: each for each in document["organisations"]}


def _usable(document: Document) -> dict[str, Mapping[str, Any]]:
    return {edge["id"]: edge for edge in document["edges"] if not edge["stopped"]}


def _far(distance: int | None) -> int:
    return -1 if distance is None else distance


def _names(document: Document, ids: Iterable[str]) -> list[str]:
    wanted = set(ids)
    return sorted(system["name"] for system in document["systems"] if system["id"] in wanted)


def _links(document: Document, ids: Iterable[str]) -> list[str]:
    wanted = set(ids)
    return sorted({link_words(document, edge) for edge in document["edges"] if edge["id"] in wanted})[:LINKS_SHOWN]
