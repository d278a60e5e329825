"""The rules of a run against the same rules written by hand, on random playbooks with random answers. No database."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from incidents.cacao.reading import read_playbook
from incidents.running.ahead import ahead_of
from incidents.running.conditions import Value
from incidents.running.engine import Answer, Ask, Engine, Facts, Tally, choices_of
from incidents.running.graph import Graph, linked
from tests.random_playbooks import VALUES, Maker
from tests.running_rules import SETTLED, World, where

BEGIN = datetime(2026, 11, 26, tzinfo=UTC)
ORGANISATIONS = {
    "ashbourne": ("council", "lead"),
    "dunmere": ("council", "participant"),
    "eastwick": ("council", "participant"),
    "northgate": ("provider", "provider"),
}


class Pure:
    """The product's rules, with rows and tasks in memory; built anew for every look, as a worker would."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.rows, self.ended = graph, [], False
        self.ahead = ahead_of(Engine(graph, [], ended=True))
        self.asks: set[Ask] = set()

    def look(self, world: World) -> None:
        engine = Engine(self.graph, [replace(row) for row in self.rows], ended=self.ended)
        while engine.move(self.facts(world, engine)):
            pass
        self.rows, self.ended, self.asks = list(engine.rows.values()), engine.ended, engine.asks
        self.ahead = ahead_of(engine)

    def facts(self, world: World, engine: Engine) -> Facts:
        tallies = {}
        for this in engine.rows:
            words = {name: world.status(this, name) for name in world.concerned_by(this)}
            count = Counter("done" if word == "verified" else word for word in words.values())
            lead = next((word for name, word in words.items() if ORGANISATIONS[name][1] == "lead"), "")
            of_lead = {"done": "done", "declined": "declined", "not_affected": "passed", "": ""}.get(lead, "open")
            tallies[this] = Tally(
                sum(n for word, n in count.items() if word not in SETTLED),
                count["done"], count["declined"], count["not_affected"], of_lead,  # type: ignore[arg-type]
            )  # fmt: skip
        answers = [
            Answer(this, where(this), name, Value("string", value), ORGANISATIONS[who][1] == "lead")
            for this, who, name, value in world.answered
            if world.statuses[this][who] == "done"
        ]
        chosen = {Ask(key, turn, kind, lap): pick for (key, turn, kind, lap), pick in world.chosen.items()}  # type: ignore[arg-type]
        return Facts(BEGIN + timedelta(milliseconds=world.now), tallies, chosen, answers, world.suspected)

    def ready(self, world: World) -> set[tuple[str, int, str]]:
        found = {(*row.id, name) for row in self.rows if row.began for name in world.concerned_by(row.id)}
        for this, befores in self.ahead.own.items():
            for name in world.concerned_by(this):
                if all(
                    name in set(world.concerned_by(each)) and world.status(each, name) in SETTLED for each in befores
                ):
                    found.add((*this, name))
        return found

    def written(self, world: World) -> set[tuple[str, int, str]]:
        ids = [row.id for row in self.rows] + self.ahead.steps
        return {(*this, name) for this in ids for name in world.concerned_by(this)}


def something(world: World, dice: random.Random, graph: Graph) -> bool:
    """One thing happens: a task is answered, a question, or time passes. False when nothing can any more."""
    ready = world.ready()
    tasks = sorted(each for each in world.written() if world.status(each[:2], each[2]) not in SETTLED)
    doable = [each for each in tasks if each in ready]
    asks, later = sorted(world.asks), world.next_time()
    can = ["task"] * 6 * bool(doable) + ["refuse"] * bool(tasks) + ["ask"] * 3 * bool(asks)
    can += ["time"] * (2 if doable or asks else 1) * (later is not None)
    can += ["declare"] * world.suspected
    taken_back = [
        (this, name)
        for this, state in sorted(world.begun.items())
        for name in world.concerned_by(this)
        if state == ("asked", "failure") and world.status(this, name) == "declined"
    ]
    can += ["take back"] * bool(taken_back)
    if not can:
        return False
    what = dice.choice(can)
    if what == "declare":
        world.declare()
    elif what == "take back":
        this, name = dice.choice(taken_back)
        world.statuses[this][name] = "acknowledged"
    elif what == "time":
        assert later is not None
        world.now = later
    elif what == "ask":
        key, turn, kind, lap = dice.choice(asks)
        world.chosen[key, turn, kind, lap] = dice.choice(choices_of(graph.nodes[key], kind))  # type: ignore[arg-type]
    else:
        key, turn, name = dice.choice(doable if what == "task" else tasks)
        to = "done" if what == "task" else dice.choice(["declined", "not_affected"])
        world.statuses.setdefault((key, turn), {})[name] = to
        if to == "done":
            for variable in sorted(world.asked((key, turn))):
                world.answered.append(((key, turn), name, variable, dice.choice(VALUES)))
    return True


