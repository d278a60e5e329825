"""CSV by mapping: columns, what is always so, other marks between cells, headers that fit nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring.records.reading import guess_format, reader_of
from monitoring.records.record import Action, Outcome, Unreadable

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
MAPPING = {"at": "Time", "account": "User", "resource": "=payroll", "action": "=sso", "account_organisation": "Council"}


def reader(mapping=None, zone="UTC"):
    return reader_of("csv", mapping=mapping, zone=zone, now=lambda: NOW)


def test_a_mapping_names_columns_and_what_is_always_so():
    rows = reader(MAPPING)
    assert rows.read(b"Council;User;Time\r\n") == []
    (record,) = rows.read(b"Ashbourne;pat;2026-10-05T08:00:00Z\r\n")
    assert (record.account, record.resource, record.action) == ("pat", "payroll", Action.SSO)
    assert [hint.value for hint in record.home] == ["ashbourne"]


def test_columns_with_our_own_names_need_no_mapping():
    lines = b"at\taccount\tresource\toutcome\tprivileged\n2026-10-05T08:00:00Z\tpat\tfile-02\tchallenged\ttrue".split(
        b"\n"
    )
    assert guess_format(lines) == "csv"
    rows = reader()
    rows.read(lines[0])
    (record,) = rows.read(lines[1])
    assert (record.outcome, record.privileged) == (Outcome.UNKNOWN, True)


def test_a_misspelt_name_of_ours_would_make_a_success_of_every_failure():
    with pytest.raises(Unreadable, match="unknown-field"):
        reader().read(b"at,account,resource,outcom")


@pytest.mark.parametrize(
    ("header", "reason"),
    [(b"Time,User", "unknown-shape"), (b"a,a", "duplicate-key"), (b"", "empty"), (b'"a', "unknown-shape")],
)
def test_a_header_that_fits_nothing_refuses_itself_and_every_row(header, reason):
    rows = reader(MAPPING)
    with pytest.raises(Unreadable, match=reason):
        rows.read(header)
    with pytest.raises(Unreadable):
        rows.read(b"Ashbourne,pat")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"x,,2026-10-05T08:00:00Z", "no-account"),
        (b"x,pat,", "no-time"),
        (b"x,pat,soon", "bad-time"),
        (b"x,pat", "bad-value"),
        (b"x," + b"p" * 513 + b",2026-10-05T08:00:00Z", "bad-value"),
        (b'x,"pat,2026-10-05T08:00:00Z', "unknown-shape"),
        (b"x,p\x00,2026-10-05T08:00:00Z", "not-text"),
        (b"x,\xff,2026-10-05T08:00:00Z", "not-text"),
    ],
)
def test_a_row_that_is_not_right(row, reason):
    rows = reader(MAPPING)
    rows.read(b"Council,User,Time")
    with pytest.raises(Unreadable) as refused:
        rows.read(row)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "how",
    [
        {"format_name": "csv", "mapping": {"at": "Time", "account": "User"}},
        {"format_name": "csv", "mapping": {**MAPPING, "colour": "Red"}},
        {"format_name": "leef"},
        {"format_name": "syslog", "zone": "Mars/Olympus"},
        {"format_name": "syslog", "zone": "../etc/passwd"},
        {"format_name": "syslog", "year_of": datetime(2026, 1, 1)},
    ],
)
def test_a_reader_that_cannot_be_made_is_refused_at_once(how):
    with pytest.raises(ValueError):
        reader_of(**how)
