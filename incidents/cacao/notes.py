"""What an importer of playbooks collects while it reads: errors refuse the document, warnings go with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from portal.documents import Problem, pointer

Place = tuple[str | int, ...]


class Texts(list[str]):
    """Stands in a table of fields for a list of texts."""


WORDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(slots=True)
class Notes:
    """Errors and warnings, in the order in which they were found."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, place: Place, detail: str) -> None:
        self.errors.append(Problem(pointer(*place), detail))

    def warn(self, place: Place, detail: str) -> None:
        self.warnings.append(Problem(pointer(*place), detail))

    def check_fields(self, value: dict[str, Any], fields: dict[str, type], place: Place) -> None:
        """Note every field that is not among `fields` or is not of its type."""
        for key, each in value.items():
            wanted = fields.get(key)
            if wanted is None:
                self.error((*place, key), "CACAO 2.0 has no such property here.")
            elif wanted is Texts:
                self._check_texts(each, (*place, key))
            elif not isinstance(each, wanted) or (wanted is int and isinstance(each, bool)):
                self.error((*place, key), f"This must be {WORDS[wanted]}.")

    def _check_texts(self, value: Any, place: Place) -> None:
        if not isinstance(value, list):
            self.error(place, "This must be a list.")
            return
        for at, each in enumerate(value):
            if not isinstance(each, str):
                self.error((*place, at), "This must be a text.")

    def check_required(self, value: dict[str, Any], names: Iterable[str], place: Place) -> None:
        for name in names:
            if name not in value:
                self.error((*place, name), "This property is required.")
