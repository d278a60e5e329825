"""Whether a permission covers an access: recorded then, and nobody is alerted. It excuses nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connections
from msgspec import Struct

from partners.account_patterns import covers


@dataclass(frozen=True, slots=True)
class Cover:
    """`lapsed`: there was one, and it was over on that day."""

    permission: str
    lapsed: bool


class _Said(Struct, frozen=True, gc=False):
    """Thousands are read at once, which would call the collector of cycles; they are in none."""

    id: str
    systems: frozenset[str]
    starts_on: date
    expires_on: date
    ended_at: datetime | None


class Between:
    """What one organisation may do at another, by the names of accounts."""

    def __init__(self) -> None:
        self.named: dict[str, list[_Said]] = defaultdict(list)
        self.patterns: list[tuple[str, _Said]] = []

    def covers(self, names: Sequence[str], system: str | None, at: datetime) -> Cover | None:
        """The permission in force then, else one that had lapsed or been ended by then, else None."""
        if not self.patterns and self.named.keys().isdisjoint(names):
            return None
        said = [each for name in names if name in self.named for each in self.named[name]]
        for pattern, each in self.patterns:
            if any(covers(pattern, name) for name in names):
                said.append(each)
        if not said:
            return None
        lapsed, day = None, at.date()
        for each in said:
            if each.systems and system not in each.systems:
                continue
            if day > each.expires_on or (each.ended_at is not None and at >= each.ended_at):
                lapsed = Cover(each.id, lapsed=True)
            elif day >= each.starts_on:
                return Cover(each.id, lapsed=False)
        return lapsed


class Permitted:
    """The permissions that both sides once approved, of which the open scope may know."""

    def __init__(self) -> None:
        self._between: dict[tuple[str | None, str | None], Between] = defaultdict(Between)
        self._named: set[str] = set()
        self._patterned = False
        several: dict[frozenset[str], frozenset[str]] = {}  # of the systems of each: mostly the same few
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT grantee_id::text, grantor_id::text, id::text, accounts, systems::text[], starts_on, expires_on,"
                " ended_at FROM sec.access_permissions()"
            )
            for grantee, grantor, pk, accounts, systems, starts, expires, ended in cursor:  # not all rows at once
                on = frozenset(systems)
                said = _Said(pk, several.setdefault(on, on), starts, expires, ended)
                between = self._between[grantee, grantor]
                for account in accounts:
                    if "*" in account:
                        between.patterns.append((account, said))
                        self._patterned = True
                    else:
                        between.named[account].append(said)
                        self._named.add(account)

    def __bool__(self) -> bool:
        return bool(self._between)

    def may_name(self, names: Sequence[str]) -> bool:
        """Whether any of them may be meant, by anybody; False for nearly all accounts there are."""
        return self._patterned or not self._named.isdisjoint(names)

    def between(self, home: str | None, organisation: str | None) -> Between | None:
        return self._between.get((home, organisation))
