"""The names of a stream, each with a number: what is remembered of one is found by it without a look at its letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from monitoring.records.record import AccountKind

Name = tuple[str, str, AccountKind | None]  # account, account_organisation, account_kind of a line
MOST_WORDS, MOST_LETTERS = 50_000, 8_000_000  # of each kind; a machine may have 1,500 letters


class Words(dict[Any, int]):
    """Names of one kind, numbered as they come. One thread adds to them; others may read what it has handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[Any] = []
        self.letters = 0

    def __missing__(self, name: str | Name) -> int:
        self.letters += len(name) if isinstance(name, str) else sum(len(part or "") for part in name)
        self[name] = number = len(self.texts)
        self.texts.append(name)
        return number

    def numbers(self, names: Iterable[str | Name]) -> list[int]:
        return list(map(self.__getitem__, names))

    @property
    def is_full(self) -> bool:
        return len(self.texts) > MOST_WORDS or self.letters > MOST_LETTERS


@dataclass(slots=True, eq=False)
class Known:
    """The names of accounts, and of the far fewer machines, which are found faster by themselves."""

    names: Words = field(default_factory=Words)
    machines: Words = field(default_factory=Words)

    def or_new(self) -> Known:
        """Itself for as long as there is room: numbers mean something beside what gave them alone."""
        return Known() if self.names.is_full or self.machines.is_full else self
