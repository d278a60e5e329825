"""What a value of a CACAO document may look like: small types that say where a document departs from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from incidents.cacao.notes import Notes, Place
from incidents.cacao.parts import check_id, check_instant

Rule = Callable[[dict[str, Any], Place, Notes], None]
UNKNOWN = "CACAO 2.0 has no such property here."
UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"


class Shape(Protocol):
    """A type of value. `check` notes an error for each place that does not fit, and raises nothing."""

    def check(self, value: Any, place: Place, notes: Notes) -> None: ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `among` closes the list of its values, `like` is a pattern for the whole of it."""

    among: frozenset[str] = frozenset()
    like: str = ""
    words: str = "This text is not of the form that is wanted here."
    nothing: bool = False  # whether null stands for "not known"

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if value is None and self.nothing:
            return
        if not isinstance(value, str):
            notes.error(place, "This must be a text.")
        elif self.among and value not in self.among:
            notes.error(place, f"This must be one of: {', '.join(sorted(self.among))}.")
        elif self.like and not re.fullmatch(self.like, value):
            notes.error(place, self.words)


@dataclass(frozen=True, slots=True)
class Flag:
    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, bool):
            notes.error(place, "This must be true or false.")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, `least` and `most` included. JSON does not tell 5.0 from 5."""

    least: int | None = None
    most: int | None = None

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
            notes.error(place, "This must be a whole number.")
        elif self.most is not None and not (self.least or 0) <= value <= self.most:
            notes.error(place, f"This must lie between {self.least or 0} and {self.most}.")
        elif self.least is not None and value < self.least:
            notes.error(place, f"This must be {self.least} or more.")


@dataclass(frozen=True, slots=True)
class Id:
    """An identifier (section 10.10), of any type or of one."""

    kind: str | None = None

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        check_id(value, place, notes, self.kind)


@dataclass(frozen=True, slots=True)
class Moment:
    """A timestamp (section 10.17)."""

    nothing: bool = False

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if value is None and self.nothing:
            return
        if isinstance(value, str):
            check_instant(value, place, notes)
        else:
            notes.error(place, "This must be a time in UTC such as 2026-09-14T09:00:00.000Z.")


@dataclass(frozen=True, slots=True)
class Many:
    """A list of at least so many."""

    of: Shape
    least: int = 0

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, list):
            notes.error(place, "This must be a list.")
            return
        if len(value) < self.least:
            notes.error(place, f"This list needs at least {self.least}.")
        for at, each in enumerate(value):
            self.of.check(each, (*place, at), notes)


@dataclass(frozen=True, slots=True)
class Keyed:
    """An object whose keys follow a pattern (all of it, not a part), with one shape for every value."""

    like: str
    of: Shape
    least: int = 0
    words: str = UNKNOWN

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, dict):
            notes.error(place, "This must be an object.")
            return
        if len(value) < self.least:
            notes.error(place, "This may be left out, but not be empty.")
        for key, each in value.items():
            if re.fullmatch(self.like, key):
                self.of.check(each, (*place, key), notes)
            else:
                notes.error((*place, key), self.words)


@dataclass(frozen=True, slots=True)
class Anything:
    """An object that somebody else defines."""

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, dict):
            notes.error(place, "This must be an object.")


@dataclass(frozen=True, slots=True)
class Record:
    """An object with named fields; what is not named is an error, or where the standard leaves it `open` a warning."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    also: tuple[Rule, ...] = ()
    open: bool = False

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, dict):
            notes.error(place, "This must be an object.")
            return
        for name in self.required:
            if name not in value:
                notes.error((*place, name), "This property is required.")
        for key, each in value.items():
            if key in self.fields:
                self.fields[key].check(each, (*place, key), notes)
            else:
                (notes.warn if self.open else notes.error)((*place, key), UNKNOWN)
        for rule in self.also:
            rule(value, place, notes)


@dataclass(frozen=True, slots=True)
class ByType:
    """An object of definitions, `type--UUID` to the shape of that type. A type that is not listed is the caller's."""

    shapes: Mapping[str, Shape]
    least: int = 0
    other: Callable[[str, Any, Place, Notes], None] | None = None

    def check(self, value: Any, place: Place, notes: Notes) -> None:
        if not isinstance(value, dict):
            notes.error(place, "This must be an object.")
            return
        if len(value) < self.least:
            notes.error(place, "This may be left out, but not be empty.")
        for key, each in value.items():
            match = re.fullmatch(rf"(?P<type>[a-z][a-z0-9-]*[a-z0-9])--{UUID}", key)
            shape = self.shapes.get(match["type"]) if match else None
            if shape is not None:
                shape.check(each, (*place, key), notes)
            elif match and self.other is not None:
                self.other(match["type"], each, (*place, key), notes)
            else:
                notes.error((*place, key), "This must be an identifier of a type that may stand here.")
