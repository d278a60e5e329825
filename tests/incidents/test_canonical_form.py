"""The canonical form of RFC 8785, held against what the RFC publishes, and what it does to a playbook that goes in and
comes out again."""

from __future__ import annotations

import copy
import json
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.cacao.canonical import canonical, content_of, fingerprint_of
from incidents.cacao.notes import Notes
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.cacao.receiving import check_values
from tests.incidents.playbooks import small_document

# RFC 8785, appendix B: the bits of a double, and its text.
NUMBERS = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000", "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21", "3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332", "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_rfc_lists_them(bits: str, text: str):
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]).decode() == text


def test_texts_and_literals_as_in_section_3_2():
    given_ = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical(given_) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_ordered_by_utf_16_units_as_in_section_3_2_3():
    """Beyond the basic plane a character is two units from U+D800 on, so it stands before U+FB33."""
    order = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    shuffled = {key: at for at, key in enumerate(sorted(order, key=lambda key: key[::-1]))}
    assert list(json.loads(canonical(shuffled))) == order
    assert sorted(order) != order, "code points would be another order"


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(VALUES)
def test_what_is_read_back_has_the_same_form_however_it_was_written(value: object):
    """Also from a database that writes doubles out in full: 1e+22 comes back as a whole number of 23 digits."""
    form = canonical(value)
    assert canonical(json.loads(form)) == form
    assert canonical(json.loads(json.dumps(value, indent=2))) == form
    in_full = json.loads(
        json.dumps(value), parse_float=lambda text: int(float(text)) if float(text) % 1 == 0 else float(text)
    )
    assert canonical(in_full) == form


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**18])
def test_a_whole_number_that_no_double_is_sure_to_hold_is_refused(number: int):
    document = {**small_document(), "x": [number]}
    notes = Notes()
    check_values(document, notes)
    assert [each.pointer for each in notes.errors] == ["/x/0"]
    with pytest.raises(PlaybookRefused):
        read_playbook(document)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"type": "playbook", "type": "playbook"}', "'type' stands twice"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "levels deep"),
        (b"[" * 100_000, "deep"),
        (b'"' + b"x" * 2**21 + b'"', "2 MiB"),
        (b"[]", "object"),
        (b"\xff", "UTF-8"),
    ],
    ids=["key twice", "NUL", "half a pair", "no double", "deep", "deeper", "large", "no object", "no text"],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_looked_at(raw: bytes, words: str):
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook(raw)
    assert words in str(refused.value)


def test_the_fingerprint_knows_content_and_not_writing():
    small = small_document()
    mark = fingerprint_of(small)
    assert mark == fingerprint_of(json.loads(json.dumps(dict(reversed(small.items())), indent=4)))
    assert mark == fingerprint_of({**small, "signatures": [{"id": "jss"}]}), "signing makes no other version"
    assert content_of({**small, "signatures": []}) == small
    chance = random.Random(7)
    for _ in range(50):
        changed = copy.deepcopy(small)
        step = chance.choice(list(changed["workflow"].values()))
        step["description"] = f"{chance.random()}"
        assert fingerprint_of(changed) != mark
