"""The normal form: what a line says, what it leaves out, and every refusal in its own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.records.normal import lines_of, record_of
from monitoring.records.reading import reader_of
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Outcome, Unreadable

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def reader():
    return reader_of("normal", now=lambda: NOW)


def line(**changes):
    said = {"at": '"2026-11-27T08:00:00+01:00"', "account": '"SVC-Backup@Ashbourne"', "resource": '"FILE-02"'}
    said |= changes
    return ("{" + ",".join(f'"{key}":{value}' for key, value in said.items() if value is not None) + "}").encode()


def test_three_fields_are_enough(reader):
    (record,) = reader.read(line())
    assert record.at == datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
    assert (record.action, record.outcome) == (Action.LOGON, Outcome.SUCCESS)
    assert (record.account, record.shown) == ("svc-backup@ashbourne", "SVC-Backup@Ashbourne")
    assert record.kind is AccountKind.SERVICE
    assert record.home == (Hint(HintKind.NETBIOS, "ashbourne"),)
    assert (record.resource, record.place) == ("file-02", (Hint(HintKind.HOST, "file-02"),))
    assert record.crosses is None


def test_what_is_said_of_organisations_comes_before_what_names_hint_at(reader):
    (record,) = reader.read(
        line(
            account='"pat@ashbourne.example"',
            account_organisation='"Ashbourne"',
            resource='"file-02.coldharbour.example"',
            resource_organisation='"coldharbour"',
            system='"revenues"',
            src_ip='"::ffff:10.1.2.3"',
        )
    )
    assert [hint.kind for hint in record.home] == [HintKind.ORGANISATION, HintKind.DOMAIN]
    assert record.place == (
        Hint(HintKind.ORGANISATION, "coldharbour"),
        Hint(HintKind.REALM, "coldharbour.example"),
        Hint(HintKind.HOST, "file-02.coldharbour.example"),
    )
    assert (record.system, record.src_ip) == ("revenues", "10.1.2.3")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at": None}, "missing-field"),
        ({"at": '"2026-11-27T08:00:00"'}, "bad-time"),
        ({"at": "1764230400"}, "bad-time"),
        ({"at": '"2026-11-27T12:10:01Z"'}, "future-time"),
        ({"at": '"1999-12-31T23:59:59Z"'}, "time-out-of-range"),
        ({"at": '"0001-01-01T00:00:00+14:00"'}, "time-out-of-range"),
        ({"account": '""'}, "bad-value"),
        ({"account": '" "'}, "no-account"),
        ({"account": "7"}, "bad-value"),
        ({"account": f'"{"a" * 513}"'}, "bad-value"),
        ({"account": '"a\\u0000"'}, "not-text"),
        ({"account": '"a\\ud800"'}, "not-json"),
        ({"resource": '" "'}, "no-resource"),
        ({"action": '"login"'}, "bad-value"),
        ({"colour": '"red"'}, "unknown-field"),
    ],
)
def test_a_line_that_is_not_right_is_refused_with_its_reason(reader, changes, reason):
    with pytest.raises(Unreadable) as refused:
        reader.read(line(**changes))
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not-json"),
        (b"[1]", "not-an-object"),
        (b"[" * 100_000, "not-an-object"),
        (b'{"account":"\xff"}', "not-text"),
        (b" " * (1024 * 1024 + 1), "too-long"),
    ],
)
def test_what_is_no_line_of_ours_at_all(reader, raw, reason):
    with pytest.raises(Unreadable) as refused:
        reader.read(raw)
    assert str(refused.value) == reason


def test_a_block_is_read_at_once_or_not_at_all(reader):
    good = line() + b"\n" + line(action='"logoff"') + b"\n"
    read = lines_of(good)
    assert [each.action for each in read] == [Action.LOGON, Action.LOGOFF]
    assert [record_of(each, reader.clock) for each in read] == [reader.read(each)[0] for each in good.splitlines()]
    assert lines_of(good + b"{}\n") is None
    assert lines_of(good + line(reason='"\\u0000"') + b"\n") is None


def test_ten_minutes_ahead_are_a_clock_and_not_a_fault(reader):
    at = (NOW + timedelta(minutes=10)).isoformat()
    assert reader.read(line(at=f'"{at}"'))
