"""What an importer of playbooks collects while it reads: errors refuse the document, warnings go with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.documents import Problem, pointer

Place = tuple[str | int, ...]


@dataclass(slots=True)
class Notes:
    """Errors and warnings, in the order in which they were found."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, place: Place, detail: str) -> None:
        self.errors.append(Problem(pointer(*place), detail))

    def warn(self, place: Place, detail: str) -> None:
        self.warnings.append(Problem(pointer(*place), detail))
