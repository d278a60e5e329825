"""A stream into records: the same whatever the size of its chunks, numbered, in bounded memory."""

from __future__ import annotations

import json

import pytest

from monitoring.records.json_stream import LONGEST
from monitoring.records.splitting import pieces_of

THREE = [b'{"a": 1}', b'{"b": "}{[\\""}', b'{"c": [{}, []]}']


def bodies(content, format_name="okta", size=None):
    chunks = [content] if size is None else [content[at : at + size] for at in range(0, len(content), size)]
    return [piece.body for piece in pieces_of(chunks, format_name)]


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize(
    "content",
    [
        b"\n".join(THREE),
        b"\r\n".join(THREE) + b"\r\n",
        b"\xef\xbb\xbf" + b"\n\n".join(THREE),
        b"[" + b", ".join(THREE) + b"]",
        b"[\n  " + b",\n  ".join(THREE) + b"\n]\n",
        b"".join(THREE),
        b'{"Records":[' + b",".join(THREE) + b"]}",
        b'{"records": [' + b",".join(THREE[:1]) + b']}\n{"records": [' + b",".join(THREE[1:]) + b"]}",
        b'{"@odata.context": "https://graph.example", "value": [' + b",".join(THREE) + b"]}",
        b"\n".join(THREE).decode().encode("utf-16"),
        b"\xfe\xff" + b"\n".join(THREE).decode().encode("utf-16-be"),
    ],
    ids=[
        "lines",
        "crlf",
        "bom",
        "array",
        "pretty-array",
        "joined",
        "cloudtrail",
        "monitor",
        "graph",
        "utf-16-le",
        "utf-16-be",
    ],
)
def test_three_records_in_every_wrapping(content, size):
    assert bodies(content, size=size) == THREE


def test_a_document_written_over_many_lines_is_one():
    document = {"eventType": "user.session.start", "actor": {"id": "a}"}, "target": [{"id": "x"}]}
    pretty = json.dumps(document, indent=2).encode()
    assert [json.loads(body) for body in bodies(pretty + b"\n" + pretty)] == [document, document]


def test_lines_keep_their_numbers_and_the_stream_its_place():
    pieces = list(pieces_of([b'\n{"a":1}\n\nnot json\n{"b":2}'], "okta"))
    assert [(piece.line, piece.end, piece.body) for piece in pieces] == [
        (2, 9, b'{"a":1}'),
        (4, 19, b"not json"),
        (5, 26, b'{"b":2}'),
    ]
    pieces = list(pieces_of([b'[\n{"a":\n1},\nnoise\n{"b":2}\n]'], "okta"))
    assert [(piece.line, piece.body) for piece in pieces] == [(2, b'{"a":\n1}'), (4, b"noise"), (5, b'{"b":2}')]


def test_reading_goes_on_from_where_a_record_ended():
    content = b'{"Records":[' + b",".join(THREE) + b"]}"
    first = next(iter(pieces_of([content], "okta")))
    assert bodies(content[first.end :]) == THREE[1:]


def endless(before, after):
    """Six times what a record may be, in chunks."""
    yield before
    for _ in range(96):
        yield b"x" * 65_536
    yield after


def test_what_is_too_long_is_refused_alone():
    for before, after in (
        (b'{"a":1}\n{"long":"', b'"}\n{"b":2}'),
        (b'[{"a":1},{"long":"', b'"},{"b":2}]'),
        (b'[{"a":1},{"never":"', b'\n{"b":2}]'),
    ):
        pieces = list(pieces_of(endless(before, after), "okta"))
        assert [(piece.body, piece.fault) for piece in pieces] == [
            (b'{"a":1}', ""),
            (b"", "too-long"),
            (b'{"b":2}', ""),
        ]
        assert pieces[1].end > 6 * LONGEST


def test_a_line_of_exactly_the_longest_is_read():
    line = b'{"a":"' + b"x" * (LONGEST - 8) + b'"}'
    assert bodies(line + b"\n" + line + b"\n") == [line, line]
    assert [piece.fault for piece in pieces_of([b" " + line + b"\n"], "normal")] == ["too-long"]


def test_a_broken_line_takes_no_other_with_it():
    assert bodies(b'{"a":1}\n{"a":"\n{"b":2}\n') == [b'{"a":1}', b'{"a":"', b'{"b":2}']


def test_rows_of_csv_may_have_line_breaks_in_cells():
    assert bodies(b'a,b\r\n1,"two\r\nlines ""x"""\r\n\r\n3,4', "csv") == [b"a,b", b'1,"two\nlines ""x"""', b"3,4"]


def test_half_a_letter_of_utf_16_spoils_its_own_line_alone():
    content = '{"a":1}\n{"b":"\ud800"}\n{"c":3}'.encode("utf-16", "surrogatepass")
    one, broken, three = bodies(content)
    assert (one, three) == (b'{"a":1}', b'{"c":3}')
    with pytest.raises(UnicodeDecodeError):
        broken.decode()


def test_an_empty_stream_is_nothing():
    for format_name in ("normal", "okta", "csv", "windows"):
        assert bodies(b"", format_name) == bodies(b"\n \r\n", format_name) == []
