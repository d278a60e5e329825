"""The account and the place of a record, remembered; spellings of one account joined where a record proved them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connections

from monitoring.access.whose import REMEMBERED, Account, Place, Register
from monitoring.records.clocks import Clock
from monitoring.records.normal import NormalLine, account_of, record_of
from monitoring.records.record import AccountKind, Hint, HintKind, Record

Home = tuple[str, tuple[Hint, ...], AccountKind]
Where = tuple[str, tuple[Hint, ...], str]
Name = tuple[str, str, AccountKind | None]  # account, account_organisation, account_kind of a line
_NAME = attrgetter("account", "account_organisation", "account_kind")
_ACCOUNT, _SAID_OF, _KIND = attrgetter("account"), attrgetter("account_organisation"), attrgetter("account_kind")
_MACHINE = attrgetter("resource", "resource_organisation", "system")
NOTHING = Hint(HintKind.HOST, "-")


class Accounts:
    def __init__(self) -> None:
        self._accounts: dict[Home, Account] = {}
        self._places: dict[Where, Place] = {}
        self._canonical: dict[tuple[str, str], str] = {}
        self._by_name: dict[Name | str, Account] = {}
        self._by_machine: dict[Any, Place] = {}
        self._homes: dict[tuple[str, str], tuple[str | None, Hint]] = {}

    def know(self, records: Iterable[Record], register: Register) -> None:
        """Look up whatever is new in these records: whose, and by which other name. Three queries at most."""
        if max(len(self._accounts), len(self._places), len(self._canonical)) > REMEMBERED:
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
        for resource, several, system in places:
            self._places[resource, several, system] = register.place(resource, several, system)
        self._join(records, homes, register)

    def of(self, record: Record) -> tuple[Account, Place]:
        """Known by now."""
        return self._accounts[_home(record)], self._places[_where(record)]

    def normal(
        self, lines: Sequence[NormalLine], register: Register, clock: Clock
    ) -> tuple[list[Account], list[Place]]:
        """The account and the place of each line of our own form, with few look-ups a line.

        Raises:
            Unreadable: one of the names is none: read the lines one by one then.
        """
        if len(self._by_name) > REMEMBERED * 2:
            self._by_name, self._homes = {}, {}
        if any(map(_SAID_OF, lines)) or any(map(_KIND, lines)):
            names: list[Any] = list(map(_NAME, lines))
        else:
            names = list(map(_ACCOUNT, lines))  # the name alone, which is found three times as fast
        machines = list(map(_MACHINE, lines))
        places = list(map(self._by_machine.get, machines))
        if None in places:
            new = {key for key, place in zip(machines, places, strict=True) if place is None}
            self._learn_machines(lines, machines, new, register, clock)
            places = list(map(self._by_machine.get, machines))
        accounts = list(map(self._by_name.get, names))
        if None in accounts:
            unknown = {key for key, account in zip(names, accounts, strict=True) if account is None}
            self._learn_names(lines, names, unknown, register, clock)
            accounts = list(map(self._by_name.get, names))
        return accounts, places  # type: ignore[return-value]  # all are known by now

    def _learn_machines(
        self, lines: Sequence[NormalLine], keys: list[Any], new: set[Any], register: Register, clock: Clock
    ) -> None:
        if len(self._by_machine) > REMEMBERED:
            self._by_machine = {}
            new = set(keys)
        samples = _samples(lines, keys, new, clock)
        self.know(samples.values(), register)
        for key, record in samples.items():
            self._by_machine[key] = self.of(record)[1]

    def _learn_names(
        self, lines: Sequence[NormalLine], keys: list[Any], new: set[Any], register: Register, clock: Clock
    ) -> None:
        """Names in the plain form `user@domain` are known by their domain; others, and all when spellings of accounts
        have been joined, are read as records are."""
        parts: dict[Any, Name] = {key: (key, "", None) if isinstance(key, str) else key for key in new}
        plain = {
            key: said[0].strip().lower()
            for key, said in parts.items()
            if not register.has_aliases and _is_plain(said[0])
        }
        domains = {(text.rpartition("@")[2], parts[key][1]): text for key, text in plain.items()}
        asked = {key: _hints(text, key[1]) for key, text in domains.items() if key not in self._homes}
        register.ask([hint for hints in asked.values() for hint in hints])
        for domain, hints in asked.items():
            self._homes[domain] = register.whose(hints)[0], hints[0] if hints else NOTHING
        for key, text in plain.items():
            account, organisation, kind = parts[key]
            home, hint = self._homes[text.rpartition("@")[2], organisation]
            self._by_name[key] = Account(text, account.strip(), kind, home, hint)
        if len(plain) < len(new):
            others = new - plain.keys()
            samples = _samples(lines, keys, others, clock)
            self.know(samples.values(), register)
            for key, record in samples.items():
                self._by_name[key] = self.of(record)[0]

    def _join(self, records: list[Record], new: Iterable[Home], register: Register) -> None:
        proved: dict[tuple[str, str], str] = {}
        for record in records:
            home = self._accounts[_home(record)].home
            for alias in record.aliases if home else ():
                if home and alias != record.account and self._canonical.get((home, alias), alias) == alias:
                    proved[home, alias] = record.account
        if proved:
            columns = [home for home, _ in proved], [alias for _, alias in proved], list(proved.values())
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
            pairs = [home for home, _ in asked], [alias for _, alias in asked]
            rows = _run("SELECT home_id::text, alias, account FROM sec.aliases_of(%s::uuid[], %s)", pairs)
            found = {(home, alias): account for home, alias, account in rows}
            self._canonical.update({key: found.get(key, key[1]) for key in asked})
        rekeyed = self._accounts if proved else {key: self._accounts[key] for key in new}
        for (key, _, _), account in rekeyed.items():
            if account.home:
                account.key = self._canonical.get((account.home, key), key)


def _samples(lines: Sequence[NormalLine], keys: list[Any], wanted: set[Any], clock: Clock) -> dict[Any, Record]:
    """One record for each key."""
    first = {key: line for key, line in zip(reversed(keys), reversed(lines), strict=True) if key in wanted}
    return {key: record_of(line, clock) for key, line in first.items()}


def _home(record: Record) -> Home:
    return record.account, record.home, record.kind


def _where(record: Record) -> Where:
    return record.resource, record.place, record.system


def _is_plain(account: str) -> bool:
    user, at, domain = account.strip().rpartition("@")
    return bool(at and user and domain) and account.isprintable() and "\\" not in account and ":" not in account


def _hints(account: str, organisation: str) -> tuple[Hint, ...]:
    _, hints = account_of(account)
    said = organisation.strip().lower()
    return (Hint(HintKind.ORGANISATION, said), *hints) if said else hints


def _run(sql: str, values: Sequence[Any]) -> list[tuple[str, str, str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchall() if "FROM" in sql else []
