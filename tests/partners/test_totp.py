"""Codes from an app: the published vectors, one step of drift, and no code twice, whoever asks at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from partners import totp
from partners.models import Authenticator, Person
from portal import clock
from portal.tenancy.scope import at_the_door
from portal.vault.sealing import VaultError
from tests.partners.door import CALLUM, PRIYA, person

SEED = b"12345678901234567890"
# RFC 6238, appendix B, the SHA-1 column: seconds since 1970 and eight digits.
VECTORS = [
    (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
    (2000000000, "69279037"), (20000000000, "65353130"),
]  # fmt: skip


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_rfc_6238(seconds, code):
    step = totp.step_of(datetime.fromtimestamp(seconds, UTC))
    assert totp.code_of(SEED, step, digits=8) == code
    assert totp.code_of(SEED, step) == code[2:]


def test_a_code_fits_one_step_early_or_late_and_no_further(monkeypatch):
    at = datetime(2026, 11, 25, 3, 0, 15, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    now = totp.step_of(at)
    fits = [step - now for step in range(now - 3, now + 4) if totp.step_that_fits(SEED, totp.code_of(SEED, step))]
    assert fits == [-1, 0, 1]
    right = totp.code_of(SEED, now)
    assert totp.step_that_fits(SEED, f" {right[:3]} {right[3:]} ") == now
    for typed in ("", "12345", right + "0", "０" * 6, right[:-1], "x" * 1000):
        assert totp.step_that_fits(SEED, typed) is None


def test_the_secret_can_be_scanned_and_typed():
    priya = Person(email="priya.nair@ashbourne.example")
    assert totp.typed_seed(SEED) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    drawn = totp.picture(SEED, person=priya)
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
    assert "<script" not in drawn


def _app(owner: Person) -> Authenticator:
    row = Authenticator(organisation_id=owner.organisation_id, person=owner, kind="totp", label="App")
    row.created_at = clock.now()
    row.secret = totp.seal_seed(SEED, person=owner, row_id=row.pk)
    row.save()
    return row


@pytest.mark.django_db(transaction=True)
def test_of_many_who_show_the_same_code_at_once_one_is_let_in():
    with at_the_door():
        priya = person(PRIYA)
        _app(priya)
    code = totp.code_of(SEED, totp.step_of(clock.now()))
    let_in: list[bool] = []
    together = threading.Barrier(6)

    def show() -> None:
        together.wait()
        with at_the_door():
            let_in.append(totp.accept_code(priya, code) is not None)
        connections.close_all()

    threads = [threading.Thread(target=show) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_in) == [False] * 5 + [True]


@pytest.mark.django_db(transaction=True)
def test_a_code_is_for_one_person_a_later_one_counts_and_an_earlier_one_no_more(monkeypatch):
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    step = totp.step_of(at)
    with at_the_door():
        priya, callum = person(PRIYA), person(CALLUM)
        row = _app(priya)
        assert totp.accept_code(callum, totp.code_of(SEED, step)) is None
        assert totp.accept_code(priya, totp.code_of(SEED, step)) == row
        assert totp.accept_code(priya, totp.code_of(SEED, step - 1)) is None
        assert totp.accept_code(priya, totp.code_of(SEED, step + 1)) == row
        assert totp.accept_code(priya, totp.code_of(SEED, step + 1)) is None
        monkeypatch.setattr(clock, "now", lambda: at + timedelta(minutes=1))
        assert totp.accept_code(priya, totp.code_of(SEED, step + 2)) == row
        # The seed is nowhere in the row, and opens for no other row.
        row.refresh_from_db()
        assert SEED not in bytes(row.secret)
        row.id = Authenticator(person=priya).pk
        with pytest.raises(VaultError):
            totp.open_seed(row)