def run_once(seed: int) -> int:
    """One playbook to its end, compared after everything that happens; how many things happened."""
    dice, documents = random.Random(seed), Maker(seed).documents()
    by_id = {document["id"]: document for document in documents}
    graph = linked("0", documents[0], lambda path, wanted, version: (wanted, by_id[wanted]))
    world, pure = World(documents, ORGANISATIONS, suspected=seed % 3 == 0), Pure(graph)
    for happened in range(400):
        world.settle()
        pure.look(world)
        where_it_is = f"seed {seed}, after {happened}"
        assert {row.id: (row.state, row.outcome) for row in pure.rows} == world.begun, where_it_is
        assert pure.ended == world.ended, where_it_is
        asked = {(ask.key, ask.turn, ask.kind, ask.lap) for ask in pure.asks}
        assert asked == (set() if world.ended else world.asks), where_it_is
        assert pure.ready(world) == world.ready(), where_it_is
        assert pure.written(world) == world.written(), where_it_is
        for row in pure.rows:
            given = world.plans[where(row.id)]["workflow"][row.key.removeprefix(where(row.id))].get("out_args", [])
            assert set(given) & set(graph.asked(graph.nodes[row.key])) == world.asked(row.id), where_it_is
        if world.ended or not something(world, dice, graph):
            break
    assert world.ended or happened == 399, f"seed {seed} is stuck"
    return happened


def test_random_playbooks_keep_the_standard_and_use_every_kind_of_step():
    kinds: Counter[str] = Counter()
    for seed in range(150):
        for document in Maker(seed).documents():
            read_playbook(document)
            kinds.update(step["type"] for step in document["workflow"].values())
    assert len(kinds) == 8
    assert min(kinds.values()) > 40


def test_random_runs_go_as_the_rules_written_by_hand():
    assert sum(run_once(seed) for seed in range(400)) > 4_000


def test_no_time_runs_out_while_an_incident_is_only_suspected():
    document = Maker(0).documents()[0]
    first = document["workflow"][document["workflow_start"]]["on_completion"]
    document["workflow"] = {
        document["workflow_start"]: {"type": "start", "on_completion": first},
        first: {"type": "action", "name": "A", "timeout": 60_000, "on_success": "end--a", "on_failure": "end--a"},
        "end--a": {"type": "end"},
    }
    document.pop("workflow_exception", None)
    engine = Engine(linked("0", document, lambda path, wanted, version: None), [])
    silent = {(first, 1): Tally(open=1)}

    def looks(minutes: int, *, suspected: bool) -> tuple[bool, datetime | None]:
        engine.move(Facts(BEGIN + timedelta(minutes=minutes), silent, suspected=suspected))
        return engine.ended, engine.due()

    assert looks(0, suspected=True) == (False, None)
    assert looks(600, suspected=True) == (False, None)
    assert looks(600, suspected=False) == (False, BEGIN + timedelta(minutes=601))
    assert looks(601, suspected=False) == (True, None)


def test_the_first_of_many_answers_decides_nothing_by_itself():
    """While three are asked in one branch, a condition in the other waits; when they differ the lead is asked."""
    document = Maker(0).documents()[0]
    start, ask, choose, both = document["workflow_start"], "action--a", "if-condition--b", "parallel--c"
    document |= {"playbook_variables": {"__hit__": {"type": "string"}}}
    document["workflow"] = {
        start: {"type": "start", "on_completion": both},
        both: {"type": "parallel", "next_steps": [ask, choose], "on_completion": "end--d"},
        ask: {"type": "action", "name": "A", "out_args": ["__hit__"], "on_completion": "end--d"},
        choose: {"type": "if-condition", "condition": "__hit__:value = 'x'", "on_true": "end--d"},
        "end--d": {"type": "end"},
    }
    document.pop("workflow_exception", None)
    for others, ended in (("x", True), ("y", False)):
        engine = Engine(linked("0", document, lambda path, wanted, version: None), [])
        first = Answer((ask, 1), "", "__hit__", Value("string", "x"), leads=False)
        engine.move(Facts(BEGIN, {(ask, 1): Tally(open=2, done=1)}, answers=[first]))
        assert engine.asks == {Ask(choose, 1, "choose")}
        more = [first, replace(first, value=Value("string", others))]
        engine.move(Facts(BEGIN, {(ask, 1): Tally(done=3)}, answers=more))
        assert engine.ended == ended
        assert engine.asks == (set() if ended else {Ask(choose, 1, "choose")})


def test_what_the_lead_has_said_of_a_failed_step_stands():
    document = Maker(0).documents()[0]
    start, first = document["workflow_start"], "action--a"
    document["workflow"] = {
        start: {"type": "start", "on_completion": first},
        first: {"type": "action", "name": "A", "on_success": "action--b"},
        "action--b": {"type": "action", "name": "B", "on_completion": "end--c"},
        "end--c": {"type": "end"},
    }
    document.pop("workflow_exception", None)
    asked = Ask(first, 1, "failed")
    for words, now, ended in (("stop", Tally(done=1), True), ("go_on", Tally(open=1), False)):
        engine = Engine(linked("0", document, lambda path, wanted, version: None), [])
        engine.move(Facts(BEGIN, {(first, 1): Tally(declined=1)}))
        assert engine.asks == {asked}
        engine.move(Facts(BEGIN, {(first, 1): now}, {asked: words}))
        assert (engine.ended, engine.rows[first, 1].outcome) == (ended, "failure")
        assert (("action--b", 1) in engine.rows) == (not ended)
