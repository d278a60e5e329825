"""`J2`: one event for 33 organisations, from the return of its COMMIT to the last of 2,000 sockets.

Ours is the real live process, woken by the real ledger; its sockets sign in with tickets. The limits are broadcasts of
two libraries, websockets and Node's ws, in a process that is told directly. The same readers listen to all, a process
each. Two lines more without a bound: the same at 5,000 sockets, and long events while 50 sockets never read.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import json
import resource
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import median

import django

django.setup()

from benchmarks.j2_stage import (
    ORGANISATIONS,
    Incident,
    Process,
    Readers,
    commit_one_event,
    make_incident,
    socket_tickets,
    start_limit,
    start_live,
    tell,
)
from benchmarks.result import Result, take_turns
from portal.tenancy.door import mint
from portal.tenancy.scope import at_the_door

SOCKETS, ROUNDS, WARM_UP = 2000, 25, 4
MANY, MANY_ROUNDS = 5000, 9
DEAD, BESIDE_THEM, LONG, LONG_EVENTS = 50, 200, 16_000, 450  # sockets, sockets, letters, events
LAST_WORDS_SECONDS = 8  # after its buffers are full, the server waits five for a reader that takes nothing


class Ours:
    """Sockets of the real live process, and whoever records the events."""

    def __init__(self, stack: ExitStack, incident: Incident, port: int, count: int, *, dead: int = 0) -> None:
        tickets = socket_tickets(incident.organisations, count)
        self.readers = Readers(stack, port, [f"/live/?ticket={each}" for each in tickets], dead=dead)
        self.incident = incident
        with at_the_door():
            self.author = mint(
                secrets.token_hex(), organisation_id=incident.organisations[0], kind="session", lifetime_seconds=3600
            )

    def once(self, **how: int) -> float:
        """Milliseconds from the return of COMMIT to the last socket."""
        self.readers.expect_one_more()
        began = commit_one_event(self.incident, self.author, **how)
        return (self.readers.last_at() - began) * 1000


def of_limit(told: Process, readers: Readers) -> Callable[[], float]:
    def once() -> float:
        readers.expect_one_more()
        began = time.monotonic()
        tell(told, "go")
        return (readers.last_at() - began) * 1000

    return once


def broadcast(stack: ExitStack, script: str, count: int) -> tuple[Callable[[], float], Readers]:
    told, port = start_limit(stack, script)
    groups = [f"/live/?group={number % ORGANISATIONS}" for number in range(count)]
    readers = Readers(stack, port, groups)
    return of_limit(told, readers), readers


def line(name: str, ours: Sequence[float], limit: Sequence[float]) -> Result:
    mine, theirs = median(ours), median(limit)
    return {
        "name": name,
        "ours": round(mine, 2),
        "limit": round(theirs, 2),
        "ratio": round(mine / theirs, 2),
        "unit": "ms",
        "rounds": len(ours),
        "better": "low",
    }


def against(incident: Incident, name: str, script: str, *, count: int = SOCKETS, rounds: int = ROUNDS) -> Result:
    """Ours and a limit in turn, each with as many sockets.

    Raises:
        RuntimeError: an event was lost on the way to one of the sockets, ours or the limit's.
    """
    with ExitStack() as stack:
        ours = Ours(stack, incident, start_live(stack), count)
        theirs, readers = broadcast(stack, script, count)
        take_turns(WARM_UP, ours.once, theirs)
        mine, limit = take_turns(rounds, ours.once, theirs)
        ours.readers.check()
        readers.check()
    return line(name, mine, limit)


def beside_dead_readers(incident: Incident) -> Result:
    """Long events to 200 sockets beside 50 that never read, against the same without them.

    Raises:
        RuntimeError: an event was lost, or one of the dead sockets was kept to the end.
    """
    taken = []
    for dead in (DEAD, 0):
        with ExitStack() as stack:
            ours = Ours(stack, incident, start_live(stack), BESIDE_THEM + dead, dead=dead)
            taken.append([ours.once(filler=LONG) for _ in range(LONG_EVENTS)])
            time.sleep(LAST_WORDS_SECONDS if dead else 0)
            given_up = ours.readers.check()
            if given_up != dead:
                raise RuntimeError(f"of {dead} sockets that never read {given_up} were given up")
    return line("info J2 beside 50 dead readers", taken[0], taken[1])


def run() -> Iterator[Result]:
    """The lines of `make bench`. Milliseconds, medians."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 3 * MANY)), hard))
    incident = make_incident()
    yield against(incident, "J2 websockets", "j2_broadcast.py")
    yield against(incident, "J2 ws", "j2_ws.mjs")
    yield against(incident, "info J2 5000 sockets", "j2_broadcast.py", count=MANY, rounds=MANY_ROUNDS)
    yield beside_dead_readers(incident)


if __name__ == "__main__":
    for result in run():
        print(json.dumps(result), flush=True)
