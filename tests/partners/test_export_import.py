"""What the export writes, the import takes: for every organisation of the demonstration every row is unchanged."""

from __future__ import annotations

import json

import psycopg
import pytest

from partners import exporting
from partners.importing import matching
from partners.importing.all_kinds import KINDS
from partners.importing.fates import judged_rows
from partners.importing.reading import read_table
from tests.partners.files import counts, dry_run, press

pytestmark = pytest.mark.django_db(transaction=True)
COUNCILS = ("ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "gravenhurst", "northgate")


def download(client, what):
    response = client.post("/register/export/", {"what": what})
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_what_is_exported_comes_back_unchanged_for_everybody(client_of, inside, cast):
    northgate = client_of("northgate", fresh=True)
    for kind, raw in (
        ("components", "system,product,version,note\nidentity-platform,Directory,7,=not a formula\n"),
        ("participations", "system,organisation\nidentity-platform,northgate\n"),
        ("services", "system,service,critical_dates\nidentity-platform,Rents; and more,2027-05-06: Polling\\; day\n"),
    ):
        press(northgate, dry_run(northgate, kind, raw))
    assert set(counts(northgate, dry_run(northgate, "services", download(northgate, "services")))) == {"unchanged"}
    seen = dict.fromkeys(KINDS, 0)
    for slug in COUNCILS:
        client = client_of(slug, fresh=True)
        whole = download(client, "all")
        document = json.loads(whole)
        assert document["complete"] is True
        with inside(slug):
            for name, kind in KINDS.items():
                seen[name] += len(document[name])
                for raw in (whole, download(client, name)) if document[name] else ():
                    table = read_table(raw, kind=name)
                    rows = [(row.number, row.cells, row.trouble) for row in table.rows]
                    mapping = matching.guessed(table.headers, kind)
                    assert len(mapping) == len(kind.fields)
                    judged = judged_rows(rows, kind=kind(cast.id(slug)), mapping=mapping)
                    assert {row.fate for row in judged} == {"unchanged"}, (slug, name)
    assert all(seen.values()), seen


def test_a_file_says_when_it_is_not_whole(client_of, owner_url, monkeypatch):
    """Cut off between two batches: no further one, and the last line says so."""
    client = client_of("northgate", fresh=True)
    monkeypatch.setattr(exporting, "BATCH", 2)
    for what, last in (("systems", b"cut off: this file is not whole"), ("all", b'"complete": false}')):
        response = client.post("/register/export/", {"what": what})
        parts = iter(response.streaming_content)
        sent = [next(parts) for _ in range(3)]
        with psycopg.connect(owner_url) as owner:
            owner.execute("UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %s", [northgate_id(owner)])
        sent += list(parts)
        assert sent[-1].strip().endswith(last)
        with psycopg.connect(owner_url) as owner:
            owner.execute("UPDATE sec.org_state SET isolated_at = NULL WHERE org_id = %s", [northgate_id(owner)])


def northgate_id(owner):
    return owner.execute("SELECT id FROM partners_organisation WHERE slug = 'northgate'").fetchone()[0]
