"""What can be done to an outline: add, remove, order, put elsewhere. Each leaves an outline that can be stored."""

from __future__ import annotations

import re
from typing import get_args

from incidents.writing.outline import (
    DEEPEST,
    END,
    MOST_ITEMS,
    Act,
    Block,
    BlockKind,
    Item,
    Lane,
    Outline,
    new_id,
    new_lane,
)

LANES = {"together": 2, "only_if": 1, "choose": 2, "repeat": 1}
MOST_LANES = 12
STEP_TYPES = {
    "together": "parallel",
    "only_if": "if-condition",
    "choose": "switch-condition",
    "repeat": "while-condition",
}


class NotPossible(Exception):
    """It cannot be done to this outline; the message is for whoever pressed the button."""


def lane_of(outline: Outline, key: str) -> tuple[Lane, int]:
    """A list and how deep it lies.

    Raises:
        NotPossible: there is none of that id.
    """
    for lane, depth in outline.lanes():
        if lane.id == key:
            return lane, depth
    raise NotPossible("That list is not there any more.")


def item_of(outline: Outline, key: str) -> tuple[Item, Lane, int]:
    """A step or block, its list and where it stands. Raises: NotPossible."""
    place = outline.place_of(key)
    if place is None:
        raise NotPossible("That step is not there any more.")
    lane, at, _depth = place
    return lane.items[at], lane, at


def block_of(outline: Outline, key: str) -> Block:
    item, _lane, _at = item_of(outline, key)
    if not isinstance(item, Block):
        raise NotPossible("That holds no lists.")
    return item


def add(outline: Outline, kind: str, lane_id: str) -> Item:
    """A new step (`act`) or block at the end of a list. Raises: NotPossible."""
    lane, depth = lane_of(outline, lane_id)
    if sum(1 for _each in outline.items()) >= MOST_ITEMS:
        raise NotPossible(f"A playbook has at most {MOST_ITEMS} steps here.")
    item: Item
    if kind == "act":
        item = Act(new_id("action"))
    elif kind in get_args(BlockKind):
        if depth >= DEEPEST:
            raise NotPossible(f"Blocks go at most {DEEPEST} deep.")
        item = Block(new_id(STEP_TYPES[kind]), kind, lanes=[new_lane() for _each in range(LANES[kind])])  # type: ignore[arg-type]
    else:
        raise NotPossible("There is no such kind of step.")
    lane.items.append(item)
    return item


def remove(outline: Outline, key: str) -> None:
    """A step, or a block with nothing in it: what stands in it is moved or removed first. Raises: NotPossible."""
    item, lane, at = item_of(outline, key)
    if isinstance(item, Block) and any(inner.items for inner in item.lanes):
        raise NotPossible("Move or remove the steps in this block first.")
    del lane.items[at]
    _mend_failures(outline)


def shift(outline: Outline, key: str, by: int) -> None:
    """One place up (-1) or down (1) in its list; at the edge nothing happens."""
    _item, lane, at = item_of(outline, key)
    to = at + by
    if 0 <= to < len(lane.items):
        lane.items[at], lane.items[to] = lane.items[to], lane.items[at]
    _mend_failures(outline)


def put_into(outline: Outline, key: str, lane_id: str) -> None:
    """To the end of another list. Raises: NotPossible, too, for a list within itself or too deep."""
    item, lane, at = item_of(outline, key)
    target, depth = lane_of(outline, lane_id)
    if target is lane:
        return
    inside = Outline("", "", Lane("", items=[item]))
    if any(each is target for each, _deep in inside.lanes()):
        raise NotPossible("A block cannot stand within itself.")
    if depth + max(deep for _, deep in inside.lanes()) > DEEPEST:
        raise NotPossible(f"Blocks go at most {DEEPEST} deep.")
    del lane.items[at]
    target.items.append(item)
    _mend_failures(outline)


def add_lane(outline: Outline, key: str) -> None:
    block = block_of(outline, key)
    most = {"only_if": 2, "repeat": 1}.get(block.kind, MOST_LANES)
    if len(block.lanes) >= most:
        raise NotPossible("This block has all its lists.")
    block.lanes.append(new_lane())


def remove_lane(outline: Outline, key: str, lane_id: str) -> None:
    """An empty list alone: what stands in it is moved or removed first. Raises: NotPossible."""
    block = block_of(outline, key)
    lane = next((each for each in block.lanes if each.id == lane_id), None)
    if lane is None:
        raise NotPossible("That list is not there any more.")
    if lane.items:
        raise NotPossible("Move or remove the steps of this list first.")
    if len(block.lanes) <= LANES[block.kind]:
        raise NotPossible("This block needs all its lists.")
    block.lanes.remove(lane)


def _mend_failures(outline: Outline) -> None:
    """A failure leads to a later step of the same list, or nowhere special."""
    for lane, _depth in outline.lanes():
        later: set[str] = set()
        for item in reversed(lane.items):
            if item.failure not in ("", END) and item.failure not in later:
                item.failure = ""
            later.add(item.id)


def name_of(words: str) -> str:
    """A variable's name from words: *Still spreading?* → __still_spreading__; '' when no letter is left."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    plain = re.sub(r"^[0-9_]+", "", plain)[:100]
    return f"__{plain}__" if plain else ""


def words_of(name: str) -> str:
    return name.strip("_").replace("_", " ")


def rename(outline: Outline, old: str, new: str) -> None:
    """A variable's name wherever it stands."""
    for item in outline.items():
        if isinstance(item, Act):
            item.answers = [new if each == old else each for each in item.answers]
        elif isinstance(item, Block):
            item.condition = item.condition.replace(f"{old}:value", f"{new}:value")


def title_of(item: Item) -> str:
    return item.title or {"act": "A step without a title", "block": "A block without a title"}.get(
        type(item).__name__.lower(), "A step"
    )
