"""What was met lately: nothing of the last many is met anew, and what was taken back never was."""

from __future__ import annotations

import random

import pytest

from monitoring.access.recent import Marks, Recent

SIZE = 50


@pytest.mark.parametrize("values", [60, 400, 100_000])
@pytest.mark.parametrize("seed", range(20))
def test_a_mark_of_the_last_many_is_never_taken_for_new(seed, values):
    chance, marks = random.Random(seed), Marks(SIZE)
    stand: list[int] = []
    group: list[int] = []
    for _ in range(80):
        new = [chance.randrange(values) for _ in range(chance.randrange(1, 12))]
        met = {*stand, *group}
        lately = {*(stand + group)[-SIZE:]}
        if marks.add(new):
            assert len(set(new)) == len(new)
            assert lately.isdisjoint(new)
            group += new
        else:
            assert len(set(new)) < len(new) or not met.isdisjoint(new)
        assert all(mark in marks for mark in (stand + group)[-SIZE:])
        if chance.random() < 0.3:
            marks.keep()
            stand, group = stand + group, []
        elif chance.random() < 0.2:  # the group met another in a deadlock
            marks.undo()
            assert not any(mark in marks for mark in {*group} - {*stand})
            assert all(mark in marks for mark in stand[-SIZE:])
            group = []
    marks.undo()
    assert not any(mark in marks for mark in {*group} - {*stand})


def test_what_is_told_of_again_and_again_is_not_forgotten():
    seen: Recent[str, int] = Recent(3, 1000)
    seen.add({"often": 0})
    for nth in range(20):
        assert seen.get("often") == 0
        seen.add({f"once {nth}": nth})
    assert seen.get("once 3") is None
    assert len(seen.young) + len(seen.old) <= 6


def test_long_names_are_fewer():
    seen: Recent[str, int] = Recent(1000, 100)
    for nth in range(20):
        seen.add({f"{nth} ".ljust(30): nth})
        assert sum(map(len, (*seen.young, *seen.old))) <= 2 * 130
    assert seen.get("19 ".ljust(30)) == 19
