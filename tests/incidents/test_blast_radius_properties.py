"""What holds for every estate: compared with a breadth-first search written out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.blast_radius import Radius, all_other_paths, blast_radius
from incidents.cuts import rank_cuts, what_if
from incidents.estate import Edge, Estate, Organisation, Stand, System

ON = date(2026, 11, 1)
SYSTEMS, ORGANISATIONS = 9, 5


def system(at: int) -> UUID:
    return UUID(int=1_000 + at)


def organisation(at: int) -> UUID:
    return UUID(int=2_000 + at)


@st.composite
def edge_lists(draw: st.DrawFn, most: int = 22) -> list[Edge]:
    places = st.integers(0, SYSTEMS - 1)
    found = []
    for at in range(draw(st.integers(0, most))):
        barrier = draw(st.sampled_from(["none", "none", "claimed", "tested"]))
        found.append(
            Edge(
                id=UUID(int=3_000 + at),
                source=system(draw(places)),
                target=system(draw(places)),  # a system that leads to itself is harmless
                kind=draw(st.sampled_from(["hosting", "data_feed"])),
                barrier=barrier,  # type: ignore[arg-type]
                tested_on=draw(st.sampled_from([None, date(2026, 1, 1)])),
                valid_until=draw(st.sampled_from([None, date(2026, 6, 1), date(2027, 1, 1)])),
                cut_source=draw(st.booleans()),
                cut_target=draw(st.integers(0, 3)) == 0,
                group=draw(st.sampled_from(["", "", "ADM"])),
            )
        )
    return found


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    names = draw(st.permutations("abcdefghi"))
    pairs = st.tuples(st.integers(0, SYSTEMS - 1), st.integers(0, ORGANISATIONS - 1))
    stands = draw(st.sets(pairs, max_size=10))
    providers = draw(st.lists(st.sampled_from([None, 3, 4]), min_size=SYSTEMS, max_size=SYSTEMS))
    return Estate(
        organisations=tuple(Organisation(organisation(at), f"o{at}", f"O{at}") for at in range(ORGANISATIONS)),
        systems=tuple(
            System(system(at), f"s{at}", names[at], None if runs is None else organisation(runs))
            for at, runs in enumerate(providers)
        ),
        edges=tuple(draw(edge_lists())),
        stands=tuple(Stand(system(on), organisation(who)) for on, who in sorted(stands)),
    )


starts = st.sets(st.integers(0, SYSTEMS - 1), min_size=1, max_size=3).map(lambda each: [system(at) for at in each])


def can_be_walked(edge: Edge) -> bool:
    if edge.cut_source and edge.cut_target:
        return False
    in_date = edge.valid_until is None or edge.valid_until >= ON
    return not (edge.barrier == "tested" and edge.tested_on is not None and in_date)


def reference(estate: Estate, begun: list[UUID]) -> dict[UUID, int]:
    """Distance of every system that can be reached."""
    distance = dict.fromkeys(begun, 0)
    queue = list(begun)
    while queue:
        here = queue.pop(0)
        for edge in estate.edges:
            if edge.source == here and can_be_walked(edge) and edge.target not in distance:
                distance[edge.target] = distance[here] + 1
                queue.append(edge.target)
    return distance


def inside(radius: Radius) -> set[UUID]:
    return {each.organisation for each in radius.organisations}


@given(estates(), starts)
@settings(max_examples=250, deadline=None)
def test_reach_and_distance_are_those_of_a_plain_search(estate: Estate, begun: list[UUID]):
    radius = blast_radius(estate, on=ON, starts=begun)
    distance = reference(estate, begun)
    assert {each.system: each.distance for each in radius.systems} == distance
    expected: dict[UUID, int] = {}
    for stand in estate.stands:
        if stand.system in distance:
            nearest = expected.get(stand.organisation, SYSTEMS)
            expected[stand.organisation] = min(nearest, distance[stand.system])
    for each in estate.systems:
        if each.provider and each.id in distance:
            expected[each.provider] = min(expected.get(each.provider, SYSTEMS), distance[each.id])
    assert {each.organisation: each.distance for each in radius.organisations} == expected
    assert {each.organisation for each in radius.outside} == {each.id for each in estate.organisations} - set(expected)
    assert set(radius.edges) == {e.id for e in estate.edges if can_be_walked(e) and e.source in distance}


@given(estates(), starts)
@settings(max_examples=150, deadline=None)
def test_every_path_shown_exists_edge_by_edge_and_ends_at_its_organisation(estate: Estate, begun: list[UUID]):
    radius = blast_radius(estate, on=ON, starts=begun)
    edges = {edge.id: edge for edge in estate.edges}
    others = all_other_paths(estate, radius)
    for each in radius.organisations:
        assert each.path
        paths = [each.path, *others[each.organisation]]
        assert len({(path.systems, path.edges) for path in paths}) == len(paths)
        assert [path.distance for path in paths] == sorted(path.distance for path in paths)
        for path in paths:
            assert path.systems[0] in begun
            assert len(set(path.systems)) == len(path.systems)
            for source, step, target in zip(path.systems, path.edges, path.systems[1:], strict=False):
                assert (edges[step].source, edges[step].target) == (source, target)
                assert can_be_walked(edges[step])
            stands = {(stand.system, stand.organisation) for stand in estate.stands}
            provider = estate.by_name[estate.number[path.systems[-1]]].provider
            assert (path.systems[-1], each.organisation) in stands or provider == each.organisation
            assert path.words.count(", which") == len(path.edges)


@given(estates(), starts, edge_lists(most=4))
@settings(max_examples=150, deadline=None)
def test_more_edges_never_shrink_the_radius(estate: Estate, begun: list[UUID], more: list[Edge]):
    added = tuple(replace(edge, id=UUID(int=edge.id.int + 1_000)) for edge in more)
    larger = Estate(estate.organisations, estate.systems, (*estate.edges, *added), estate.stands)
    before, after = (blast_radius(each, on=ON, starts=begun) for each in (estate, larger))
    assert inside(before) <= inside(after)
    assert {each.system for each in before.systems} <= {each.system for each in after.systems}


@given(estates(), starts, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_same_facts_in_another_order_give_the_same_answer(estate: Estate, begun: list[UUID], random):
    def shuffled(values):
        return tuple(random.sample(values, len(values)))

    again = Estate(
        shuffled(estate.organisations), shuffled(estate.systems), shuffled(estate.edges), shuffled(estate.stands)
    )
    first = blast_radius(estate, on=ON, starts=begun)
    second = blast_radius(again, on=ON, starts=begun[::-1])
    assert first.organisations == second.organisations
    assert first.systems == second.systems
    assert first.outside == second.outside
    assert all_other_paths(estate, first) == all_other_paths(again, second)
    assert rank_cuts(estate, first) == rank_cuts(again, second)


@given(estates(), starts)
@settings(max_examples=150, deadline=None)
def test_claimed_barriers_save_exactly_what_is_lost_without_those_edges(estate: Estate, begun: list[UUID]):
    radius = blast_radius(estate, on=ON, starts=begun)
    bare = tuple(edge for edge in estate.edges if edge.barrier == "none")
    held = blast_radius(Estate(estate.organisations, estate.systems, bare, estate.stands), on=ON, starts=begun)
    assert set(radius.claimed_saves) == inside(radius) - inside(held)
    systems = {each.system for each in radius.systems} - {each.system for each in held.systems}
    assert set(radius.claimed_saves_systems) == systems


@given(estates(), starts)
@settings(max_examples=150, deadline=None)
def test_ranked_cuts_are_those_that_a_search_without_the_edge_confirms(estate: Estate, begun: list[UUID]):
    radius = blast_radius(estate, on=ON, starts=begun)
    ranked = {cut.edges: cut for cut in rank_cuts(estate, radius)}
    for edge in radius.edges:
        rest = tuple(each for each in estate.edges if each.id != edge)
        without = blast_radius(Estate(estate.organisations, estate.systems, rest, estate.stands), on=ON, starts=begun)
        freed = {each.system for each in radius.systems} - {each.system for each in without.systems}
        cut = what_if(estate, radius, [edge])
        assert set(cut.frees) == freed
        assert set(cut.protects) == inside(radius) - inside(without)
        single = next(each for each in estate.edges if each.id == edge)
        if not single.group:
            assert ((edge,) in ranked) == bool(freed)
            assert (edge,) not in ranked or set(ranked[edge,].protects) == set(cut.protects)
