"""One incident as a file: what its reader may see and no more, whole or said not to be, no formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from incidents.exports.streaming import as_json
from incidents.models import Incident
from incidents.own_actions.writing import Deed, write_action
from portal import clock
from tests.cast import Cast
from tests.incidents.test_own_actions import acts, incident
from tests.notifications.stage import Stage

__all__ = ["acts", "incident"]
pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "=HYPERLINK(0)"


def taken(client: Any, at: str, form: str) -> str:
    answer = client.post(at, {"form": form})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    return b"".join(answer.streaming_content).decode()


def test_each_gets_what_it_may_see_and_a_stranger_nothing(
    stage: Stage, incident: Incident, acts: Callable[..., Any], client_of: Callable[..., Any], cast: Cast
) -> None:
    with acts("dunmere") as actor:
        write_action(incident, Deed(SECRET, clock.now(), stops="Meals stop."), actor=actor)
    at = f"/incidents/{incident.reference}/export/"
    files = {
        slug: orjson.loads(taken(client_of(slug, fresh=True), at, "json"))
        for slug in ("ashbourne", "dunmere", "eastwick")
    }
    for slug, file in files.items():
        parts = [part for part in file.values() if isinstance(part, list)]
        assert (file["complete"], file["count"]) == (True, sum(map(len, parts))), slug
        assert file["events"], slug
        assert [each["seq"] for each in file["events"]] == sorted(each["seq"] for each in file["events"])
    assert {each["organisation"] for each in files["eastwick"]["tasks"]} == {"eastwick"}
    assert len({each["organisation"] for each in files["ashbourne"]["tasks"]}) > 3
    stops = {slug: [each["stops"] for each in file["own_actions"]] for slug, file in files.items()}
    assert stops == {"ashbourne": [None], "dunmere": ["Meals stop."], "eastwick": []}
    assert client_of("gravenhurst", fresh=True).post(at, {"form": "json"}).status_code == 404
    assert client_of("dunmere").post(at, {"form": "json"}).status_code == 403  # no passkey used just now
    assert client_of("dunmere", fresh=True).post(at, {"form": "xml"}).status_code == 422
    rows = list(csv.reader(io.StringIO(taken(client_of("dunmere", fresh=True), at, "csv").removeprefix("\ufeff"))))
    assert rows[0][0] == "part"
    assert rows[-1][0] == "complete"
    assert int(rows[-1][-1]) == len(rows) - 3
    assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r")]
    assert f"'{SECRET}" in [row[4] for row in rows if row[0] == "own_actions"]
    assert [audience for _data, audience in stage.events("record.exported")][-1] == [stage.ids["dunmere"]]


def test_a_file_that_is_cut_off_says_so_and_can_be_read(incident: Incident, cast: Cast) -> None:
    lines = b"".join(as_json("no-such-ticket", incident.pk, cast.id("dunmere"), {"reference": "INC-1"}))
    assert orjson.loads(lines) == {"incident": {"reference": "INC-1"}, "participants": [], "cut_off": True}
