"""A playbook as whoever writes it sees it: a list of steps, and blocks that hold lists.

Every step, block and list carries the CACAO identifier that it had or will have, so that a new version keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal
from uuid import uuid4

from incidents.cacao.extension import ACKNOWLEDGE_MINUTES, FINISH_MINUTES

BlockKind = Literal["together", "only_if", "choose", "repeat"]
CACAO_TYPES: dict[BlockKind, str] = {
    "together": "parallel",
    "only_if": "if-condition",
    "choose": "switch-condition",
    "repeat": "while-condition",
}
KINDS: dict[str, BlockKind] = {cacao: kind for kind, cacao in CACAO_TYPES.items()}
DEEPEST = 3  # blocks within blocks that can be written; deeper ones are read and kept
MOST_ITEMS = 500
END = "end"  # what a step may name for its failure: the end of its own list


def new_id(kind: str) -> str:
    return f"{kind}--{uuid4()}"


@dataclass(slots=True)
class Act:
    """One step of people. `failure`: where it goes on if it fails: '' as if done, END, or a later step of its list.

    `rest` is what the document holds and no field shows, kept as it came.
    """

    id: str
    title: str = ""
    short_title: str = ""
    do: str = ""
    why: str = ""
    who: str = ""
    stops: str = ""
    worked: str = ""
    undo: str = ""
    cannot: str = ""
    evidence: str = ""
    audience: str = "all"
    acknowledge_minutes: int = ACKNOWLEDGE_MINUTES
    finish_minutes: int = FINISH_MINUTES
    join: str = "own"
    contains: bool = False
    confirmed_by_council: bool = False
    typed_confirmation: bool = False
    techniques: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  # variables, by CACAO name, that whoever does it fills in
    failure: str = ""
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Kept:
    """A step of a kind that cannot be written here (it runs another playbook). Kept as it came, moved as a whole."""

    id: str
    title: str
    step: dict[str, Any]
    failure: str = ""


@dataclass(slots=True)
class Lane:
    """A list within a block. `id` is its end step's; `case` the value that leads here, for a choice."""

    id: str
    case: str = ""
    items: list[Item] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)  # what the end step holds beside its type


@dataclass(slots=True)
class Block:
    """Lists that run together, or one of them, or one again and again. `condition` is a question or an expression."""

    id: str
    kind: BlockKind
    title: str = ""
    why: str = ""
    condition: str = ""
    lanes: list[Lane] = field(default_factory=list)
    failure: str = ""
    rest: dict[str, Any] = field(default_factory=dict)


Item = Act | Kept | Block


@dataclass(slots=True)
class Variable:
    """Something that is found out on the way. `name` is CACAO's, with underscores around it."""

    name: str
    kind: str = "string"
    words: str = ""
    value: str = ""
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Outline:
    """A whole playbook. `main` is the list that is run; its id is the end step's."""

    id: str
    start: str
    main: Lane
    name: str = ""
    description: str = ""
    types: list[str] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    created: str = ""  # of the first version; empty before that
    modified: str = ""  # of the version that this started from
    begin: dict[str, Any] = field(default_factory=dict)  # what the start step holds beside its type
    rest: dict[str, Any] = field(default_factory=dict)

    def lanes(self) -> Iterator[tuple[Lane, int]]:
        """Every list, outer ones first, and how deep it lies."""
        yield from _lanes(self.main, 0)

    def items(self) -> Iterator[Item]:
        """Every step and block, in reading order."""
        yield from _items(self.main)

    def acts(self) -> list[Act]:
        return [each for each in self.items() if isinstance(each, Act)]

    def place_of(self, key: str) -> tuple[Lane, int, int] | None:
        """The list that holds an item, where in it, and how deep the list lies; None for an unknown id."""
        for lane, depth in self.lanes():
            for at, item in enumerate(lane.items):
                if item.id == key:
                    return lane, at, depth
        return None


def _lanes(lane: Lane, depth: int) -> Iterator[tuple[Lane, int]]:
    yield lane, depth
    for item in lane.items:
        if isinstance(item, Block):
            for inner in item.lanes:
                yield from _lanes(inner, depth + 1)


def _items(lane: Lane) -> Iterator[Item]:
    for item in lane.items:
        yield item
        if isinstance(item, Block):
            for inner in item.lanes:
                yield from _items(inner)


def empty_outline(name: str = "") -> Outline:
    return Outline(id=new_id("playbook"), start=new_id("start"), main=Lane(new_id("end")), name=name)


def new_lane(case: str = "") -> Lane:
    return Lane(new_id("end"), case)


def as_json(outline: Outline) -> dict[str, Any]:
    """The outline as it is stored: plain JSON; each item says its kind."""
    shown = asdict(outline)
    for stored, item in zip(_stored_items(shown["main"]), outline.items(), strict=True):
        stored["is"] = type(item).__name__.lower()
    return shown


def _stored_items(lane: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in lane["items"]:
        yield item
        for inner in item.get("lanes", ()):
            yield from _stored_items(inner)


def from_json(stored: dict[str, Any]) -> Outline:
    """An outline from what `as_json` stored."""
    values = dict(stored)
    values["main"] = _lane(stored["main"])
    values["variables"] = [Variable(**each) for each in stored["variables"]]
    return Outline(**values)


def _lane(stored: dict[str, Any]) -> Lane:
    return Lane(**{**stored, "items": [_item(each) for each in stored["items"]]})


def _item(stored: dict[str, Any]) -> Item:
    values = {name: value for name, value in stored.items() if name != "is"}
    if stored["is"] == "block":
        return Block(**{**values, "lanes": [_lane(each) for each in stored["lanes"]]})
    return Kept(**values) if stored["is"] == "kept" else Act(**values)


ACT_FIELDS = tuple(each.name for each in fields(Act))
