"""What of a reach picture is shown: which groups are folded, and whose paths. It stands in the address of the page.

So a picture can be shared, printed and saved as it is shown, and every change of it is an ordinary link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from django.http import QueryDict

Fold = Literal["auto", "all", "none"]
KEY = re.compile(r"[a-z0-9:-]{1,140}")
MOST_OPEN = 100  # more keys than any picture has groups are not read


@dataclass(frozen=True, slots=True)
class View:
    """One state of a picture.

    Attributes:
        fold: whether systems and organisations stand in groups; auto: where there are many.
        opened: keys of groups that are open all the same.
        focus: what alone is shown with its paths: `system:SLUG`, `organisation:SLUG` or nothing.
    """

    fold: Fold = "auto"
    opened: frozenset[str] = frozenset()
    focus: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> View:
        """From an address. What is no such state is left out; whether a key is in the picture shows in it."""
        fold = query.get("fold", "auto")
        return cls(
            fold=fold if fold in {"all", "none"} else "auto",  # type: ignore[arg-type]
            opened=frozenset(_keys(query.getlist("open")[:MOST_OPEN])),
            focus=next(_keys([query.get("focus", "")]), ""),
        )

    @property
    def query(self) -> str:
        """`?fold=all&open=by-northgate`, or nothing for the picture as it first stands."""
        said: list[tuple[str, str]] = [("fold", self.fold)] if self.fold != "auto" else []
        said += [("open", key) for key in sorted(self.opened)]
        said += [("focus", self.focus)] if self.focus else []
        return f"?{urlencode(said, safe=':')}" if said else ""

    def href(self, part: str = "picture") -> str:
        """The address of this state on the page that it is read from, at one part of it."""
        return f"{self.query or '?'}#{part}"

    def with_open(self, key: str) -> View:
        return replace(self, opened=self.opened | {key})

    def without_open(self, key: str) -> View:
        return replace(self, opened=self.opened - {key})

    def with_fold(self, fold: Fold) -> View:
        return replace(self, fold=fold, opened=frozenset())

    def focused(self, focus: str) -> View:
        """Only these paths; '' shows everything again."""
        return replace(self, focus=focus)


def _keys(found: Iterable[str]) -> Iterator[str]:
    return iter([key for key in found if KEY.fullmatch(key)])
