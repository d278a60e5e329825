"""Random playbooks that keep the standard, from a seed: every kind of step, nested, with delays and failures."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

from tests.running_rules import OURS

AGENT = "group--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b010"
IDENTITY = "identity--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b002"
VARIABLES = ("__colour__", "__place__")
VALUES = ("red", "green")
MINUTE = 60_000
MOST = 14  # actions and conditions of one playbook


class Maker:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.left = 0
        self.called: list[dict[str, Any]] = []

    def documents(self) -> list[dict[str, Any]]:
        """The playbook to run, then those that it runs within itself."""
        document = self.document(depth=0)
        return [document, *self.called]

    def id(self, kind: str) -> str:
        return f"{kind}--{UUID(int=self.dice.getrandbits(128), version=4)}"

    def document(self, depth: int) -> dict[str, Any]:
        self.left = self.dice.randint(2, MOST) if depth == 0 else self.dice.randint(1, 4)
        workflow: dict[str, Any] = {}
        first = self.action(workflow, self.chain(workflow, depth))
        start = self.id("start")
        workflow[start] = {"type": "start", "on_completion": first}
        document = {
            "type": "playbook",
            "spec_version": "cacao-2.0",
            "id": self.id("playbook"),
            "name": f"Random {self.dice.getrandbits(32)}",
            "created_by": IDENTITY,
            "created": "2026-01-05T08:00:00.000Z",
            "modified": "2026-01-05T08:00:00.000Z",
            "workflow_start": start,
            "workflow": workflow,
            "playbook_variables": {name: self.variable() for name in VARIABLES},
            "agent_definitions": {AGENT: {"type": "group", "name": "Everybody"}},
            "extension_definitions": {
                OURS: {
                    "type": "extension-definition",
                    "name": "Ours",
                    "created_by": IDENTITY,
                    "schema": "https://portal.example/schema",
                    "version": "1",
                }
            },
        }
        if self.dice.random() < 0.3:
            document["workflow_exception"] = self.chain(workflow, 9)
        return document

    def variable(self) -> dict[str, Any]:
        known = {"value": self.dice.choice(VALUES)} if self.dice.random() < 0.3 else {}
        return {"type": "string", **known}

    def end(self, workflow: dict[str, Any]) -> str:
        key = self.id("end")
        workflow[key] = {"type": "end"}
        return key

    def chain(self, workflow: dict[str, Any], depth: int) -> str:
        """A branch: some steps and an end of its own; its first step."""
        head = self.end(workflow)
        for _ in range(self.dice.randint(1, 3)):
            head = self.block(workflow, head, depth)
        return head

    def block(self, workflow: dict[str, Any], follows: str, depth: int) -> str:
        self.left -= 1
        kinds = ["action"] * 3
        if depth < 3 and self.left > 0:
            kinds += ["parallel", "parallel", "if-condition", "while-condition", "switch-condition"]
        if depth < 2 and len(self.called) < 2:
            kinds.append("playbook-action")
        kind = self.dice.choice(kinds)
        if kind == "action":
            return self.action(workflow, follows)
        key, step = self.id(kind), {"type": kind, **self.leads(workflow, follows, depth)}
        if kind == "parallel":
            step["next_steps"] = [self.chain(workflow, depth + 1) for _ in range(self.dice.randint(2, 3))]
        elif kind == "playbook-action":
            left, inner = self.left, self.document(depth + 2)
            self.left = left
            self.called.append(inner)
            step["playbook_id"] = inner["id"]
            for name in ("in_args", "out_args"):
                if names := [each for each in VARIABLES if self.dice.random() < 0.4]:
                    step[name] = names
        elif kind == "switch-condition":
            step["switch"] = self.dice.choice(VARIABLES) + self.dice.choice(["", ":value"])
            cases = [each for each in (*VALUES, "default") if self.dice.random() < 0.6] or ["red"]
            step["cases"] = {case: self.chain(workflow, depth + 1) for case in cases}
        else:
            sign = self.dice.choice(["=", "!="])
            step["condition"] = f"{self.dice.choice(VARIABLES)}:value {sign} '{self.dice.choice(VALUES)}'"
            step["on_true"] = self.chain(workflow, depth + 1)
            if kind == "if-condition" and self.dice.random() < 0.5:
                step["on_false"] = self.chain(workflow, depth + 1)
            if kind == "while-condition":
                step["step_extensions"] = {OURS: {"at_most": self.dice.randint(1, 3)}}
        workflow[key] = step
        return key

    def action(self, workflow: dict[str, Any], follows: str) -> str:
        key = self.id("action")
        workflow[key] = {
            "type": "action",
            "name": f"Step {len(workflow)}",
            "commands": [{"type": "manual", "command": "Do it."}],
            "agent": AGENT,
            "step_extensions": {
                OURS: {
                    "audience": self.dice.choice(["all", "all", "councils", "councils", "provider", "lead"]),
                    "join": self.dice.choice(["own", "own", "own", "all", "all_not_exempt", "lead"]),
                    "acknowledge_minutes": 5,
                    "finish_minutes": 30,
                }
            },
            **self.leads(workflow, follows, 9),
        }
        asked = [each for each in VARIABLES if self.dice.random() < 0.4]
        if asked:
            workflow[key]["out_args"] = asked
        return key

    def leads(self, workflow: dict[str, Any], follows: str, depth: int) -> dict[str, Any]:
        """Where a step leads, and when: most often on whatever comes of it, at once."""
        step: dict[str, Any] = {}
        if self.dice.random() < 0.7:
            step["on_completion"] = follows
        else:
            step["on_success"] = follows
            if self.dice.random() < 0.6 and depth == 9:
                step["on_failure"] = self.dice.choice([follows, self.plain(workflow, follows), self.end(workflow)])
        if self.dice.random() < 0.15:
            step["delay"] = MINUTE * self.dice.randint(1, 9)
        if self.dice.random() < 0.25:
            step["timeout"] = MINUTE * self.dice.randint(1, 90)
        return step

    def plain(self, workflow: dict[str, Any], follows: str) -> str:
        """A step for a failure, which then goes on as if there had been none."""
        key = self.id("action")
        workflow[key] = {
            "type": "action",
            "name": f"Step {len(workflow)}",
            "commands": [{"type": "manual", "command": "Mend it."}],
            "agent": AGENT,
            "on_completion": follows,
        }
        return key
