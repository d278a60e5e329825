"""What the export writes, the import takes: for every organisation of the demonstration every row is unchanged."""

from __future__ import annotations

import json

import pytest

from partners.importing.all_kinds import KINDS
from tests.partners.files import counts, dry_run, press

pytestmark = pytest.mark.django_db(transaction=True)
COUNCILS = ("ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "gravenhurst", "northgate")


def download(client, what):
    response = client.post("/register/export/", {"what": what})
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_what_is_exported_comes_back_unchanged_for_everybody(client_of):
    northgate = client_of("northgate", fresh=True)
    for kind, raw in (
        ("components", "system,product,version,note\nidentity-platform,Directory,7,=not a formula\n"),
        ("participations", "system,organisation\nidentity-platform,northgate\n"),
        ("services", "system,service,critical_dates\nidentity-platform,Rents; and more,2027-05-06: Polling\\; day\n"),
    ):
        press(northgate, dry_run(northgate, kind, raw))
    seen = dict.fromkeys(KINDS, 0)
    for slug in COUNCILS:
        client = client_of(slug, fresh=True)
        whole = download(client, "all")
        document = json.loads(whole)
        assert document["complete"] is True
        for kind in KINDS:
            rows = len(document[kind])
            seen[kind] += rows
            if rows:
                for raw in (whole, download(client, kind)):
                    assert counts(client, dry_run(client, kind, raw)) == {"unchanged": rows}, (slug, kind)
    assert all(seen.values()), seen
