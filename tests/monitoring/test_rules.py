"""Reading alerts by rules: pointers, conditions, fields, fingerprints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from monitoring.rules import ABSENT, Reported, fingerprint_of, fits, read_alert, resolve


@dataclass
class Rule:
    conditions: list[dict[str, Any]] = field(default_factory=list)
    mapping: dict[str, Any] = field(default_factory=dict)
    dedupe: str = ""
    name: str = "A rule"
    id: UUID = field(default_factory=uuid4)


ALERT = {
    "rule": {"name": "First Sight", "groups": ["auth", "foreign"]},
    "a/b": {"~": 1},
    "list": [{"x": "y"}],
    "severity": "high",
    "flag": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", ALERT),
        ("/rule/name", "First Sight"),
        ("/a~1b/~0", 1),
        ("/list/0/x", "y"),
        ("/list/1/x", ABSENT),
        ("/list/-1", ABSENT),
        ("/list/²", ABSENT),
        ("/rule/name/more", ABSENT),
        ("/nothing", None),
        ("/absent", ABSENT),
    ],
)
def test_a_pointer_finds_what_rfc_6901_says(pointer, found):
    assert resolve(ALERT, pointer) is found or resolve(ALERT, pointer) == found


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"pointer": "/severity", "equals": "high"}, True),
        ({"pointer": "/severity", "equals": "High"}, False),
        ({"pointer": "/flag", "equals": True}, True),
        ({"pointer": "/flag", "equals": 1}, False),
        ({"pointer": "/nothing", "equals": None}, True),
        ({"pointer": "/absent", "equals": None}, False),
        ({"pointer": "/rule/name", "contains": "first"}, True),
        ({"pointer": "/rule/groups", "contains": "foreign"}, True),
        ({"pointer": "/rule/groups", "contains": "fore"}, False),
        ({"pointer": "/flag", "contains": "True"}, False),
        ({"pointer": "/nothing", "exists": True}, True),
        ({"pointer": "/absent", "exists": True}, False),
        ({"pointer": "/absent", "exists": False}, True),
    ],
)
def test_a_condition_compares_without_converting(condition, holds):
    assert fits(Rule([condition]), ALERT) is holds


def test_all_conditions_must_hold_and_none_fits_everything():
    yes, no = {"pointer": "/flag", "exists": True}, {"pointer": "/flag", "exists": False}
    assert not fits(Rule([yes, no]), ALERT)
    assert fits(Rule([]), ALERT)


def test_fields_come_from_values_and_pointers_in_our_own_words():
    rule = Rule(
        mapping={
            "title": {"pointer": "/rule/name"},
            "systems": [{"value": "file-services"}, {"pointer": "/assets", "words": {"idp": "identity-platform"}}],
            "accounts": {"pointer": "/accounts"},
            "severity": {"pointer": "/severity", "words": {"high": 2}},
            "reference": {"pointer": "/number"},
        }
    )
    alert = {**ALERT, "assets": ["idp", "backup-vault", "idp"], "accounts": "a@ashbourne", "number": 20417}
    assert read_alert(rule, alert) == Reported(
        title="First Sight",
        systems=("file-services", "identity-platform", "backup-vault"),
        accounts=("a@ashbourne",),
        severity=2,
        reference="20417",
    )


def test_what_is_not_there_or_of_the_wrong_kind_stays_empty_and_the_title_is_the_rules():
    fields = {name: {"pointer": f"/{name}"} for name in ("title", "systems", "accounts", "severity", "reference")}
    alert = {"title": {"x": 1}, "systems": [None, [], True, "  "], "severity": True}
    assert read_alert(Rule(mapping=fields), alert) == Reported("A rule", (), (), None, "")
    assert read_alert(Rule(mapping=fields), {"severity": 7, "title": "t" * 900}).severity is None
    assert len(read_alert(Rule(mapping=fields), {"title": "t" * 900}).title) == 200


def test_repeats_share_a_fingerprint_by_what_the_rule_points_at():
    rule = Rule(dedupe="/case")
    one, two, other = ({"case": case, "at": at} for case, at in (("1", "12:00"), ("1", "12:05"), ("2", "12:00")))
    assert fingerprint_of(rule, one) == fingerprint_of(rule, two) != fingerprint_of(rule, other)
    assert fingerprint_of(rule, one) != fingerprint_of(Rule(dedupe="/case"), one), "another rule is another alarm"
    assert fingerprint_of(Rule(), one) != fingerprint_of(Rule(), two)
    assert fingerprint_of(rule, {"at": "12:00"}) != fingerprint_of(rule, {"at": "12:05"}), "nothing to share"
