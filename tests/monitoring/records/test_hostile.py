"""Whatever the bytes: a record that the database can keep, or a refusal with a reason; never another exception."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.records.reading import FORMATS, guess_format, reader_of
from monitoring.records.record import REASONS, Record, Unreadable

FILES = Path(__file__).parents[2] / "data" / "access"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SHAPES = [
    ("windows-flat.ndjson", "windows"),
    ("windows-changes.ndjson", "windows"),
    ("windows-ecs.ndjson", "ecs"),
    ("entra-graph.json", "entra"),
    ("entra-monitor.json", "entra"),
    ("entra-analytics.ndjson", "entra"),
    ("entra-audit.ndjson", "entra"),
    ("okta.json", "okta"),
    ("cloudtrail.json", "cloudtrail"),
    ("ocsf.ndjson", "ocsf"),
    ("ecs.ndjson", "ecs"),
    ("normal.ndjson", "normal"),
]
LINES = [("syslog.log", "syslog"), ("cef.log", "cef"), ("logons.csv", "csv"), ("windows-shown.txt", "windows")]
QUICK = settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))

NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [
            "", "-", "null", "\x00", "a\x00b", "\ud800", "\u202eroot", "$", "@", "\\", "a@", "@b", "\\a", "a\\", "[",
            "::1", "9" * 400, "0x" + "f" * 16, "0x" + "f" * 40, "1e400", "x" * 5000, "S-1-5-21-1-2-3", "4624", "{",
            "s-1-5-21-1-2-3-4", "arn:", "arn:aws:iam", "arn:aws:sts::1:assumed-role/", "https://[",
            "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-10-05 08:00:00",
            "13/13/2026 13:00:00 PM", '{"errorCode": 1e999}',
        ]
    ),
    st.integers(),
    st.sampled_from([10**400, -(10**30), 2**63, 2**64, 0, 1791187200, 1791187200000, 1791187200000000, 4102444799999]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=3)), max_size=3),
)  # fmt: skip


def documents(name, format_name):
    pieces = reader_of(format_name).documents([(FILES / name).read_bytes()])
    return [piece.body for piece in pieces]


DOCUMENTS = [(format_name, json.loads(body)) for name, format_name in SHAPES for body in documents(name, format_name)]
TEXTS = [(format_name, body) for name, format_name in LINES for body in documents(name, format_name)]


def paths(value, before=()):
    """Every place in a document, the whole of it first."""
    found = [before]
    if isinstance(value, dict):
        found += [path for key, each in value.items() for path in paths(each, (*before, key))]
    if isinstance(value, list):
        found += [path for index, each in enumerate(value) for path in paths(each, (*before, index))]
    return found


@st.composite
def mutated(draw):
    """A record of a true shape with one to three of its places made something else, or taken away."""
    format_name, document = draw(st.sampled_from(DOCUMENTS))
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(document)))
        if not path:
            continue
        holder = document
        for step in path[:-1]:
            holder = holder[step]
        if draw(st.booleans()):
            holder[path[-1]] = draw(NASTY)
        else:
            del holder[path[-1]]
    return format_name, json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def read(reader, line):
    """The records, each such that PostgreSQL keeps it; or nothing, for a refusal with a reason of ours."""
    try:
        records = reader.read(line)
    except Unreadable as refused:
        return str(refused) in REASONS
    for record in records:
        assert record.at.tzinfo is UTC
        assert record.account == record.account.lower() != ""
        assert record.resource == record.resource.lower() != ""
        said = [getattr(record, field) for field in Record.__struct_fields__]
        texts = [text for text in said if isinstance(text, str)] + list(record.aliases)
        texts += [hint.value for hint in (*record.home, *record.place)]
        assert all("\x00" not in text and len(text.encode()) < 8192 for text in texts)
        assert all(hint.value for hint in (*record.home, *record.place))
    return True


def reader_for(format_name):
    return reader_of(format_name, now=lambda: NOW)


@QUICK
@given(mutated())
def test_a_record_of_a_true_shape_with_anything_in_any_of_its_places(case):
    format_name, line = case
    assert read(reader_for(format_name), line)


@QUICK
@given(st.sampled_from(TEXTS), st.data())
def test_a_line_with_bytes_put_in_taken_out_or_doubled(case, data):
    format_name, line = case
    reader = reader_for(format_name)
    at, to = sorted((data.draw(st.integers(0, len(line))), data.draw(st.integers(0, len(line)))))
    put = data.draw(
        st.one_of(st.binary(max_size=8), st.just(line[at:to] * 2), st.sampled_from([b"\0", b"\xff", b'"', b"|="]))
    )
    if format_name == "csv":
        reader.read(b"at,account,resource,outcome,id")
    assert read(reader, line[:at] + put + line[to:])


@QUICK
@given(st.sampled_from(FORMATS), st.binary(max_size=300))
def test_bytes_of_no_shape_at_all(format_name, noise):
    assert read(reader_for(format_name), noise)
    guess_format(noise.split(b"\n"))


@QUICK
@given(st.sampled_from(FORMATS), st.lists(st.binary(max_size=60), max_size=6))
def test_a_stream_of_anything_ends_and_counts_all_its_bytes(format_name, chunks):
    pieces = list(reader_of(format_name).documents(chunks))
    assert [piece.line for piece in pieces] == sorted(piece.line for piece in pieces)
    assert [piece.end for piece in pieces] == sorted(piece.end for piece in pieces)


DEEP = 200_000
JSON_FORMATS = [each for each in FORMATS if each not in ("syslog", "cef", "csv", "normal")]


@pytest.mark.parametrize("format_name", JSON_FORMATS)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a":' * DEEP, "too-deep"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "too-deep"),
        (b'{"a":' + b"[" * DEEP, "too-deep"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'{"a":{"b":1,"b":1}}', "duplicate-key"),
        (b'{"a":NaN}', "not-json"),
        (b'{"a":' + b"9" * 5000 + b"}", "not-json"),
        (b'{"a":1,}', "not-json"),
        (b'{"a":"\xff"}', "not-text"),
        (b'{"a":"\x00"}', "not-text"),
        (b"[1]", "not-an-object"),
        (b" ", "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_reader_of_json_takes(format_name, line, reason):
    with pytest.raises(Unreadable) as refused:
        reader_of(format_name).read(line)
    assert str(refused.value) == reason


def test_a_name_is_read_without_what_cannot_be_seen_in_it():
    line = json.dumps(
        {
            "@timestamp": "2026-10-05T08:00:00Z",
            "event": {"category": "authentication", "outcome": "success"},
            "user": {"name": "ro\u200bot\x00\ud800"},
            "host": {"name": "\u202efile-02"},
        }
    ).encode()
    (record,) = reader_for("ecs").read(line)
    assert (record.account, record.resource) == ("root@file-02", "file-02")


def test_a_message_made_to_be_slow_is_not():
    """A second each would be the work of a pattern that tries everything; the time-out of the tests is the judge."""
    for line in (
        b"<1>Oct  5 09:00:00 h sudo: " + b"a : TTY=" * 100_000,
        b"<1>Oct  5 09:00:00 h sshd[1]: Failed password for " + b" from 1.1.1.1 port 1" * 50_000,
        b"CEF:0|a|b|c|d|login|1|" + b"a=\\=" * 200_000,
        b"CEF:0|" + b"\\|" * 400_000,
    ):
        for format_name in ("syslog", "cef"):
            assert read(reader_for(format_name), line)
