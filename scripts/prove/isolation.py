"""B13: an organisation under full load is cut off by two persons, and nothing of it works a second later.

    python -m scripts.prove.isolation            500 sockets, 50 keys, 20 connections, webhooks, and B20's guesses
    python -m scripts.prove.isolation 600        and tried again for so many seconds (20 when nothing is said)

One JSON object a line on standard output; ends with 1 when a bound is missed or there was nothing to refuse.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests import servers  # starts them, and names the settings
from tests.running import a_product

if __name__ == "__main__":
    import django

    django.setup()

import psycopg

from scripts.prove.arranging import django_on, mint_tickets, open_incident, signed_in_with_a_passkey, write_events
from scripts.prove.listening import Happening, Tool, a_tool
from scripts.prove.load import Connections, Download, Keys, Sockets, answer_of, opens_a_socket
from tests.cast import read_cast
from tests.isolation.committed import Committed

TARGET, OTHER, LEAD, SECOND = "dunmere", "eastwick", "Priya Nair", "Gareth Lowe"
BOUND_MS = 1000
AGAIN_FOR, AGAIN_EACH = 20.0, 0.2
BACK_SECONDS = 60.0  # until what was held has come after the lifting


@dataclass(frozen=True)
class Size:
    """How much is done at once, and for how long it is tried again afterwards."""

    sockets: int = 500
    keys: int = 50
    connections: int = 20
    events: int = 60_000
    again_for: float = AGAIN_FOR


def run(url: str, live_url: str, owner_url: str, tool: Tool, size: Size) -> dict[str, Any]:
    """Cut Dunmere off on this product, which may call `tool`; the line of B13, with what was wrong in `wrong`."""
    database = owner_url.rpartition("/")[2]
    two, cast = Committed(database), read_cast(owner_url)
    incident = open_incident(url, owner_url, cast.make_key(owner_url, "ashbourne"))
    write_events(owner_url, two.ids[TARGET], size.events)
    with django_on(database):
        cookie = signed_in_with_a_passkey("alan.birtles@dunmere.example")
    mine = _Load(url, live_url, owner_url, TARGET, size, cast, two)
    control = _Load(url, live_url, owner_url, OTHER, Size(5, 2, 2), cast, two)
    with django_on(database):  # the keys are sealed there
        happening = Happening(owner_url, tool, {f"/{slug}": two.ids[slug] for slug in (TARGET, OTHER)}, pause=0.1)
    download = Download(url, cookie)
    try:
        _under_way(mine, control, download, tool)
        asked = two.ask(LEAD, incident, TARGET, 4, "brackenfield")
        isolation = two.approve(SECOND, asked, incident, TARGET, 4)
        committed = time.monotonic()
        download.hurry()
        again = _try_again(url, live_url, cookie, mine, until=committed + max(size.again_for, 2.0))
        download.stop()
        facts = _facts(mine, control, download, committed, again)
        facts |= _webhooks(tool, happening, committed)
        facts["failures"] += facts["webhooks_after"]
    finally:
        happening.stop()
        mine.stop()
        control.stop()
        download.stopping.set()
    facts |= _lifting(url, two, isolation, mine.keys.keys[0])
    facts["webhooks_came_back"] = happening.all_came(f"/{TARGET}", patience=BACK_SECONDS)
    return facts | {"wrong": _wrong(facts, size)}


class _Load:
    """All that one organisation does at once."""

    def __init__(
        self, url: str, live_url: str, owner_url: str, slug: str, size: Size, cast: Any, two: Committed
    ) -> None:
        database = owner_url.rpartition("/")[2]
        org, lasts = two.ids[slug], size.again_for + 600  # a ticket that has lapsed would be refused in any case
        self.spare = mint_tickets(database, org, math.ceil(size.again_for / AGAIN_EACH) + 10, "socket", lasts)
        self.sockets = Sockets(live_url, mint_tickets(database, org, size.sockets, "socket", lasts))
        keys = [cast.make_key(owner_url, slug) for _ in range(size.keys)]
        self.keys = Keys(url, keys, pause=0.1)
        address = servers.database_url("DATABASE_URL_APP", database)
        readers = mint_tickets(database, org, size.connections, "session", lasts, hashed=True)
        self.connections = Connections(address, readers, pause=0.03)

    def stop(self) -> None:
        self.keys.stop()
        self.connections.stop()
        self.sockets.stop()


def _under_way(mine: _Load, control: _Load, download: Download, tool: Tool) -> None:
    """Wait until everything has worked, and goes on working."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        busy = min(len(each.keys.tally.worked) / len(each.keys.keys) for each in (mine, control))
        told = min(len(tool.times(f"/{slug}")) for slug in (TARGET, OTHER))
        if busy >= 2 and len(mine.connections.tally.worked) > 100 and download.read > 0 and told > 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"the load is not under way: {download.status}, {mine.keys.tally.odd[:3]}")


def _try_again(url: str, live_url: str, cookie: str, mine: _Load, *, until: float) -> dict[str, int]:
    """Sockets and the ended session, again and again; keys and connections go on by themselves."""
    tries = successes = worded = 0
    while time.monotonic() < until and mine.spare:
        time.sleep(AGAIN_EACH)
        successes += opens_a_socket(live_url, mine.spare.pop())
        status, page = answer_of(url, "/incidents/", Cookie=cookie)
        successes += status == 200
        worded += status == 403 and b"is cut off at present" in page
        tries += 2
    return {"tries": tries, "successes": successes, "worded": worded}


