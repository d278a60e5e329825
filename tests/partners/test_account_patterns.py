"""Patterns of accounts: a star stays inside one label, and none takes in everybody; the database says the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners.account_patterns import accounts_in, covers, is_pattern
from tests.partners.raw import owner

GOOD = ["svc-backup@ashbourne", "svc-*@ashbourne", "adm.*.svc@x.example", "bk@ashbourne", "a*bc@x", "*-svc@x"]
BAD = [
    "", "*", "*@*", "*@ashbourne", "**@ashbourne", "a*@ashbourne", "*.*@ashbourne", "svc-*-*@ashbourne",
    "svc@*", "svc@ash*", "svc", "@ashbourne", "svc@", "SVC@ashbourne", "svc backup@x", "svc..x@y", "svc@x..y",
    "svc@-x", "x" * 128 + "@y", "svc@x\n", "sv\u0441@x",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_a_pattern_is(text):
    assert is_pattern(text)


@pytest.mark.parametrize("text", BAD)
def test_what_none_is(text):
    assert not is_pattern(text)


@pytest.mark.parametrize(
    ("pattern", "account", "yes"),
    [
        ("svc-backup@ashbourne", "svc-backup@ashbourne", True),
        ("svc-backup@ashbourne", "SVC-Backup@Ashbourne", True),
        ("svc-backup@ashbourne", "svc-backup2@ashbourne", False),
        ("svc-*@ashbourne", "svc-backup@ashbourne", True),
        ("svc-*@ashbourne", "svc-@ashbourne", True),
        ("svc-*@ashbourne", "svc-a.b@ashbourne", False),
        ("svc-*@ashbourne", "svc-a@ashbourne.example", False),
        ("svc-*@ashbourne", "xsvc-a@ashbourne", False),
        ("adm.*.svc@x.example", "adm.one.svc@x.example", True),
        ("adm.*.svc@x.example", "adm.one.two.svc@x.example", False),
        ("adm.*.svc@x.example", "adm.one.svc@xyexample", False),
        ("*@ashbourne", "svc@ashbourne", False),
    ],
)
def test_what_a_pattern_covers(pattern, account, yes):
    assert covers(pattern, account) is yes


def test_accounts_are_found_in_a_document_whatever_its_depth_and_no_further_than_asked():
    document = {"a": [{"user": "CORP says svc-Backup@Ashbourne."}, "x"], "svc-key@not": 1, "mail": "no at sign"}
    assert accounts_in(document) == ["svc-backup@ashbourne"]
    assert len(accounts_in([f"a{n}@b" for n in range(900)], at_most=5)) == 5
    assert accounts_in("." * 3000 + " svc@late") == []


@pytest.mark.django_db
def test_the_database_knows_the_same_patterns():
    rows = owner("SELECT t, sec.account_pattern(t) FROM unnest(%s::text[]) t", [GOOD + BAD])
    assert dict(rows) == {text: is_pattern(text) for text in GOOD + BAD}


@pytest.mark.django_db
@settings(max_examples=3, deadline=None)
@given(st.lists(st.text(alphabet="ab1*.@-_A ", max_size=14), min_size=150, max_size=150))
def test_the_database_agrees_on_whatever_is_made_up(texts):
    rows = owner("SELECT t, sec.account_pattern(t) FROM unnest(%s::text[]) t", [texts])
    assert dict(rows) == {text: is_pattern(text) for text in texts}
