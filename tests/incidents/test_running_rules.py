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
    if not can:
        return False
    what = dice.choice(can)
    if what == "declare":
        world.declare()
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
            step = world.plans[where((key, turn))]["workflow"][key.removeprefix(where((key, turn)))]
            for variable in step.get("out_args", []):
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
