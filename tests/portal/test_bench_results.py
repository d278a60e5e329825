"""What `make bench` prints, without measuring anything."""

import json

import pytest

from benchmarks.result import holds, report, take_turns
from benchmarks.run import main


def test_a_result_is_one_json_line_of_medians(capsys):
    report("J1", ours=[3, 1, 2], limit=[1, 1, 4], unit="ms", better="low")
    assert json.loads(capsys.readouterr().out) == {
        "name": "J1", "ours": 2, "limit": 1, "ratio": 2.0, "unit": "ms", "rounds": 3, "better": "low",
    }  # fmt: skip


def test_a_name_without_a_bound_must_say_that_it_is_only_information():
    with pytest.raises(ValueError, match="info J9"):
        report("J9", ours=[1], limit=[1], unit="ms", better="low")


@pytest.mark.parametrize(
    ("name", "ratio", "better", "kept"),
    [("J1", 2.0, "low", True), ("J1", 2.1, "low", False), ("J3 orm", 20, "high", True), ("J3 orm", 19, "high", False)],
)
def test_a_bound_is_an_upper_one_where_low_is_better_and_a_lower_one_where_high_is(name, ratio, better, kept):
    result = {"name": name, "ours": ratio, "limit": 1, "ratio": ratio, "unit": "x", "rounds": 1, "better": better}
    assert holds(result) is kept


def test_rounds_take_turns_in_going_first():
    went = []

    def ours():
        went.append("ours")
        return 1.0

    def limit():
        went.append("limit")
        return 2.0

    assert take_turns(2, ours, limit) == ([1.0, 1.0], [2.0, 2.0])
    assert went == ["ours", "limit", "limit", "ours"]


def test_an_unknown_benchmark_ends_2_with_the_list(capsys):
    assert main(["J9"]) == 2
    assert "There is no benchmark 'J9'" in capsys.readouterr().err
