"""The account and the place of a record, remembered; spellings of one account joined where a record proved them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress, count
from operator import is_not
from typing import Any

from django.db import connections

from monitoring.access.columns import Columns
from monitoring.access.kept_names import kept_as
from monitoring.access.whose import REMEMBERED, REMEMBERED_LETTERS, Account, Place, Register, Tally
from monitoring.access.words import Known, Name
from monitoring.records.clocks import Clock
from monitoring.records.names import domain_hints, low
from monitoring.records.normal import record_of
from monitoring.records.record import AccountKind, Hint, HintKind, Record

Home = tuple[str, tuple[Hint, ...], AccountKind]
Where = tuple[str, tuple[Hint, ...], str]
NOTHING = Hint(HintKind.HOST, "-")


class Accounts:
    def __init__(self) -> None:
        self._accounts: dict[Home, Account] = {}
        self._places: dict[Where, Place] = {}
        self._canonical: dict[tuple[str, str], str] = {}
        self._letters = 0  # of the names of accounts and places
        self._renumber(Known())

    def _renumber(self, known: Known) -> None:
        self.known = known  # whose numbers they are; what is not looked up yet is None
        self.by_name: list[Any] = []  # accounts
        self.by_machine: list[Any] = []  # places
        self.tallies: list[Tally | None] = []
        self._sides: list[object] = []
        self._sides_there: list[object] = []
        self._homes: dict[tuple[str, str], tuple[str | None, Hint]] = {}

    def know(self, records: Iterable[Record], register: Register) -> None:
        """Look up whatever is new in these records: whose, and by which other name. Three queries at most."""
        most = max(len(self._accounts), len(self._places), len(self._canonical))
        if most > REMEMBERED or self._letters > REMEMBERED_LETTERS:
            self._letters = 0
            self._accounts.clear()
            self._canonical.clear()
            self._places.clear()
        records = list(records)
        homes = {_home(each): each for each in records if _home(each) not in self._accounts}
        places = {_where(each): each for each in records if _where(each) not in self._places}
        hints = [hint for _, several, _ in homes for hint in several]
        register.ask([*hints, *(hint for _, several, _ in places for hint in several)], {each[2] for each in places})
        for found, record in homes.items():
            home, hint = register.whose(record.home)[0], record.home[0] if record.home else NOTHING
            self._accounts[found] = Account(record.account, record.shown, record.kind, home, hint)
            self._letters += len(record.account) + len(record.shown)
        for resource, several, system in places:
            self._places[resource, several, system] = register.place(resource, several, system)
            self._letters += len(resource)
        self._join(records, homes, register)

    def of(self, record: Record) -> tuple[Account, Place]:
        """Known by now."""
        return self._accounts[_home(record)], self._places[_where(record)]

    def crossing(self, columns: Columns, register: Register, clock: Clock) -> list[int]:
        """Which lines of our own form are not of one organisation alone, or of nobody's. Afterwards `by_name` and
        `by_machine` know all that these lines name. Of most lines no object is looked at, only whose side they are on:
        of tens of thousands each one looked at takes its time.

        Raises:
            Unreadable: one of the names is none: read the lines one by one then.
        """
        if columns.known is not self.known:
            self._renumber(columns.known)
        _fill(len(self.known.names.texts), self.by_name, self._sides)
        _fill(len(self.known.machines.texts), self.by_machine, self._sides_there, self.tallies)
        names, machines = columns.names, columns.machines
        there = list(map(self._sides_there.__getitem__, machines))
        if not all(there):
            new = {nth for nth, side in zip(machines, there, strict=True) if side is None}
            self._learn_machines(columns, new, register, clock)
            there = list(map(self._sides_there.__getitem__, machines))
        sides = list(map(self._sides.__getitem__, names))
        if not all(sides):
            new = {nth for nth, side in zip(names, sides, strict=True) if side is None}
            self._learn_names(columns, new, register, clock)
            sides = list(map(self._sides.__getitem__, names))
        return list(compress(count(), map(is_not, sides, there)))

    def _learn_machines(self, columns: Columns, new: set[int], register: Register, clock: Clock) -> None:
        samples = _samples(columns, columns.machines, new, clock)
        self.know(samples.values(), register)
        for nth, record in samples.items():
            place = self.of(record)[1]
            self.by_machine[nth], self._sides_there[nth], self.tallies[nth] = place, place.side, place.tally

    def _learn_names(self, columns: Columns, new: set[int], register: Register, clock: Clock) -> None:
        """Names in the plain form `user@domain` are known by their domain; others, and all when spellings of accounts
        have been joined, are read as records are."""
        texts = self.known.names.texts
        parts: dict[int, Name] = {
            nth: (texts[nth], "", None) if isinstance(texts[nth], str) else texts[nth] for nth in new
        }
        plain = {
            nth: said[0].strip().lower()
            for nth, said in parts.items()
            if not register.has_aliases and _is_plain(said[0])
        }
        domains = {(text.rpartition("@")[2], parts[nth][1]) for nth, text in plain.items()}
        asked = {key: _hints(*key) for key in domains if key not in self._homes}
        register.ask([hint for hints in asked.values() for hint in hints])
        for domain, hints in asked.items():
            self._homes[domain] = register.whose(hints)[0], hints[0] if hints else NOTHING
        for nth, text in plain.items():
            account, organisation, kind = parts[nth]
            home, hint = self._homes[text.rpartition("@")[2], organisation]
            self.by_name[nth] = Account(text, account.strip(), kind, home, hint)
        if len(plain) < len(new):
            others = new - plain.keys()
            samples = _samples(columns, columns.names, others, clock)
            self.know(samples.values(), register)
            for nth, record in samples.items():
                self.by_name[nth] = self.of(record)[0]
        for nth in new:
            self._sides[nth] = self.by_name[nth].side

    def _join(self, records: list[Record], new: Iterable[Home], register: Register) -> None:
        proved: dict[tuple[str, str], str] = {}
        for record in records:
            home = self._accounts[_home(record)].home
            for alias in record.aliases if home else ():
                if home and alias != record.account and self._canonical.get((home, alias), alias) == alias:
                    proved[home, alias] = record.account
        if proved:
            columns = (
                [home for home, _ in proved],
                [kept_as(alias) for _, alias in proved],
                [kept_as(account) for account in proved.values()],
            )
            _run("SELECT sec.learn_aliases(%s::uuid[], %s, %s)", columns)
            register.has_aliases = True
        if not register.has_aliases:
            return
        asked = dict.fromkeys(proved)
        for one in new:
            home = self._accounts[one].home
            if home and (home, one[0]) not in self._canonical:
                asked[home, one[0]] = None
        if asked:
            pairs = [home for home, _ in asked], [kept_as(alias) for _, alias in asked]
            rows = _run("SELECT home_id::text, alias, account FROM sec.aliases_of(%s::uuid[], %s)", pairs)
            found = {(home, alias): account for home, alias, account in rows}
            self._canonical.update({(home, alias): found.get((home, kept_as(alias)), alias) for home, alias in asked})
        rekeyed = self._accounts if proved else {key: self._accounts[key] for key in new}
        for (key, _, _), account in rekeyed.items():
            if account.home:
                account.key, account.names, account.unnamed = self._canonical.get((account.home, key), key), None, None


def _fill(most: int, *lists: list[Any]) -> None:
    for each in lists:
        each += [None] * (most - len(each))


def _samples(columns: Columns, names: list[int], wanted: set[int], clock: Clock) -> dict[int, Record]:
    """One record for each of the names."""
    first = {
        name: nth for nth, name in zip(range(len(names) - 1, -1, -1), reversed(names), strict=True) if name in wanted
    }
    return {name: record_of(columns.line(nth), clock) for name, nth in first.items()}


def _home(record: Record) -> Home:
    return record.account, record.home, record.kind


def _where(record: Record) -> Where:
    return record.resource, record.place, record.system


def _is_plain(account: str) -> bool:
    user, at, domain = account.strip().rpartition("@")
    return bool(at and user and domain) and account.isprintable() and "\\" not in account and ":" not in account


def _hints(domain: str, organisation: str) -> tuple[Hint, ...]:
    """As of each account of the domain: of one alone its length, or what else is odd in it, would speak for all."""
    hints = domain_hints(domain)
    said = low(organisation)
    return (Hint(HintKind.ORGANISATION, said), *hints) if said else hints


def _run(sql: str, values: Sequence[Any]) -> list[tuple[str, str, str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchall() if "FROM" in sql else []
