"""Estates for the tests of the blast radius: the demonstration partnership by its slugs, and small ones by letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from incidents.estate import Edge, Estate, Organisation, Stand, System
from partners.partnership_file import PartnershipFile, read_partnership

PARTNERSHIP = Path(__file__).parents[2] / "demo" / "partnership.json"
ON = date(2026, 11, 1)


def known(slug: str) -> UUID:
    """The id that these tests give to a slug."""
    return uuid5(NAMESPACE_URL, slug)


def estate_of(file: PartnershipFile) -> Estate:
    return Estate(
        organisations=tuple(
            Organisation(known(each.slug), each.slug, each.name, each.kind, each.people_served or 0)
            for each in file.organisations
        ),
        systems=tuple(
            System(
                known(each.slug),
                each.slug,
                each.name,
                each.provider and known(each.provider),
                each.spoken,
                is_portal=each.is_portal,
            )
            for each in file.systems
        ),
        edges=tuple(
            Edge(
                id=known(f"{each.source} -> {each.target}"),
                source=known(each.source),
                target=known(each.target),
                kind=each.kind,
                label=each.label,
                barrier=each.barrier,
                tested_on=each.tested_on,
                valid_until=each.valid_until,
                phrase=each.phrase,
                group=each.group,
                stops=each.stops,
                carries=each.carries,
            )
            for each in file.dependencies
        ),
        stands=tuple(
            Stand(
                system=known(each.system),
                organisation=known(each.organisation),
                services=each.services,
                left=each.status == "left_connected",
                people_served=each.people_served or 0,
                safety_critical=each.safety_critical,
                fallback=each.fallback,
            )
            for each in file.participations
        ),
    )


def demo_estate() -> Estate:
    return estate_of(read_partnership(PARTNERSHIP))


def with_edge(estate: Estate, source: str, target: str, **changes: object) -> Estate:
    """The same estate with one edge changed."""
    wanted = known(f"{source} -> {target}")
    edges = tuple(replace(each, **changes) if each.id == wanted else each for each in estate.edges)  # type: ignore[arg-type]
    assert edges != estate.edges
    return Estate(estate.organisations, estate.systems, edges, estate.stands)


def small(
    edges: Iterable[str | Edge],
    *,
    stands: Iterable[str] = (),
    providers: Iterable[str] = (),
) -> Estate:
    """An estate from "a>b" for edges, "X:a" for X standing on a, "P:a" for P running a. Names are those letters."""
    built = [each if isinstance(each, Edge) else edge(each) for each in edges]
    standing = [each.split(":") for each in stands]
    running = dict(reversed(each.split(":")) for each in providers)  # type: ignore[misc]
    systems = {each.source for each in built} | {each.target for each in built}
    names = {known(letter): letter for letter in "abcdefghijklmnopqrstuvwxyz"}
    systems |= {known(system) for _, system in standing} | {known(system) for system in running}
    organisations = sorted({each for each, _ in standing} | set(running.values()))
    return Estate(
        organisations=tuple(Organisation(known(each), each.lower(), each) for each in organisations),
        systems=tuple(
            System(each, names[each], names[each], known(running[names[each]]) if names[each] in running else None)
            for each in sorted(systems, key=names.__getitem__)
        ),
        edges=tuple(built),
        stands=tuple(Stand(known(system), known(organisation)) for organisation, system in standing),
    )


def edge(way: str, kind: str = "network_route", **more: object) -> Edge:
    source, target = way.split(">")
    return Edge(known(f"{way} {kind}"), known(source), known(target), kind, **more)  # type: ignore[arg-type]
