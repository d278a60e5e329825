"""Whose an account and a machine are, by the register of names; each name is asked for once and then remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connections
from msgspec import Struct

from monitoring.access.kept_names import all_kept_as
from monitoring.records.names import is_address, kind_of
from monitoring.records.record import AccountKind, Hint, HintKind

REMEMBERED = 20_000  # names of each kind in each of two generations
REMEMBERED_LETTERS = 8_000_000  # of names alone; ordinary ones have a fifth of it
CLIMBED = (HintKind.DOMAIN, HintKind.REALM)  # belong to whoever has what stands behind one of their dots
# No longer one can be claimed, so none that is claimed is missed where a longer name is kept shortened or looked up by
# its last parts alone. 253 octets are the longest name of the DNS (RFC 1035, 2.3.4).
MOST_PARTS, MOST_OCTETS = 20, 253
SYSTEM = "system"  # asked beside the hints: a shared system by its slug
NOTHING = Hint(HintKind.HOST, "-")


class Account(Struct, eq=False, gc=False):
    """An account as it is known here. `home` None: nobody knows whose. `said` None: its name says what kind it is.

    Tens of thousands are remembered: the collector of cycles goes by them, and so they must be in none.
    """

    key: str
    shown: str
    said: AccountKind | None
    home: str | None
    hint: Hint
    side: object = None  # the same object for all that are one organisation's, places too
    names: tuple[str, ...] | None = None  # by which a permission names it
    unnamed: object = None  # those permissions, as they were read, of which none names it

    def __post_init__(self) -> None:
        self.side = self.home or object()

    @property
    def kind(self) -> AccountKind:
        if self.said is None:
            self.said = kind_of(self.key)
        return self.said

    @property
    def counts(self) -> bool:
        kind = self.said or self.kind
        return kind is not AccountKind.MACHINE and kind is not AccountKind.ANONYMOUS


@dataclass(slots=True, eq=False)
class Tally:
    """What was told of a shared system since the last commit."""

    system: str
    sign_ins: int = 0
    privileged: int = 0
    first: datetime | None = None
    last: datetime | None = None
    last_privileged: datetime | None = None

    def add(self, sign_ins: int, privileged: int, first: datetime, last: datetime) -> None:
        self.sign_ins += sign_ins
        self.privileged += privileged
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)
        if privileged:
            self.last_privileged = max(self.last_privileged or last, last)


@dataclass(slots=True, eq=False)
class Place:
    """A machine or application. `place` is its shared system's slug, or itself; `tally` that of its system."""

    resource: str
    place: str
    organisation: str | None
    system: str | None
    hint: Hint
    tally: Tally | None = None
    side: object = field(init=False)  # as an account's

    def __post_init__(self) -> None:
        self.side = self.organisation or self


class Register:
    """Who is who, as the open scope's organisation may know it."""

    def __init__(self) -> None:
        self.slugs: dict[str, str] = {}
        self.systems: dict[str, tuple[str, str | None]] = {}
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT is_system, id::text, slug, owner_id::text FROM sec.access_register()")
            for is_system, pk, slug, owner in cursor.fetchall():  # ids as text: their hash is kept, a UUID's is not
                if is_system:
                    self.systems[pk] = (slug, owner)
                else:
                    self.slugs[pk] = slug
        self._one = {pk: pk for pk in self.slugs}  # one object for each organisation, so that `is` tells them apart
        self.tallies: dict[str, Tally] = {}
        self._known: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        self._letters = 0  # of their names
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.has_aliases(), sec.names_version()")
            self.has_aliases, self.version = cursor.fetchone()

    def ask(self, hints: Iterable[Hint], systems: Iterable[str] = ()) -> None:
        """Look up what is not known yet, in one query."""
        if len(self._known) > 4 * REMEMBERED or self._letters > REMEMBERED_LETTERS:
            self._known.clear()  # before it is asked what is known
            self._letters = 0
        asked: dict[tuple[str, str], None] = {}
        for hint in hints:
            for name in _candidates(hint):
                if name not in self._known:
                    asked[name] = None
        for slug in systems:
            if slug and (SYSTEM, slug) not in self._known:
                asked[SYSTEM, slug] = None
        if not asked:
            return
        names = list(asked)
        self._letters += sum(len(name) for _, name in names)
        found: dict[int, tuple[str | None, str | None]] = {}
        with connections["default"].cursor() as cursor:
            kinds, values = [kind for kind, _ in names], all_kept_as([name for _, name in names])
            cursor.execute("SELECT nth, organisation_id::text, system_id::text FROM sec.whose(%s, %s)", [kinds, values])
            for nth, organisation, system in cursor.fetchall():
                found.setdefault(nth - 1, (self._one.get(organisation) if organisation else None, system))
        for nth, name in enumerate(names):
            self._known[name] = found.get(nth, (None, None))

    def whose(self, hints: Iterable[Hint]) -> tuple[str | None, str | None]:
        """Organisation and system of the first hint that says so; the others only fill in what it leaves open."""
        organisation = system = None
        for hint in hints:
            for name in _candidates(hint):
                known = self._known.get(name, (None, None))
                organisation, system = organisation or known[0], system or known[1]
        return organisation, system

    def names_of(self, account: Account) -> tuple[str, ...]:
        """By which a permission may name it: as it is written, and with its organisation behind the @."""
        shown = account.shown.lower()
        names = (shown,) if shown == account.key else (shown, account.key)
        slug = self.slugs.get(account.home, "") if account.home else ""
        own = shown.rpartition("\\")[2].partition("@")[0] + "@" + slug
        return names if own in names else (*names, own)

    def place(self, resource: str, hints: tuple[Hint, ...], said_system: str = "") -> Place:
        hints = tuple(sorted(hints, key=_of_places))
        organisation, system = self.whose(hints)
        if said_system:
            system = self._known.get((SYSTEM, said_system), (None, None))[1] or system
        slug, owner = self.systems.get(system, ("", None)) if system else ("", None)
        whose = organisation or (self._one.get(owner) if owner else None)
        tally = self.tallies.setdefault(system, Tally(system)) if system else None
        hint = hints[0] if hints else NOTHING
        return Place(resource, slug or _machine(resource, hint), whose, system, hint, tally)


def _of_places(hint: Hint) -> int:
    """A machine may be one organisation's in a domain of another: its own name tells more than its domain."""
    return {HintKind.ORGANISATION: 0, HintKind.HOST: 1}.get(hint.kind, 2)


def _machine(resource: str, hint: Hint) -> str:
    """A machine by its own name: logs write `file-02` and `file-02.coldharbour.example` of the same log-on."""
    return resource.partition(".")[0] if hint.kind is HintKind.HOST and not is_address(resource) else resource


def _candidates(hint: Hint) -> list[tuple[str, str]]:
    """A hint as names to look up: of a name with dots also what stands behind each of them, and a machine's own."""
    names = [(str(hint.kind), hint.value)]
    if hint.kind in CLIMBED:
        rest = hint.value
        if rest.count(".") >= MOST_PARTS:
            rest = ".".join(rest.rsplit(".", MOST_PARTS)[1:])
            names.append((str(hint.kind), rest))
        while rest.count(".") > 1:
            rest = rest.partition(".")[2]
            names.append((str(hint.kind), rest))
    elif hint.kind is HintKind.HOST and "." in hint.value:
        names.append((str(hint.kind), hint.value.partition(".")[0]))
    return names
