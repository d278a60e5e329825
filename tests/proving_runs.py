"""Random playbooks on the real database, with random answers, repeats and killed workers, against the rules by hand.

A kill is a look at the run whose transaction is thrown away at some point after its claim was written; the claim is
then left to run out. What came of it is read as the owner of the tables.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit
from uuid import UUID

import psycopg
from django.db import connections

import incidents.advance
from incidents.advance import advance_due
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from incidents.playbooks import keep_playbook
from incidents.running.deciding import choose
from portal.ledger.record import Actor
from portal.tenancy.scope import organisation_scope
from tests.notifications.stage import Stage, address
from tests.random_playbooks import VALUES, Maker
from tests.running_rules import SETTLED, World

POINTS = ("facts_of", "keep_rows", "ahead_of", "write_tasks", "make_ready", "keep_asks", "tell")
FEW_EVENTS = 150


class Killed(BaseException):
    """The worker died here."""


@dataclass
class Proof:
    """What was done, and where the product and the rules did not agree."""

    attempts: int = 0
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Logins:
    """Open connections of the application's role, the worker's and the owner's, and a ticket for each organisation."""

    def __init__(self, stage: Stage) -> None:
        self.ids = stage.ids
        self.tickets = {slug: stage.ticket(slug) for slug in stage.ids}
        ((manager,),) = stage.owner(
            "SELECT id FROM partners_person WHERE organisation_id = %s AND role = 'incident_manager' AND is_active"
            " ORDER BY name LIMIT 1",
            [stage.ids["ashbourne"]],
        )
        self.tickets["ashbourne"] = stage.ticket("ashbourne", manager)  # a person decides how a plan goes on
        self.before = connections["default"]
        self.app, self.worker = (
            self.django(address(variable)) for variable in ("DATABASE_URL_APP", "DATABASE_URL_WORKER")
        )
        self.owner_connection = psycopg.connect(address("DATABASE_URL"), autocommit=True)
        self.app_connection = psycopg.connect(address("DATABASE_URL_APP"), autocommit=True)

    def django(self, url: str) -> Any:
        login = urlsplit(url)
        settings = {**self.before.settings_dict, "USER": login.username, "PASSWORD": unquote(login.password or "")}
        return type(self.before)(settings, "default")

    @contextmanager
    def acting(self, slug: str) -> Iterator[Actor]:
        connections["default"] = self.app
        try:
            with organisation_scope(self.tickets[slug]):
                yield Actor(self.ids[slug], "person")
        finally:
            connections["default"] = self.worker

    def owner(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        cursor = self.owner_connection.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []

    def answers(self, slug: str, task_id: UUID, to: str, said: dict[str, str]) -> None:
        """One's own task, by plain SQL as the application's role: what the pages do takes ten times longer."""
        with self.app_connection.transaction():
            self.app_connection.execute("SELECT set_config('app.ticket', %s, true)", [self.tickets[slug]])
            for name, value in said.items():
                self.app_connection.execute(
                    "INSERT INTO incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind,"
                    " value, at)"
                    " SELECT gen_random_uuid(), incident_id, id, organisation_id, path, %s, 'string', %s, now()"
                    " FROM incidents_task WHERE id = %s",
                    [name, value, task_id],
                )
            self.app_connection.execute(
                "UPDATE incidents_task SET status = %s, reason = 'so' WHERE id = %s", [to, task_id]
            )

    def __enter__(self) -> Logins:
        connections["default"] = self.worker
        return self

    def __exit__(self, *error: object) -> None:
        connections["default"] = self.before
        for connection in (self.app, self.worker, self.owner_connection, self.app_connection):
            connection.close()


class Trial:
    """One playbook, from opening to its end. Organisations act as the application's role, looks are the worker's."""

    def __init__(self, stage: Logins, seed: int, proof: Proof) -> None:
        self.stage, self.dice, self.proof = stage, random.Random(seed), proof
        documents = Maker(seed).documents()
        with stage.acting("ashbourne") as actor:
            for document in reversed(documents):
                keep_playbook(document, organisation_id=actor.organisation_id, actor=None)
            slug = documents[0]["name"].lower().replace(" ", "-")
            opening = Opening(title="Random", systems=("telephony",), playbook=slug)
            self.incident: Incident = open_incident(opening, actor=actor)
        sides = stage.owner(
            "SELECT slug, CASE WHEN is_provider THEN 'provider' ELSE kind END, role FROM incidents_participant"
            " WHERE incident_id = %s",
            [self.incident.pk],
        )
        self.world = World(documents, {slug: (kind, role) for slug, kind, role in sides})

    def run(self) -> str:
        """What differs, or "" when nothing does."""
        for happened in range(FEW_EVENTS):
            self.time_passes(self.world.now + 1)  # no two looks are at the same time
            self.world.settle()
            self.look()
            if differs := self.differs():
                return f"after {happened}: {differs}"
            if self.world.ended:
                return ""
            for _ in range(self.dice.randint(2, 6)):  # several answers between two looks
                if not self.something():
                    break
        return ""

    def look(self) -> None:
        """Look until nothing is due: sometimes a worker dies over it, sometimes it looks once too often."""
        while self.dice.random() < 0.25:
            with pytest_free_raises(), killing(self.dice):
                advance_due()
            self.proof.counts["kills"] += 1
            self.owner("UPDATE incidents_run SET claimed_until = now() - interval '1 second' WHERE claimed_by <> ''")
        for _ in range(30):
            advance_due()
            if not self.owner("SELECT 1 FROM incidents_run WHERE due_at <= now() OR claimed_by <> ''"):
                break
        if self.dice.random() < 0.2:
            self.owner("UPDATE incidents_run SET due_at = now() WHERE incident_id = %s", [self.incident.pk])
            advance_due()
            self.proof.counts["repeats"] += 1

    def something(self) -> bool:
        world = self.world
        tasks = sorted(each for each in self.there if world.status(each[:2], each[2]) not in SETTLED)
        doable, later = [each for each in tasks if each in self.was_ready], world.next_time()
        asks = sorted(self.was_asked - world.chosen.keys())
        can = ["task"] * 6 * bool(doable) + ["refuse"] * bool(tasks) + ["ask"] * 3 * bool(asks)
        taken_back = sorted(
            (*this, name)
            for this, state in world.begun.items()
            for name, status in world.statuses.get(this, {}).items()
            if state == ("asked", "failure") and status == "declined"
        )
        can += ["take back"] * bool(taken_back)
        if later is not None and (not (doable or asks) or self.dice.random() < 0.2):
            can.append("time")
        if not can or world.ended:
            return False
        what = self.dice.choice(can)
        self.proof.counts[what] += 1
        if what == "time":
            self.time_passes(later or 0)
        elif what == "take back":
            self.take_back(self.dice.choice(taken_back))
        elif what == "ask":
            self.decide(self.dice.choice(asks))
        else:
            self.answer(self.dice.choice(doable if what == "task" else tasks), done=what == "task")
        return True

    def time_passes(self, now: int) -> None:
        """The clock is the database's: what the rules say is due by then is due there."""
        self.world.now = now
        due = [this for this, at in self.world.timers.items() if at <= now]
        for key, turn in due:
            self.owner(
                "UPDATE incidents_runstep SET due_at = now() - interval '1 second'"
                " WHERE incident_id = %s AND key = %s AND turn = %s AND due_at IS NOT NULL",
                [self.incident.pk, key, turn],
            )
        if due:
            self.owner("UPDATE incidents_run SET due_at = now() WHERE incident_id = %s", [self.incident.pk])

    def decide(self, ask: tuple[str, int, str, int]) -> None:
        key, turn, kind, lap = ask
        ((decision, choices),) = self.owner(
            "SELECT id, choices FROM incidents_decision"
            " WHERE incident_id = %s AND key = %s AND turn = %s AND kind = %s AND lap = %s",
            [self.incident.pk, key, turn, kind, lap],
        )
        pick = self.dice.choice(choices)
        with self.stage.acting("ashbourne") as actor:
            choose(decision_id=decision, actor=actor, chosen=pick, why="It is so.")
        self.world.chosen[ask] = pick

    def take_back(self, task: tuple[str, int, str]) -> None:
        key, turn, slug = task
        task_id, _ = self.task(task)
        self.stage.answers(slug, task_id, "acknowledged", {})
        self.world.statuses[key, turn][slug] = "acknowledged"

    def task(self, task: tuple[str, int, str]) -> tuple[UUID, list[dict[str, Any]]]:
        """Its id, and what its step asks for."""
        key, turn, slug = task
        ((task_id, asked),) = self.owner(
            "SELECT t.id, s.answers FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id"
            " WHERE t.incident_id = %s AND t.organisation_id = %s AND t.path || s.cacao_step_id = %s AND t.turn = %s",
            [self.incident.pk, self.stage.ids[slug], key, turn],
        )
        return task_id, asked

    def answer(self, task: tuple[str, int, str], *, done: bool) -> None:
        key, turn, slug = task
        task_id, asked = self.task(task)
        to = "done" if done else self.dice.choice(["declined", "not_affected"])
        said = {each["name"]: self.dice.choice(VALUES) for each in asked} if done else {}
        deciding = self.world.asked((key, turn))  # the database refuses any that it holds for nobody's question
        self.stage.answers(slug, task_id, to, {name: value for name, value in said.items() if name in deciding})
        self.world.statuses.setdefault((key, turn), {})[slug] = to
        self.world.answered += [((key, turn), slug, name, value) for name, value in said.items() if name in deciding]

    def differs(self) -> str:
        rows = {
            (key, turn): (state, outcome)
            for key, turn, state, outcome in self.read("key, turn, state, outcome FROM incidents_runstep")
        }
        if rows != self.world.begun:
            return f"steps {sorted(rows.items() ^ self.world.begun.items())}"
        ((ended,),) = self.read("ended_at IS NOT NULL FROM incidents_run")
        if ended != self.world.ended:
            return f"ended {ended}"
        asked = set(
            self.read("key, turn, kind, lap FROM incidents_decision", "AND chosen IS NULL AND withdrawn_at IS NULL")
        )
        if asked != (set() if ended else self.world.asks):
            return f"asks {asked ^ self.world.asks}"
        tasks = self.read(
            "t.path || s.cacao_step_id, t.turn, o.slug, t.ready, t.status FROM incidents_task t"
            " JOIN incidents_step s ON s.id = t.step_id JOIN partners_organisation o ON o.id = t.organisation_id"
        )
        settled = {(key, turn, slug) for key, turn, slug, _, status in tasks if status in SETTLED}
        self.was_ready = {(key, turn, slug) for key, turn, slug, ready, _ in tasks if ready}
        self.was_asked, self.there = asked, {(key, turn, slug) for key, turn, slug, *_ in tasks}
        wanted = self.world.with_somebody() - settled
        if self.was_ready - settled != wanted:
            return f"ready {sorted((self.was_ready - settled) ^ wanted)}"
        if missing := self.world.written() - self.there:
            return f"tasks that are not there {missing}"
        return ""

    def read(self, what: str, condition: str = "") -> list[tuple[Any, ...]]:
        return self.owner(f"SELECT {what} WHERE incident_id = %s {condition}", [self.incident.pk])

    def owner(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        return self.stage.owner(sql, parameters)

    def put_away(self) -> None:
        """Closed, and of an earlier day: beyond twenty an hour an opening would start as suspected."""
        self.owner(
            "UPDATE incidents_incident SET opened_at = opened_at - interval '2 days', status = 'closed',"
            " outcome = 'resolved', closed_at = now() WHERE id = %s",
            [self.incident.pk],
        )
        self.owner("UPDATE incidents_run SET due_at = NULL WHERE incident_id = %s", [self.incident.pk])


@contextmanager
def killing(dice: random.Random) -> Iterator[None]:
    """At one of the points of a look, before or after what it does there, the worker dies."""
    point, after = dice.choice(POINTS), dice.random() < 0.5
    real = getattr(incidents.advance, point)

    def dies(*given: Any, **named: Any) -> None:
        if after:
            real(*given, **named)
        raise Killed

    with mock.patch.object(incidents.advance, point, dies):
        yield


@contextmanager
def pytest_free_raises() -> Iterator[None]:
    try:
        yield
    except Killed:
        return


def prove(stage: Stage, seeds: Iterable[int], *, seconds: float = float("inf")) -> Proof:
    """Run one playbook per seed; stops before the next when the time is up."""
    proof, began = Proof(), time.monotonic()
    with Logins(stage) as logins:
        for seed in seeds:
            if time.monotonic() - began > seconds:
                break
            proof.attempts += 1
            trial = Trial(logins, seed, proof)
            if differs := trial.run():
                proof.failures.append(f"seed {seed}, {differs}")
            trial.put_away()
    return proof
