"""One run of B6 or B7: messages go out while workers, the database and the broker are killed under them."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
import redis

from portal.embedded_server import Server
from scripts.prove.gate import Gate
from scripts.prove.workforce import Workforce

LOOK_SECONDS = 0.02
START_SECONDS = 60.0
REVIVE_SECONDS = 2.0
WAITING = "SELECT count(*) FROM {} WHERE state IN ('pending', 'claimed')"


class Half(Protocol):
    """What goes out, and the other side of it. Its numbers come from the other side alone, never from our tables.

    `process` is the kind of worker that sends it, and `queue` the table that it claims from; `facts` is what the other
    side has to say besides. Beyond its `gate` it lets senders wait.
    """

    gate: Gate
    process: str
    queue: str
    environment: Mapping[str, str]

    def arrange(self, owner_url: str, worker_url: str) -> None: ...
    def count(self) -> int: ...
    def missing(self) -> int: ...
    def repeated(self) -> int: ...
    def facts(self) -> Mapping[str, int]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Harm:
    """What is done at which share of the messages; a share of 0 is never. `broker_away` in seconds."""

    kills: int
    database_crash_at: float = 0
    broker_flush_at: float = 0
    broker_stop_at: float = 0
    broker_away: float = 60
    kills_until: float = 0.9


@dataclass
class Site:
    """Where it runs. `crash` ends the database without ceremony and brings it back."""

    environment: Mapping[str, str]
    owner_url: str
    worker_url: str
    log: Path
    crash: Callable[[], None]
    broker: Server


class Step(NamedTuple):
    """Done when so many messages have arrived; one that answers False is tried again.

    `held_at`: when so many have, the others wait for it, because it needs somebody who has messages in hand.
    """

    at: int
    do: Callable[[Workforce], bool]
    held_at: int | None = None


@dataclass
class Course:
    """How far one run has come."""

    kills: int = 0
    done: list[str] = field(default_factory=list)
    broker_back_at: float = 0


def run(name: str, half: Half, site: Site, harm: Harm, *, messages: int, chance: random.Random, patience: float) -> Any:
    """Send all of it under harm; the facts. `lost` counts what had not come when nothing came for `patience` seconds.

    A slow machine loses nothing: the patience begins anew with each harm and each message.

    `harm` says how often each was done; `wrong` looks whether that is what was asked for.
    """
    course = Course()
    steps = _steps(harm, site, course, messages, chance)
    environment = {**site.environment, **half.environment}
    with Workforce(environment, site.owner_url, site.log, process=half.process, queue=half.queue) as workforce:
        wait_for_workers(site.owner_url, half.process)
        half.arrange(site.owner_url, site.worker_url)
        began = time.monotonic()
        quiet_since = revive_at = time.monotonic()
        came = 0
        while time.monotonic() < quiet_since + patience:
            half.gate.most = steps[0].held_at if steps else None
            time.sleep(LOOK_SECONDS)
            if half.count() > came:
                came, quiet_since = half.count(), time.monotonic()
            if time.monotonic() > revive_at:
                revive_at = time.monotonic() + REVIVE_SECONDS
                course.done += [f"{each} ended by itself" for each in workforce.revive()]
            if course.broker_back_at and time.monotonic() > course.broker_back_at:
                course.broker_back_at = 0
                site.broker.start()
                course.done.append("broker back")
            if steps and half.count() >= steps[0].at:
                if steps[0].do(workforce):
                    steps.pop(0)
                    quiet_since = time.monotonic()
                elif not half.missing():  # nobody works any more
                    break
                continue
            if (
                not steps
                and not course.broker_back_at
                and not half.missing()
                and not _waiting(site.owner_url, half.queue)
            ):
                break
    half.gate.most = None
    if course.broker_back_at:
        site.broker.start()
        course.done.append("broker back")
    print(f"{name}: {', '.join(course.done)}", file=sys.stderr)
    repeated = half.repeated()
    return {
        "name": name,
        "messages": messages,
        "kills": course.kills,
        "harm": dict(Counter(course.done)),
        "lost": half.missing(),
        "duplicates": repeated,
        "duplicates_ratio": round(repeated / messages, 5),
        "seconds": round(time.monotonic() - began, 1),
        **half.facts(),
    }


def judged(facts: Mapping[str, Any], harm: Harm, most_repeated: float) -> dict[str, Any]:
    """The facts with `wrong`, the bounds that were missed, and `failures`, how many those are."""
    missed = wrong(facts, harm, most_repeated)
    return {**facts, "failures": len(missed), "wrong": missed}


def wrong(facts: Mapping[str, Any], harm: Harm, most_repeated: float) -> list[str]:
    """The bounds that were missed, in words."""
    bounds = {
        "something was lost": facts["lost"] == 0,
        "too much came twice": facts["duplicates_ratio"] <= most_repeated,
        "not every kill was done": facts["kills"] == harm.kills,
        "not all harm was done": _asked_for(harm).items() <= facts["harm"].items(),
        "nothing was sent": facts["messages"] > 0,
    }
    return [words for words, holds in bounds.items() if not holds]


def _asked_for(harm: Harm) -> dict[str, int]:
    """How often each is done but the kills; stopping the broker empties it first."""
    wanted = {
        "database crashed": bool(harm.database_crash_at),
        "broker flushed": bool(harm.broker_flush_at) + bool(harm.broker_stop_at),
        "broker stopped": bool(harm.broker_stop_at),
        "broker back": bool(harm.broker_stop_at),
    }
    return {what: int(times) for what, times in wanted.items() if times}


def _steps(harm: Harm, site: Site, course: Course, messages: int, chance: random.Random) -> list[Step]:
    """What is done, in its order."""

    def kill(workforce: Workforce) -> bool:
        time.sleep(chance.uniform(0, 0.2))  # anywhere in a batch
        killed = workforce.kill_one(chance)
        course.kills += killed
        if killed:
            course.done.append("kill")
        return killed

    def crash(workforce: Workforce) -> bool:
        site.crash()
        course.done.append("database crashed")
        return True

    def flush(workforce: Workforce) -> bool:
        redis.Redis.from_url(site.environment["VALKEY_URL"]).flushall()
        course.done.append("broker flushed")
        return True

    def stop(workforce: Workforce) -> bool:
        flush(workforce)
        site.broker.stop()
        course.broker_back_at = time.monotonic() + harm.broker_away
        course.done.append("broker stopped")
        return True

    first, last = int(messages * 0.02), int(messages * harm.kills_until)
    kills = chance.sample(range(first, last), harm.kills)
    steps = [Step(at, kill, at + 1 + chance.randrange(max(1, messages // 20))) for at in kills]
    for share, step in ((harm.database_crash_at, crash), (harm.broker_flush_at, flush), (harm.broker_stop_at, stop)):
        if share:
            steps.append(Step(int(messages * share), step))
    return sorted(steps, key=lambda each: each.at)


def wait_for_workers(owner_url: str, process: str) -> None:
    """Until one has said that it lives: before, the scheduler would send with its own hands."""
    end = time.monotonic() + START_SECONDS
    beats = "SELECT 1 FROM sec.beats() WHERE process = %s AND seconds_ago < 2"
    with psycopg.connect(owner_url, autocommit=True) as owner:
        while owner.execute(beats, [process]).fetchone() is None:
            if time.monotonic() > end:
                raise RuntimeError("no worker has started")
            time.sleep(LOOK_SECONDS)


def _waiting(owner_url: str, queue: str) -> int:
    with psycopg.connect(owner_url) as owner:
        row = owner.execute(WAITING.format(queue)).fetchone()
    assert row
    return int(row[0])


def crash_of(server: Server) -> Callable[[], None]:
    """PostgreSQL's immediate shutdown: no checkpoint, every connection cut; then a start with recovery."""

    def crash() -> None:
        assert server.process is not None
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(30)
        server.start()

    return crash
