"""A blast radius as it is kept with its incident: a plain document that pages and API read without the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from incidents.blast_radius import Radius, all_other_paths
from incidents.cuts import rank_cuts
from incidents.estate import Edge, Estate
from incidents.exposure import Exposed
from incidents.paths import Path

CUTS_SHOWN = 12


def frozen(estate: Estate, radius: Radius) -> dict[str, Any]:
    """The radius as JSON.

    `{"on", "assumed", "starts": [id], "reached_systems": [id], "systems": [{"id", "slug", "name", "distance"}],
    "edges": [{"id", "source", "target", "kind", "label", "barrier", "tested_on", "stopped"}],
    "organisations": [{"id", "slug", "name", "kind", "role", "exposure", "distance", "because", "other_paths",
    "path": {"systems", "edges"}}], "outside": [{"slug", "name", "because"}], "claimed_saves": [name],
    "cuts": [{"key", "title", "edges": [id], "words", "protects": [name], "stops": [text], "safety_critical": [name]}]}`
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
            }
            for cut in rank_cuts(estate, radius, limit=CUTS_SHOWN)
        ],
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
        "other_paths": [other.words for other in others],
        "path": {"systems": [str(s) for s in path.systems], "edges": [str(e) for e in path.edges]} if path else None,
    }
