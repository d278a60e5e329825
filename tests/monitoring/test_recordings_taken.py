"""Real recordings of others on the whole path, counted as the table in docs/monitoring.md has it."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.db import connections

from monitoring.access.ingest import source_named, take_stream
from monitoring.models import Sight
from monitoring.records.reading import reader_of

ROOT = Path(__file__).parents[2]
LOGS = ROOT.parent / "shared" / "data" / "logs"
_ROW = re.compile(
    r"\| (?P<file>\w+/[^ |]+) \| (?P<format>\w+) \| (?P<accepted>\d+) \| (?P<duplicates>\d+) \| (?P<rejected>\d+) \|"
    r" (?P<sights>\d+) \|"
)
TABLE = [found.groupdict() for found in _ROW.finditer((ROOT / "docs" / "monitoring.md").read_text())]
# Which council each recording's names are lent to: the accounts to Ashbourne, the machines to Coldharbour.
NAMES = [
    ("realm", "theshire.local", "ashbourne"), ("netbios", "theshire", "ashbourne"),
    ("sid", "s-1-5-21-1363495622-3806888128-621328882", "ashbourne"),
    ("sid", "s-1-5-21-2323213074-4052461197-1785501644", "ashbourne"),
]  # fmt: skip

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not LOGS.is_dir(), reason="no ../shared/data/logs here: the recordings are not taken"),
]


def claim(kind: str, name: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.claim_name(%s, %s, sec.me(), NULL)", [kind, name])


def take(file: str, format_name: str):
    with (LOGS / file).open("rb") as stream:
        chunks = iter(lambda: stream.read(8192), b"")
        return take_stream(source_named(file, format_name), reader_of(format_name), chunks, nullcontext)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["file"])
def test_a_recording_is_taken_as_the_table_says_and_a_second_time_changes_nothing(row, inside):
    with inside("ashbourne"):
        for kind, name, _ in NAMES:
            claim(kind, name)
    with inside("coldharbour"):
        for host in ("workstation5", "workstation6", "workstation7", "mordordc"):
            claim("host", host)
        totals = take(row["file"], row["format"])
        found = (totals.accepted, totals.duplicates, totals.rejected, totals.first_sights)
        assert found == tuple(int(row[name]) for name in ("accepted", "duplicates", "rejected", "sights"))
        again = take(row["file"], row["format"])
        # A block of which every line was refused was not delivered, and is looked at again.
        all_refused = found[2] == sum(found[:3])
        assert (again.accepted, again.duplicates) == (0, 0 if all_refused else sum(found[:3])), "the same blocks"
        kept = Sight.objects.filter(kind="success").count()
    with inside("ashbourne"):
        assert Sight.objects.filter(kind="success").count() == kept == int(row["sights"])
    with inside("gravenhurst"):
        assert not Sight.objects.exists()


def test_every_recording_stands_in_the_table():
    assert {str(file.relative_to(LOGS)) for file in LOGS.rglob("*") if file.is_file()} == {row["file"] for row in TABLE}
