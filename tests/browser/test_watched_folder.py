"""In the running product a file in the watched folder is taken by the worker that the scheduler wakes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the product starts in it
FOUND = "SELECT accepted FROM monitoring_source WHERE name = 'Watched folder'"


def test_a_file_in_the_watched_folder_is_taken_without_anybody_asking(product: Running):
    folder = product.var / "logs" / "eastwick" / "Watched folder.normal"
    folder.mkdir(parents=True)
    at = datetime.now(UTC) - timedelta(hours=1)
    lines = [
        {"at": (at + timedelta(seconds=n)).isoformat(), "account": "pat@nowhere.example", "resource": "unknown-1"}
        for n in range(3)
    ]
    (folder / "log.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "other.ndjson").write_text("this is no record\n")
    wait_for(lambda: (folder / "log.ndjson.taken").exists() and (folder / "other.ndjson.taken").exists(), seconds=60)
    assert sorted(each.name for each in folder.iterdir()) == ["log.ndjson.taken", "other.ndjson.taken"]
    with psycopg.connect(product.database_url) as owner:
        assert owner.execute(FOUND).fetchall() == [(3,)]
