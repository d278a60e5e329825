"""Files of rows: what is read of them, what is said of them, and what is refused before it can hurt."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.importing import reading
from partners.importing.reading import Unreadable, joined, parted, protected, read_table
from partners.importing.sheets import sheet

PLAIN = 'slug,name\nfinance,"Finance, old"\nhousing,Housing'


def read(raw, kind="systems"):
    return read_table(raw.encode() if isinstance(raw, str) else raw, kind=kind)


def cells(table):
    return [list(row.cells) for row in table.rows]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (PLAIN.encode(), "CSV, separated by comma, UTF-8"),
        (b"\xef\xbb\xbf" + PLAIN.encode(), "CSV, separated by comma, UTF-8"),
        (PLAIN.encode("utf-16"), "CSV, separated by comma, UTF-16"),
        (PLAIN.encode("utf-16-be"), "CSV, separated by comma, UTF-16"),
        (PLAIN.replace("slug,name", "slug;name").replace(",H", ";H").replace('e,"', 'e;"').encode(),
         "CSV, separated by semicolon, UTF-8"),
        (PLAIN.replace("slug,name", "slug\tname").replace(",H", "\tH").replace('e,"', 'e\t"').encode(),
         "CSV, separated by tab, UTF-8"),
    ],
)  # fmt: skip
def test_delimiters_and_encodings_are_recognised_and_said(raw, said):
    table = read(raw)
    assert table.said == said
    assert table.headers == ["slug", "name"]
    assert cells(table) == [["finance", "Finance, old"], ["housing", "Housing"]]
    assert [row.number for row in table.rows] == [2, 3]


def test_windows_1252_is_said_because_it_is_a_guess():
    table = read("name\nCafé – “Old”\n".encode("cp1252"))
    assert table.said == "CSV, separated by comma, Windows-1252 (Western European)"
    assert cells(table) == [["Café – “Old”"]]


def test_quoted_line_ends_and_formulas_stay_text_and_blank_rows_count_as_in_a_spreadsheet():
    table = read('name,note\r\n"=1+1","one\r\ntwo"\r\n\r\n@SUM(A1),"say ""hi"""\r\n')
    assert cells(table) == [["=1+1", "one\ntwo"], ["@SUM(A1)", 'say "hi"']]
    assert [row.number for row in table.rows] == [2, 4]


def test_a_row_with_control_characters_or_too_many_cells_is_refused_by_itself():
    table = read("name,note\na\0b,x\nok,ok\nescape\x1b[2J,x\nfour,five,six\nonly\n" + f"{'x' * 10_001},y\n")
    assert [bool(row.trouble) for row in table.rows] == [True, False, True, True, True, True]
    assert "control character" in table.rows[0].trouble
    assert table.rows[0].cells[0] == "a�b"
    assert table.rows[3].trouble == "It has 3 cells, and the header has 2."
    assert len(table.rows[5].cells[0]) == 200


def test_headers_are_told_apart():
    assert read("Name,name,Name,\nq,w,e,r\n").headers == ["Name", "name", "Name (2)", "Column 4"]


def test_json_is_read_into_the_same_cells():
    rows = [
        {"slug": "a", "safety_critical": True, "people_dependent": 5, "account_realms": ["x;y", "z\\"], "owner": None},
        {"slug": "b"},
        "no object",
        {"slug": {"deep": 1}},
    ]
    table = read(json.dumps({"complete": True, "systems": rows, "dependencies": []}))
    assert cells(table)[0] == ["a", "yes", "5", "x\\;y; z\\\\", ""]
    assert cells(table)[1] == ["b", None, None, None, None]  # not said is not emptied
    assert [row.number for row in table.rows] == [1, 2, 3, 4]
    assert "no object" in table.rows[2].trouble
    assert table.rows[3].trouble.startswith("'slug': ")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"name,slug\n", "no rows"),
        (b"[]", "no rows"),
        (b"PK\x03\x04zipped", "zip file"),
        (b"\x1f\x8bgz", "compressed"),
        (b"\xd0\xcf\x11\xe0xls", "own format"),
        (b"\x81\x8d\x00\x9d", "no text"),
        (b"\xff\xfea", "says that it is UTF-16"),
        (b'[{"a": 1, "a": 2}]', "stands twice"),
        (b'[{"a": NaN}]', "not a JSON number"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"organisations": []}', "A list of objects is wanted"),
        (b'[{"a": 1}', "not JSON"),
        (b"[" + b"{}," * 600_000 + b"{}]", "more than a list"),
        (json.dumps([{}] * 20_001).encode(), "more than 20,000 rows"),
        (json.dumps([{str(n): 1} for n in range(201)]).encode(), "201 different keys"),
        (b"a\n" + b"x\n" * 20_001, "more than 20,000 rows"),
        (b"a" + b"," * 100_000, "100,001 columns"),
        (b"a," * 500_000 + b"\n", "too long to be one row"),
        (b"x" * 3_000_000, "too long to be one row"),
        (b'name\n"open' + b"\nx" * 700_000, "Row 2 cannot be read"),
        (b'name\n"' + b"x" * 140_000 + b'"', "cannot be read as CSV"),
        (b"x" * (reading.LARGEST + 1), "larger than 20 MB"),
    ],
    ids=range(24),
)
def test_a_file_that_is_no_list_of_rows_is_refused_in_words(raw, words):
    with pytest.raises(Unreadable, match=words):
        read(raw)


def test_a_real_zip_called_csv_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("systems.csv", PLAIN)
    with pytest.raises(Unreadable, match="zip file"):
        read(made.getvalue())


def test_one_row_made_of_commas_across_lines_takes_no_memory():
    line = b'",' + b"," * 4000 + b'"\n'
    tracemalloc.start()
    with pytest.raises(Unreadable, match="too long to be one row"):
        read(b'name\n"\n' + line * 2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2000 * len(line)  # a list of eight million cells would take more


SOME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=20)


@SOME
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3).filter(lambda row: any(map(str.strip, row))), min_size=1))
def test_what_our_csv_writes_is_read_as_it_was(rows):
    assert cells(read_table(sheet([["a", "b", "c"], *rows]), kind="systems")) == rows


@SOME
@given(st.text(st.sampled_from("'=+-@ax"), min_size=1))
def test_no_cell_of_ours_is_a_formula(cell):
    assert protected(cell)[0] not in "=+-@"


@SOME
@given(st.lists(TEXTS.map(str.strip).filter(bool)))
def test_several_texts_in_one_cell_come_apart_again(items):
    assert parted(joined(items)) == items
