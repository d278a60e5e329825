"""Numbers as people type them: what is one, and what is refused rather than guessed."""

from __future__ import annotations

import pytest

from partners.phone_numbers import NotANumber, masked, normalised, spaced


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("01632 960101", "+441632960101"),
        ("(01632) 960-101", "+441632960101"),
        ("+44 (0)1632 960101", "+441632960101"),
        ("0044 1632 960101", "+441632960101"),
        ("+44 7700 900123", "+447700900123"),
        ("07700 900 123", "+447700900123"),
        ("020 7946 0958", "+442079460958"),
        ("0800 1111 222", "+448001111222"),
        ("016977 2555", "+44169772555"),
        ("+353 1 437 9999", "+35314379999"),
        ("00 1 202-555-0143", "+12025550143"),
        ("\u00a001632\u2011960101 ", "+441632960101"),
    ],
)
def test_a_number_is_kept_as_e164(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "1632 960101", "01632 9601", "01632 9601011", "01632 960101 ext 4", "0632 960101", "+0441632960101",
        "+44 1632", "+1234567890123456", "call me", "+", "++441632960101", "٠١٦٣٢٩٦٠١٠١", "0906 1234567",
        "tel:01632960101", "44+1632960101",
    ],
)  # fmt: skip
def test_what_could_be_two_things_is_refused(typed: str) -> None:
    with pytest.raises(NotANumber, match=r"\w"):
        normalised(typed)


def test_others_read_two_digits() -> None:
    assert masked("+447700900167") == "ends 67"
    assert spaced("ends 67") == "ends 67"
    assert (spaced("+441632960101"), spaced("+442079460958")) == ("01632 960101", "020 7946 0958")
    assert spaced("+35314379999") == "+35314379999"
