"""Who is in the radius of the demonstration partnership, and why; then small estates, rule by rule."""

from __future__ import annotations

from datetime import date

import pytest

from incidents.blast_radius import NothingNamed, Radius, all_other_paths, blast_radius, other_paths
from incidents.cuts import rank_cuts, what_if
from incidents.estate import Edge, Estate, NotInEstate, Organisation, System
from tests.incidents.estates import ON, demo_estate, edge, known, small, with_edge

DEMO = demo_estate()


def radius_of(estate: Estate, *starts: str, on: date = ON, **more: object) -> Radius:
    return blast_radius(estate, on=on, starts=[known(start) for start in starts], **more)  # type: ignore[arg-type]


def exposures(radius: Radius, estate: Estate = DEMO) -> dict[str, tuple[str, int | None]]:
    return {
        estate.organisation[each.organisation].slug: (each.exposure, each.distance) for each in radius.organisations
    }


def because(radius: Radius, slug: str) -> str:
    return next(each.because for each in (*radius.organisations, *radius.outside) if each.organisation == known(slug))


class TestDemonstration:
    """The surprises that the first page shows."""

    def test_three_use_the_identity_platform_three_could_be_reached_and_its_provider_takes_part(self):
        radius = radius_of(DEMO, "identity-platform")
        assert exposures(radius) == {
            "ashbourne": ("direct", 0),
            "brackenfield": ("direct", 0),
            "coldharbour": ("direct", 0),
            "northgate": ("direct", 0),
            "dunmere": ("reachable", 2),
            "fernleigh": ("reachable", 2),
            "eastwick": ("reachable", 3),
        }
        roles = {DEMO.organisation[each.organisation].slug: each.role for each in radius.organisations}
        assert [slug for slug, role in roles.items() if role == "provider"] == ["northgate"]
        assert not radius.assumed

    def test_eastwick_is_explained_link_by_link(self):
        assert because(radius_of(DEMO, "identity-platform"), "eastwick") == (
            "Eastwick: uses Housing, which takes the rent feed from the Finance ledger, which File services writes to, "
            "which shares administrators with the Identity platform"
        )

    def test_fernleigh_left_and_is_in_through_the_archive(self):
        assert because(radius_of(DEMO, "identity-platform"), "fernleigh") == (
            "Fernleigh: left, but is still connected to the Archive of 2006, which is hosted on File services, "
            "which shares administrators with the Identity platform"
        )

    def test_gravenhurst_is_out_because_its_barrier_was_tested(self):
        radius = radius_of(DEMO, "identity-platform")
        assert [each.organisation for each in radius.outside] == [known("gravenhurst")]
        assert because(radius, "gravenhurst") == (
            "Gravenhurst: no path known to the register; Telephony is behind a barrier to the Identity platform, "
            "tested on 3 May 2026"
        )
        assert radius.stopped == (known("identity-platform -> telephony"),)

    def test_gravenhurst_is_in_once_that_test_is_out_of_date(self):
        radius = radius_of(DEMO, "identity-platform", on=date(2029, 5, 4))
        assert exposures(radius)["gravenhurst"] == ("reachable", 1)
        assert "(barrier test ran out on 3 May 2029)" in because(radius, "gravenhurst")
        assert (
            exposures(radius_of(DEMO, "identity-platform", on=date(2029, 5, 3))).keys()
            == exposures(radius_of(DEMO, "identity-platform")).keys()
        )

    def test_the_barrier_claimed_for_care_records_stops_nothing_and_is_a_second_figure(self):
        radius = radius_of(DEMO, "identity-platform")
        assert known("social-care-records") in {each.system for each in radius.systems}
        assert radius.claimed_saves_systems == (known("social-care-records"),)
        assert radius.claimed_saves == ()

    def test_direct_organisations_use_the_attacked_system(self):
        radius = radius_of(DEMO, "identity-platform")
        assert because(radius, "ashbourne") == "Ashbourne: uses the Identity platform, the attacked system"
        assert because(radius, "northgate") == "Northgate IT Services: runs the Identity platform, the attacked system"

    def test_only_who_saw_it_at_home_is_confirmed(self):
        radius = radius_of(
            DEMO,
            "identity-platform",
            confirmed={known("ashbourne"): "Priya Nair, head of IT"},
            organisations=[known("dunmere"), known("gravenhurst")],
        )
        found = exposures(radius)
        assert found["ashbourne"] == ("confirmed", 0)
        assert found["dunmere"] == ("direct", 2)
        assert found["gravenhurst"] == ("direct", None)
        assert because(radius, "ashbourne").startswith(
            "Ashbourne: intruder activity seen here, reported by Priya Nair, head of IT; uses the Identity platform"
        )
        assert because(radius, "gravenhurst") == "Gravenhurst: named as affected; no path known to the register"
        assert radius.organisations[0].organisation == known("ashbourne")

    def test_a_named_organisation_alone_makes_all_its_systems_starts_and_says_so(self):
        radius = blast_radius(DEMO, on=ON, organisations=[known("eastwick")])
        assert radius.assumed
        assert set(radius.starts) == {known("housing-tenancy"), known("website-forms")}  # never the portal
        assert because(radius, "eastwick") == "Eastwick: named as affected; uses Housing, assumed to be attacked"

    def test_a_provider_alone_makes_the_systems_it_runs_starts(self):
        radius = blast_radius(DEMO, on=ON, confirmed={known("northgate"): "Dana Kowalski, duty manager"})
        assert known("backup-vault") in radius.starts
        assert exposures(radius)["northgate"] == ("confirmed", 0)

    def test_a_council_that_runs_a_system_for_itself_alone_is_no_provider(self):
        estate = small([], stands=["D:a"], providers=["D:a"])
        assert radius_of(estate, "a").organisations[0].role == "participant"
        shared = small([], stands=["D:a", "E:a"], providers=["D:a"])
        roles = {each.organisation: each.role for each in radius_of(shared, "a").organisations}
        assert roles == {known("D"): "provider", known("E"): "participant"}


