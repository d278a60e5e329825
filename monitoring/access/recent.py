"""What was met lately, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Two generations of about `size` entries each: when the younger is full the older is forgotten."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.young: dict[K, V] = {}
        self.old: dict[K, V] = {}

    def add(self, found: Mapping[K, V]) -> None:
        self.young.update(found)
        if len(self.young) >= self.size:
            self.old, self.young = self.young, {}

    def get(self, key: K) -> V | None:
        found = self.young.get(key)
        return self.old.get(key) if found is None else found

    def __contains__(self, key: K) -> bool:
        return key in self.young or key in self.old
