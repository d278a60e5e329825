"""What was met lately, in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=str)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Two generations of about `size` entries each: when the younger is full, or its keys have more than `letters`, the
    older is forgotten."""

    def __init__(self, size: int, letters: int) -> None:
        self.size, self.most_letters = size, letters
        self.letters = 0
        self.young: dict[K, V] = {}
        self.old: dict[K, V] = {}

    def add(self, found: Mapping[K, V]) -> None:
        self.young.update(found)
        self.letters += sum(map(len, found))
        if len(self.young) >= self.size or self.letters > self.most_letters:
            self.old, self.young, self.letters = self.young, {}, 0

    def get(self, key: K) -> V | None:
        found = self.young.get(key)
        if found is None and (found := self.old.get(key)) is not None:
            self.young[key] = found  # what is told of again and again is not forgotten
            self.letters += len(key)
        return found

    def __contains__(self, key: K) -> bool:
        return key in self.young or key in self.old


class Marks:
    """Marks of what was met, nothing else of it: two generations of about `size` each.

    What is added counts at once; it is kept by `keep`, or taken back by `undo`.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.young: set[int] = set()
        self.old: set[int] = set()
        self.added: list[Collection[int]] = []
        self.parts: list[Collection[int]] = []  # what `young` holds
        self.repeats = False

    def add(self, new: Collection[int]) -> bool:
        """Add them all, or, where one was met before or stands in them twice, none of them."""
        # Of what never repeats itself each mark is looked for once, by being added; what did so once is asked first.
        if not self.old.isdisjoint(new) or (self.repeats and not self.young.isdisjoint(new)):
            return False
        before = len(self.young)
        self.young.update(new)
        if len(self.young) - before == len(new):
            self.added.append(new)
            self.parts.append(new)
            return True
        if self.repeats:
            self.young.difference_update(new)
        else:
            self.young, self.repeats = set().union(*self.parts), True
        return False

    def keep(self) -> None:
        """Only now the older ones may go: what is taken back leaves all others as they were."""
        self.added = []
        if len(self.young) >= self.size:
            self.old, self.young, self.parts = self.young, set(), []

    def undo(self) -> None:
        for new in self.added:
            self.young.difference_update(new)
        del self.parts[max(0, len(self.parts) - len(self.added)) :]
        self.added = []

    def __contains__(self, mark: int) -> bool:
        return mark in self.young or mark in self.old