class TestCuts:
    def test_cutting_the_vpn_protects_nobody_further_and_stops_the_telecare_alarms(self):
        radius = radius_of(DEMO, "identity-platform")
        cut = what_if(DEMO, radius, [known("identity-platform -> remote-access")])
        assert cut.protects == ()
        assert {stand.system for stand in cut.safety_critical} == {known("telecare-alarms")}
        assert cut.title == "Remote access off the Identity platform"
        assert cut.words == (
            "protects no further organisation; stops Telecare alarms for 2,140 people "
            "(no fallback recorded: Brackenfield) and Remote access"
        )

    def test_cutting_ng_adm_protects_three_councils_and_stops_one_batch(self):
        radius = radius_of(DEMO, "identity-platform")
        best = rank_cuts(DEMO, radius)[0]
        assert best.key == "NG-ADM"
        assert [DEMO.organisation[each].slug for each in best.protects] == ["dunmere", "eastwick", "fernleigh"]
        assert best.words == "protects Dunmere, Eastwick and Fernleigh; stops one finance batch"
        assert known("backup-vault") in best.frees
        assert best.safety_critical == ()

    def test_ranking_agrees_with_cutting_each_edge_by_itself(self):
        radius = radius_of(DEMO, "identity-platform")
        for cut in rank_cuts(DEMO, radius):
            again = what_if(DEMO, radius, cut.edges)
            assert (set(cut.protects), set(cut.frees)) == (set(again.protects), set(again.frees))

    def test_an_edge_that_other_paths_go_round_is_not_worth_cutting(self):
        estate = small(["a>b", "a>c", "b>d", "c>d", "d>e"], stands=["X:d", "Y:e"])
        cuts = {cut.edges: cut for cut in rank_cuts(estate, radius_of(estate, "a"))}
        assert (edge("b>d").id,) not in cuts
        assert cuts[edge("d>e").id,].protects == (known("Y"),)

    def test_an_organisation_that_was_named_is_protected_by_no_cut(self):
        estate = small(["a>b"], stands=["X:b"])
        radius = radius_of(estate, "a", organisations=[known("X")])
        assert what_if(estate, radius, [edge("a>b").id]).protects == ()

    def test_a_cycle_back_into_the_only_way_in_does_not_hide_it(self):
        estate = small(["a>b", "b>c", "c>b"], stands=["X:c"])
        assert rank_cuts(estate, radius_of(estate, "a"))[0].edges == (edge("a>b").id,)


