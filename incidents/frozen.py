"""A blast radius as it is kept with its incident: a plain document that pages and API read without the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from incidents.blast_radius import Radius, all_other_paths
from incidents.cuts import rank_cuts
from incidents.estate import Edge, Estate
from incidents.exposure import Exposed
from incidents.paths import Path

CUTS_SHOWN = 12
ON_BOARD = 3


def frozen(estate: Estate, radius: Radius) -> dict[str, Any]:
    """The radius as JSON.

    `{"on", "assumed", "starts": [id], "reached_systems": [id],
    "systems": [{"id", "slug", "name", "distance", "runs": [name], "critical", "people"}],
    "edges": [{"id", "source", "target", "kind", "label", "group", "barrier", "tested_on", "stopped", "cut_source",
    "cut_target"}],
    "organisations": [{"id", "slug", "name", "kind", "role", "exposure", "distance", "because", "named", "reported_by",
    "other_paths": [words], "path": {"systems", "edges"} or null, "others": [{"systems", "edges"}]}],
    "outside": [{"slug", "name", "because"}], "claimed_saves": [name],
    "cuts": [{"key", "title", "edges": [id], "words", "protects": [name], "stops": [text], "safety_critical": [name],
    "gain": {"organisations", "people", "critical"}, "loss": the same}]}`. `people` are those served by the system.
    """
    names = {system.id: system for system in estate.systems}
    edges = {edge.id: edge for edge in estate.edges}
    people = estate.organisation
    others = all_other_paths(estate, radius)
    shown = {*(each.system for each in radius.systems), *(edges[edge].target for edge in radius.stopped)}
    distances = {each.system: each.distance for each in radius.systems}
    return {
        "on": radius.on.isoformat(),
        "assumed": radius.assumed,
        "starts": [str(start) for start in radius.starts],
        "reached_systems": [str(each.system) for each in radius.systems],
        "systems": [
            {
                "id": str(system),
                "slug": names[system].slug,
                "name": names[system].name,
                "distance": distances.get(system),
                "runs": [
                    people[each].name
                    for each in dict.fromkeys((names[system].owner, names[system].provider))
                    if each is not None
                ],
                **_served(estate, system),
            }
            for system in sorted(shown, key=lambda each: (distances.get(each, 99), names[each].name))
        ],
        "edges": [_edge(edges[edge], stopped=False) for edge in radius.edges]
        + [_edge(edges[edge], stopped=True) for edge in radius.stopped],
        "organisations": [
            _organisation(estate, each, others.get(each.organisation, ())) for each in radius.organisations
        ],
        "outside": [
            {"slug": people[each.organisation].slug, "name": people[each.organisation].name, "because": each.because}
            for each in radius.outside
        ],
        "claimed_saves": [people[each].name for each in radius.claimed_saves],
        "cuts": [
            {
                "key": cut.key,
                "title": cut.title,
                "edges": [str(edge) for edge in cut.edges],
                "words": cut.words,
                "protects": [people[each].name for each in cut.protects],
                "stops": list(cut.stops),
                "safety_critical": sorted({names[stand.system].name for stand in cut.safety_critical}),
                "gain": asdict(cut.gain),
                "loss": asdict(cut.loss),
            }
            for cut in rank_cuts(estate, radius, limit=CUTS_SHOWN)
        ],
    }


def contain_first(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The few best cuts of a frozen radius that protect anybody, for a board.

    `[{"key", "edges", "title", "gain", "loss", "protects": [name], "stops" (words), "half_cut": bool}]`
    """
    half = {edge["id"] for edge in document["edges"] if edge["cut_source"] != edge["cut_target"]}
    return [
        {
            "key": cut["key"],
            "edges": cut["edges"],
            "title": cut["title"],
            "gain": cut["gain"],
            "loss": cut["loss"],
            "protects": cut["protects"],
            "stops": cut["words"].partition("; ")[2],
            "half_cut": bool(half.intersection(cut["edges"])),
        }
        for cut in document["cuts"]
        if cut["protects"]
    ][:ON_BOARD]


def _served(estate: Estate, system: UUID) -> dict[str, Any]:
    stands = estate.stands_on(estate.number[system])
    return {
        "people": sum(stand.people_served for stand in stands),
        "critical": any(stand.safety_critical for stand in stands),
    }


def _edge(edge: Edge, *, stopped: bool) -> dict[str, Any]:
    return {
        "id": str(edge.id),
        "source": str(edge.source),
        "target": str(edge.target),
        "kind": edge.kind,
        "label": edge.label,
        "barrier": edge.barrier,
        "tested_on": edge.tested_on.isoformat() if edge.tested_on else None,
        "stopped": stopped,
        "group": edge.group,
        "cut_source": edge.cut_source,
        "cut_target": edge.cut_target,
    }


def _organisation(estate: Estate, each: Exposed, others: Sequence[Path]) -> dict[str, Any]:
    organisation = estate.organisation[each.organisation]
    path = each.path
    return {
        "id": str(organisation.id),
        "slug": organisation.slug,
        "name": organisation.name,
        "kind": organisation.kind,
        "role": each.role,
        "exposure": each.exposure,
        "distance": each.distance,
        "because": each.because,
        "named": each.named,
        "reported_by": each.reported_by,
        "other_paths": [other.words for other in others],
        "path": _path(path) if path else None,
        "others": [_path(other) for other in others],
    }


def _path(path: Path) -> dict[str, list[str]]:
    return {"systems": [str(system) for system in path.systems], "edges": [str(edge) for edge in path.edges]}