def _facts(mine: _Load, control: _Load, download: Download, committed: float, again: dict[str, int]) -> dict[str, Any]:
    keys, reads = mine.keys.tally, mine.connections.tally
    closed = mine.sockets.closed()
    # A request that was under way at the COMMIT may still answer; one that began after it may not.
    return {
        "name": "B13",
        "attempts": keys.refused_after(committed) + reads.refused_after(committed) + again["tries"],
        "failures": keys.worked_after(committed) + reads.worked_after(committed) + again["successes"],
        "sockets": mine.sockets.open,
        "keys": len(mine.keys.keys),
        "connections": len(mine.connections.tickets),
        "sockets_closed": len(closed),
        "sockets_closed_after_ms": round(1000 * (max((at for at, _ in closed), default=committed) - committed)),
        "close_codes": sorted({code for _, code in closed}),
        "requests_before": keys.worked_before(committed),
        "statements_before": reads.worked_before(committed),
        "requests_after": keys.worked_after(committed),
        "statements_after": reads.worked_after(committed),
        "download_bytes": download.read,
        "download_ended_after_ms": round(1000 * (download.ended_at - committed)),
        "download_last_line": download.last_line.decode(),
        "told_in_words": again["worded"],
        "others_sockets_closed": len(control.sockets.closed()),
        "others_refused": len(control.keys.tally.refused) + len(control.connections.tally.refused),
        "others_after": control.keys.tally.worked_after(committed) + control.connections.tally.worked_after(committed),
        "odd": (keys.odd + control.keys.tally.odd)[:3],
    }


def _webhooks(tool: Tool, happening: Happening, committed: float) -> dict[str, Any]:
    """What came to both tools until now. A message that was on its way at the COMMIT has a second to arrive."""
    times, others = tool.times(f"/{TARGET}"), tool.times(f"/{OTHER}")
    return {
        "webhooks_before": sum(at <= committed for at in times),
        "webhooks_last_after_ms": round(1000 * max(0.0, max(times) - committed)),
        "webhooks_after": sum(at > committed + BOUND_MS / 1000 for at in times),
        "webhooks_held": happening.waiting(f"/{TARGET}"),
        "others_webhooks_after": sum(at > committed + BOUND_MS / 1000 for at in others),
    }


def _lifting(url: str, two: Committed, isolation: Any, key: str) -> dict[str, bool]:
    """One person does not lift it, two of two others do; a key works again, a session from before does not."""
    alone = _refused(lambda: two.act(LEAD, "SELECT sec.lift_isolation(%s, NULL)", isolation))
    same = _refused(lambda: two.lift(isolation, TARGET, second=LEAD))
    two.lift(isolation, TARGET)
    status, _ = answer_of(url, "/api/v1/incidents/", Authorization=f"Bearer {key}")
    return {"one_person_lifts": not (alone and same), "two_people_lift": status == 200}


def _refused(act: Any) -> bool:
    try:
        act()
    except psycopg.Error:
        return True
    return False


def _wrong(facts: dict[str, Any], size: Size) -> list[str]:
    """The bounds that were missed, in words."""
    bounds = {
        "nothing was attempted": facts["attempts"] > 0,
        "there was no load": facts["requests_before"] > size.keys and facts["statements_before"] > 100,
        "something worked afterwards": facts["failures"] == 0,
        "sockets stayed open": facts["sockets_closed"] == facts["sockets"] == size.sockets,
        "sockets closed late": facts["sockets_closed_after_ms"] <= BOUND_MS,
        "sockets closed with another code": facts["close_codes"] == [4403],
        "the download was not under way, or went on": facts["download_last_line"] == '{"cut_off":true}',
        "the download ended late": facts["download_ended_after_ms"] <= BOUND_MS,
        "nobody was told in words": facts["told_in_words"] > 0,
        "somebody else was disturbed": facts["others_sockets_closed"] == facts["others_refused"] == 0,
        "no webhook was sent before": facts["webhooks_before"] > 0,
        "webhooks went on": facts["webhooks_after"] == 0,
        "no webhook was held": facts["webhooks_held"] > 0,
        "what was held did not come afterwards": facts["webhooks_came_back"],
        "nobody else's webhooks went on": facts["others_webhooks_after"] > 0,
        "nobody else went on": facts["others_after"] > 0,
        "one person lifted it": not facts["one_person_lifts"],
        "two people could not lift it": facts["two_people_lift"],
    }
    return [words for words, holds in bounds.items() if not holds]


def main(again_for: float) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    missed = False
    with (
        tempfile.TemporaryDirectory() as folder,
        a_tool() as tool,
        a_product(Path(folder) / "var", "prove") as product,
    ):
        facts = run(product.url, product.live_url, product.database_url, tool, Size(again_for=again_for))
        print(json.dumps(facts), flush=True)
        missed = bool(facts["wrong"])
    return int(_guesses() or missed)


def _guesses() -> bool:
    """B20, when it is there: whether a bound was missed."""
    try:
        guessing = import_module("scripts.prove.guessing")
    except ImportError:
        return False
    database = "bulkhead_test_prove_guessing"
    servers.copy_template(database)
    try:
        with django_on(database):
            facts = of_guesses(guessing.run(10_000))
    finally:
        servers.drop(database)
    print(json.dumps(facts), flush=True)
    return bool(facts["failures"]) or not facts["attempts"]


def of_guesses(found: dict[str, Any]) -> dict[str, Any]:
    """The line of B20. A failure is a guess that was accepted, and an owner who no longer gets in."""
    return {"name": "B20", "failures": found["accepted"] + (not found["owner_signed_in"]), **found}


if __name__ == "__main__":
    try:
        status = main(float(sys.argv[1]) if len(sys.argv) > 1 else AGAIN_FOR)
    finally:
        servers.pytest_unconfigure(None)  # type: ignore[arg-type]
    sys.exit(status)
