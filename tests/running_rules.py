"""How a run goes, by hand from CACAO 2.0 section 4 and `docs/running.md`. Imports nothing of the product.

Each branch of a playbook is a generator that walks it; it yields True when it has moved and False when it waits. The
product keeps rows instead and looks at them afresh: that both come to the same is what the property test shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

OURS = "extension-definition--77fb2c0a-9f29-478f-bcd7-fb5e6967d9e8"
SETTLED = {"done", "verified", "declined", "not_affected", "cancelled"}
Id = tuple[str, int]
Walking = Generator[bool, None, None]


@dataclass
class Branch:
    walk: Walking
    parent: Branch | None
    at: Id = ("", 0)
    step: dict[str, Any] = field(default_factory=dict)
    state: str = ""
    path: str = ""
    inside: Any = None
    children: list[Branch] = field(default_factory=list)
    over: bool = False
    running: bool = False


class World:
    """`organisations`: slug to (kind, role). `documents`: by CACAO id; the first is run. Times are milliseconds."""

    def __init__(
        self, documents: list[dict[str, Any]], organisations: dict[str, tuple[str, str]], *, suspected: bool = False
    ) -> None:
        self.suspected = suspected  # until `declare`: times to finish do not run, only delays do
        self.lying: dict[Id, int] = {}
        self.documents = {document["id"]: document for document in documents}
        self.organisations = organisations
        self.now = 0
        self.statuses: dict[Id, dict[str, str]] = {}
        self.chosen: dict[tuple[str, int, str, int], str] = {}
        self.answered: list[tuple[Id, str, str, str]] = []  # step, organisation, variable, value
        self.begun: dict[Id, tuple[str, str]] = {}  # state, outcome
        self.began_at: dict[Id, int] = {}
        self.asks: set[tuple[str, int, str, int]] = set()
        self.turns: Counter[str] = Counter()
        self.met: set[Any] = set()
        self.handed_out: set[tuple[str, int, str]] = set()
        self.timers: dict[Id, int] = {}
        self.plans = {"": documents[0]}
        self.callers: dict[str, tuple[str, dict[str, Any]]] = {}  # path of what is called: the caller's path, the step
        for path in (unfolding := [""]):
            for step_id, step in self.plans[path]["workflow"].items():
                if step["type"] == "playbook-action":
                    unfolding.append(within := f"{path}{step_id}/")
                    self.plans[within] = self.documents[step["playbook_id"]]
                    self.callers[within] = (path, step)
        self.root = Branch(iter(()), None)  # type: ignore[arg-type]
        self.live: list[Branch] = []
        self.root = self.set_out("", documents[0]["workflow_start"], None, None)

    # Moving

    def settle(self) -> None:
        """Go as far as what is known leads. The branch whose step comes first by its id moves first."""
        while True:
            self.asks = set()
            for branch in sorted(self.live, key=lambda branch: branch.at):
                if self.poke(branch):
                    break
            else:
                return

    def declare(self) -> None:
        self.suspected = False
        self.timers |= {this: self.now + lay for this, lay in self.lying.items()}
        self.lying = {}

    @property
    def ended(self) -> bool:
        return self.root.over

    def next_time(self) -> int | None:
        return min((self.timers[branch.at] for branch in self.live if branch.at in self.timers), default=None)

    def set_out(self, path: str, step_id: str, parent: Branch | None, inside: Any) -> Branch:
        branch = Branch(None, parent, path=path, inside=inside)  # type: ignore[arg-type]
        branch.walk = self.walk(branch, path, step_id)
        if parent is not None:
            parent.children.append(branch)
        self.live.append(branch)
        self.poke(branch)
        return branch

    def poke(self, branch: Branch) -> bool:
        branch.running = True
        try:
            return next(branch.walk)
        except StopIteration:
            branch.over = True
            self.live.remove(branch)
            parent = branch.parent
            last = parent is not None and all(child.over for child in parent.children)
            if parent is not None and last and not parent.running and parent.step["type"] != "while-condition":
                self.poke(parent)
            return True
        finally:
            branch.running = False

    def walk(self, branch: Branch, path: str, step_id: str | None) -> Walking:
        while step_id is not None:
            path, step = self.step(path, step_id)
            key = path + step_id
            if step["type"] == "end" or (key, branch.inside) in self.met:
                return
            self.met.add((key, branch.inside))
            self.turns[key] += 1
            this = branch.at = (key, self.turns[key])
            branch.step, branch.path, branch.children = step, path, []
            if step.get("delay"):
                self.say(branch, "delayed")
                self.timers[this] = self.now + step["delay"]
                yield True
                while self.now < self.timers[this]:
                    yield False
            self.say(branch, "begun")
            self.began_at[this] = self.now
            self.timers.pop(this, None)
            if step.get("timeout") and (step.get("on_success") or step.get("on_failure") or self.exception(path)):
                if self.suspected:
                    self.lying[this] = step["timeout"]
                else:
                    self.timers[this] = self.now + step["timeout"]
            yield True
            outcome = yield from self.perform(branch, path, step)
            self.timers.pop(this, None)
            self.lying.pop(this, None)
            ahead = step.get("on_completion") or step.get("on_success")
            if outcome != "success":
                lead = step.get("on_failure") if outcome == "timeout" else None
                lead = lead or (outcome != "timeout" and (step.get("on_completion") or step.get("on_failure"))) or None
                exception = self.exception(path)
                if lead is None and exception is not None:
                    self.say(branch, "ended", outcome)
                    if self.turns[exception[0] + exception[1]]:
                        return
                    path, step_id = exception
                    continue
                if lead is None:
                    self.say(branch, "asked", outcome)
                    yield True
                    while (choice := self.chosen.get((*this, "failed", 0))) is None:
                        late = self.outcome(this, step) if step["type"] == "action" else outcome
                        if late == "success":
                            break
                        if late or outcome == "timeout":  # a refusal that was taken back is not asked about
                            self.asks.add((*this, "failed", 0))
                        yield False
                    outcome = outcome if choice else "success"
                    lead = ahead if choice != "stop" else None
                ahead = lead
            self.say(branch, "ended", outcome)
            step_id = ahead

    def perform(self, branch: Branch, path: str, step: dict[str, Any]) -> Generator[bool, None, str]:
        kind, this = step["type"], branch.at
        if kind == "start":
            return "success"
        if kind == "action":
            while not (outcome := self.outcome(this, step)):
                if self.out_of_time(this):
                    return "timeout"
                yield False
            return outcome
        laps = 0
        while True:
            heads = self.heads(branch, path, step, laps)
            while heads is None:
                if self.out_of_time(this):
                    return "timeout"
                yield False
                heads = self.heads(branch, path, step, laps)
            if not heads:
                return "success"
            laps += 1
            branch.children = []
            for at, head in heads:
                self.set_out(at, head, branch, (this, laps))
            if kind == "while-condition" or not all(child.over for child in branch.children):
                yield True
            while not all(child.over for child in branch.children):
                if self.out_of_time(this):
                    self.stop(branch)
                    return "timeout"
                yield False
            if kind != "while-condition":
                return "success"

    def out_of_time(self, this: Id) -> bool:
        return this in self.timers and self.now >= self.timers[this]

    def stop(self, branch: Branch) -> None:
        for child in branch.children:
            if not child.over:
                self.stop(child)
                child.over = True
                self.live.remove(child)
                self.begun[child.at] = ("stopped", self.begun[child.at][1])

    def say(self, branch: Branch, state: str, outcome: str = "") -> None:
        branch.state = state
        self.begun[branch.at] = (state, outcome)

    # What a step leads to

    def step(self, path: str, step_id: str) -> tuple[str, dict[str, Any]]:
        return path, self.plans[path]["workflow"][step_id]

    def exception(self, path: str) -> tuple[str, str] | None:
        """The playbook's own, or that of whoever runs it."""
        while True:
            own = self.plans[path].get("workflow_exception")
            if own:
                return path, own
            if not path:
                return None
            path = self.callers[path][0]

    def heads(self, branch: Branch, path: str, step: dict[str, Any], laps: int) -> list[tuple[str, str]] | None:
        """The branches to begin now; None while that is not known."""
        kind, this = step["type"], branch.at
        if kind == "parallel":
            return [(path, each) for each in step["next_steps"]]
        if kind == "playbook-action":
            return [(f"{this[0]}/", self.plans[f"{this[0]}/"]["workflow_start"])]
        if kind == "while-condition":
            word = self.choice(this, "repeat", laps, self.truth(path, step["condition"]))
            if word == "true" and laps >= step.get("step_extensions", {}).get(OURS, {}).get("at_most", 10):
                word = {"again": "true", "leave": "false", None: None}[self.choice(this, "bound", laps)]
            return None if word is None else [(path, step["on_true"])] if word == "true" else []
        if kind == "if-condition":
            word = self.choice(this, "choose", 0, self.truth(path, step["condition"]))
            taken = {"true": step["on_true"], "false": step.get("on_false"), None: None}[word]
        else:
            known = self.value(path, step["switch"].removesuffix(":value"))
            if not {known, "default"} & set(step["cases"]):
                known = None  # no case is meant for it: whoever leads says what then
            word = self.choice(this, "choose", 0, known)
            taken = step["cases"].get(word) or step["cases"].get("default")
        return None if word is None else [(path, taken)] if taken else []

    def choice(self, this: Id, kind: str, lap: int, known: str | None = None) -> str | None:
        found = self.chosen.get((*this, kind, lap), known)
        if found is None:
            self.asks.add((*this, kind, lap))
        return found

    def truth(self, path: str, condition: str) -> str | None:
        """The conditions of the generated playbooks alone: a variable, = or !=, and a text."""
        name, sign, text = condition.split(" ", 2)
        value = self.value(path, name.removesuffix(":value"))
        return None if value is None else str((value == text.strip("'")) == (sign == "=")).lower()

    def value(self, path: str, name: str) -> str | None:
        home = self.home(path, name)
        said = [
            (self.began_at[this], this, organisation, value)
            for this, organisation, variable, value in self.answered
            if this in self.began_at
            and self.begun[this][0] in ("ended", "stopped")  # not the first of many by itself
            and self.statuses[this][organisation] in ("done", "verified")
            and self.home(where(this), variable) == home
        ]
        if said:
            newest = max((at, this) for at, this, _, _ in said)
            lead_alone = self.join(newest[1]) == "lead"
            words = {
                value
                for at, this, organisation, value in said
                if (at, this) == newest and (not lead_alone or self.organisations[organisation][1] == "lead")
            }
            if len(words) == 1:
                return words.pop()
        return self.plans[home[0]]["playbook_variables"][home[1]].get("value")

    def home(self, path: str, name: str) -> tuple[str, str]:
        """Where a variable lives: one that a playbook action hands in or out is its caller's."""
        while path:
            caller, step = self.callers[path]
            if name not in [*step.get("in_args", []), *step.get("out_args", [])]:
                break
            path = caller
        return path, name

    def asked(self, this: Id) -> set[str]:
        """The answers of a step that are kept: of a variable that a condition asks about, wherever that stands.

        What a playbook hands out to its caller, or gets from it, is the caller's variable: its conditions ask about it.
        """
        path = where(this)
        given = self.plans[path]["workflow"][this[0].removeprefix(path)].get("out_args", [])
        return {name for name in given if self.home(path, name) in self.asked_about()}

    def asked_about(self) -> set[tuple[str, str]]:
        found = set()
        for path, plan in self.plans.items():
            for step in plan["workflow"].values():
                words = step.get("condition", "").split(" ")[0] or step.get("switch", "")
                if words:
                    found.add(self.home(path, words.removesuffix(":value")))
        return found

    # Tasks

    def join(self, this: Id) -> str:
        path = where(this)
        step = self.plans[path]["workflow"][this[0].removeprefix(path)]
        return step.get("step_extensions", {}).get(OURS, {}).get("join", "own")

    def concerned(self, step: dict[str, Any]) -> list[str]:
        audience = step.get("step_extensions", {}).get(OURS, {}).get("audience", "all")
        fits: dict[str, Callable[[str, str], bool]] = {
            "all": lambda kind, role: True,
            "provider": lambda kind, role: kind == "provider",
            "lead": lambda kind, role: role == "lead",
            "councils": lambda kind, role: kind == "council",
        }
        return [name for name, (kind, role) in self.organisations.items() if fits[audience](kind, role)]

    def status(self, this: Id, organisation: str) -> str:
        return self.statuses.get(this, {}).get(organisation, "waiting")

    def outcome(self, this: Id, step: dict[str, Any]) -> str:
        concerned, join = self.concerned(step), self.join(this)
        words = {name: self.status(this, name) for name in concerned}
        leads = [words[name] for name in concerned if self.organisations[name][1] == "lead"]
        if join == "lead" and leads:
            if leads[0] not in SETTLED:
                return ""
            return "failure" if leads[0] == "declined" else "success"
        if any(word not in SETTLED for word in words.values()):
            return ""
        refused = "declined" in words.values()
        if join in ("own", "all_not_exempt"):
            refused = refused and not {"done", "verified"} & set(words.values())
        return "failure" if refused else "success"

    # Who may begin what

    def ready(self) -> set[tuple[str, int, str]]:
        """Each task whose step has begun, for everybody or for its organisation."""
        found = {(*this, name) for this in self.began_at for name in self.concerned_by(this)}
        for name in self.organisations:
            self.seen: set[str] = set()
            self.found = found
            if not self.ended:
                self.through(self.root, name)
        return found

    def with_somebody(self) -> set[tuple[str, int, str]]:
        """Those that are ready and those that once were: what was handed out early is not taken back when the run goes
        another way. When the run has ended it is called off."""
        if self.ended:
            return self.ready()
        self.handed_out |= self.ready()
        return self.handed_out

    def written(self) -> set[tuple[str, int, str]]:
        """Each task that stands: of steps that have begun, and of those that come without a decision."""
        found = {(*this, name) for this in self.begun for name in self.concerned_by(this)}
        self.seen, self.found, self.ahead = set(), set(), found
        if not self.ended:
            self.through(self.root, "")
        return found

    def concerned_by(self, this: Id) -> Iterator[str]:
        path = where(this)
        step = self.plans[path]["workflow"][this[0].removeprefix(path)]
        return iter(self.concerned(step) if step["type"] == "action" else ())

    def passes(self, this: Id, step: dict[str, Any], name: str) -> bool:
        own = "on_completion" in step and self.join(this) == "own"
        return own and name in self.concerned(step) and self.status(this, name) in SETTLED

    def through(self, branch: Branch, name: str) -> bool:
        """Whether an organisation, ahead of the others, has come to the end of a branch that is under way."""
        step, path, ok = branch.step, branch.path, False
        if branch.state == "delayed":
            self.within(branch.at, path, step, name, ok=False)
        elif branch.state == "begun" and step["type"] == "action":
            ok = self.passes(branch.at, step, name)
        elif branch.state == "begun":
            under_way = sorted((child for child in branch.children if not child.over), key=lambda child: child.at)
            ends = [self.through(child, name) for child in under_way]
            ok = all(ends) and bool(branch.children) and step["type"] in ("parallel", "playbook-action")
            ok = ok and "on_completion" in step
        ahead = step.get("on_completion") or step.get("on_success")
        return self.onward(path, ahead, branch.inside, name, ok=ok) if ahead else ok

    def onward(self, path: str, step_id: str, inside: Any, name: str, *, ok: bool) -> bool:
        path, step = self.step(path, step_id)
        key = path + step_id
        if step["type"] == "end":
            return ok
        if key in self.seen or (key, inside) in self.met:
            return False
        self.seen.add(key)
        ok = ok and not step.get("delay")
        this = (key, self.turns[key] + 1)
        if step["type"] == "action":
            if not name:
                self.ahead |= {(*this, each) for each in self.concerned(step)}
            elif ok and name in self.concerned(step):
                self.found.add((*this, name))
            ok = ok and self.passes(this, step, name)
        else:
            ok = self.within(this, path, step, name, ok=ok)
        ahead = step.get("on_completion") or step.get("on_success")
        return self.onward(path, ahead, inside, name, ok=ok) if ahead else ok

    def within(self, this: Id, path: str, step: dict[str, Any], name: str, *, ok: bool) -> bool:
        if step["type"] == "start":
            return ok
        if step["type"] not in ("parallel", "playbook-action"):
            return False
        if step["type"] == "parallel":
            heads = [(path, each) for each in step["next_steps"]]
        else:
            heads = [(f"{this[0]}/", self.plans[f"{this[0]}/"]["workflow_start"])]
        ends = [self.onward(at, head, (this, 1), name, ok=ok) for at, head in heads]
        return all(ends) and "on_completion" in step


def where(this: Id) -> str:
    head, slash, _ = this[0].rpartition("/")
    return head + slash