class TestRules:
    def test_an_edge_counts_until_both_ends_say_cut(self):
        one = with_edge(DEMO, "finance-ledger", "housing-tenancy", cut_source=True)
        radius = radius_of(one, "identity-platform")
        assert "eastwick" in exposures(radius, one)
        assert "(cut on one side)" in because(radius, "eastwick")
        both = with_edge(one, "finance-ledger", "housing-tenancy", cut_target=True)
        radius = radius_of(both, "identity-platform")
        assert "eastwick" not in exposures(radius, both)
        assert because(radius, "eastwick").endswith("Housing is cut off from the Finance ledger")

    def test_a_claimed_barrier_counts_and_an_organisation_behind_it_is_the_second_figure(self):
        claimed = with_edge(DEMO, "finance-ledger", "housing-tenancy", barrier="claimed")
        radius = radius_of(claimed, "identity-platform")
        assert "(barrier claimed, never tested)" in because(radius, "eastwick")
        assert radius.claimed_saves == (known("eastwick"),)

    @pytest.mark.parametrize(
        ("tested_on", "valid_until", "inside"),
        [
            (date(2026, 5, 3), date(2026, 11, 1), False),
            (date(2026, 5, 3), date(2026, 10, 31), True),
            (date(2026, 5, 3), None, False),
            (None, date(2030, 1, 1), True),
            (None, None, True),
        ],
    )
    def test_only_a_test_with_a_date_that_has_not_run_out_stops(self, tested_on, valid_until, inside):
        barrier = edge("a>b", barrier="tested", tested_on=tested_on, valid_until=valid_until)
        estate = small([barrier], stands=["X:b"])
        assert bool(exposures(radius_of(estate, "a"), estate)) == inside

    def test_an_organisation_is_a_leaf(self):
        estate = small([], stands=["X:a", "X:b", "Y:b"])
        assert exposures(radius_of(estate, "a"), estate) == {"x": ("direct", 0)}

    def test_an_edge_is_walked_one_way_only(self):
        estate = small(["b>a"], stands=["X:b"])
        assert radius_of(estate, "a").organisations == ()

    def test_of_two_equally_short_paths_the_more_certain_one_explains(self):
        estate = small([edge("a>b", barrier="claimed"), "a>c", "b>d", "c>d"], stands=["X:d"])
        path = radius_of(estate, "a").organisations[0].path
        assert path
        assert path.systems == (known("a"), known("c"), known("d"))
        assert path.doubt == 0

    def test_a_short_doubtful_path_comes_before_a_long_certain_one(self):
        estate = small([edge("a>d", barrier="claimed"), "a>c", "c>d"], stands=["X:d"])
        path = radius_of(estate, "a").organisations[0].path
        assert path
        assert path.distance == 1

    def test_of_two_equal_paths_the_first_by_name_explains(self):
        estate = small(["a>c", "a>b", "c>d", "b>d"], stands=["X:d"])
        path = radius_of(estate, "a").organisations[0].path
        assert path
        assert path.systems == (known("a"), known("b"), known("d"))

    def test_the_other_paths_are_listed_without_the_one_that_explains(self):
        estate = small(["a>b", "a>c", "b>d", "c>d", "c>b", "d>a"], stands=["X:d", "X:b"])
        radius = radius_of(estate, "a")
        paths = other_paths(estate, radius, known("X"))
        ways = ["".join(estate.by_name[estate.number[each]].name for each in path.systems) for path in paths]
        assert ways == ["acb", "abd", "acd", "acbd"]
        assert all_other_paths(estate, radius)[known("X")] == paths

    def test_the_list_of_other_paths_is_bounded(self):
        letters = "abcdefghij"
        estate = small([f"{one}>{two}" for one in letters for two in letters if one != two], stands=["X:j"])
        assert len(other_paths(estate, radius_of(estate, "a"), known("X"))) == 5

    def test_a_phrase_of_ones_own_replaces_that_of_the_kind_and_is_no_format_string(self):
        estate = small([edge("a>b", phrase="copies {0} nightly from {source}")], stands=["X:b"])
        assert because(radius_of(estate, "a"), "X") == "X: uses b, which copies {0} nightly from a"

    def test_nothing_named_and_unknown_ids_are_refused(self):
        with pytest.raises(NothingNamed):
            blast_radius(DEMO, on=ON)
        with pytest.raises(NotInEstate):
            blast_radius(DEMO, on=ON, starts=[known("nowhere")])
        with pytest.raises(NotInEstate):
            blast_radius(DEMO, on=ON, organisations=[known("nobody")])
        with pytest.raises(NotInEstate):
            Estate((Organisation(known("x"), "x", "X"),), (System(known("a"), "a", "a"),), (edge("a>b"),), ())

    def test_an_estate_of_one_system_that_nobody_stands_on_is_no_error(self):
        estate = Estate((), (System(known("a"), "a", "a"),), (), ())
        radius = radius_of(estate, "a")
        assert [each.distance for each in radius.systems] == [0]
        assert radius.organisations == ()

    def test_two_edges_between_the_same_systems_count_once_in_distance(self):
        twice: list[str | Edge] = [edge("a>b"), edge("a>b", kind="hosting", barrier="claimed")]
        estate = small(twice, stands=["X:b"])
        assert exposures(radius_of(estate, "a"), estate) == {"x": ("reachable", 1)}
        assert because(radius_of(estate, "a"), "X") == "X: uses b, which can be reached over the network from a"
