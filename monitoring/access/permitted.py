"""Whether a permission covers an access: recorded then, and nobody is alerted. It excuses nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connections

from partners.account_patterns import covers


@dataclass(frozen=True, slots=True)
class Cover:
    """`lapsed`: there was one, and it was over on that day."""

    permission: str
    lapsed: bool


@dataclass(frozen=True, slots=True)
class _Said:
    id: str
    systems: frozenset[str]
    starts_on: date
    expires_on: date
    ended_at: datetime | None


class Permitted:
    """The permissions that both sides once approved, of which the open scope may know."""

    def __init__(self) -> None:
        self._named: dict[tuple[str, str, str], list[_Said]] = defaultdict(list)
        self._between: set[tuple[str, str]] = set()
        self._patterns: dict[tuple[str, str], list[tuple[str, _Said]]] = defaultdict(list)
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT grantee_id::text, grantor_id::text, id::text, accounts, systems::text[], starts_on, expires_on,"
                " ended_at FROM sec.access_permissions()"
            )
            for grantee, grantor, pk, accounts, systems, starts, expires, ended in cursor.fetchall():
                said = _Said(pk, frozenset(systems), starts, expires, ended)
                self._between.add((grantee, grantor))
                for account in accounts:
                    if "*" in account:
                        self._patterns[grantee, grantor].append((account, said))
                    else:
                        self._named[grantee, grantor, account].append(said)

    def __bool__(self) -> bool:
        return bool(self._between)

    def between(self, home: str, organisation: str) -> bool:
        return (home, organisation) in self._between

    def covers(
        self, names: Sequence[str], home: str, organisation: str, system: str | None, at: datetime
    ) -> Cover | None:
        """The permission in force then, else one that had lapsed or been ended by then, else None."""
        lapsed, day = None, at.date()
        for each in self._of(names, home, organisation):
            if each.systems and system not in each.systems:
                continue
            if day > each.expires_on or (each.ended_at is not None and at >= each.ended_at):
                lapsed = Cover(each.id, lapsed=True)
            elif day >= each.starts_on:
                return Cover(each.id, lapsed=False)
        return lapsed

    def _of(self, names: Sequence[str], home: str, organisation: str) -> Iterator[_Said]:
        for name in names:
            yield from self._named.get((home, organisation, name), ())
        for pattern, said in self._patterns.get((home, organisation), ()):
            if any(covers(pattern, name) for name in names):
                yield said
