"""What a group of blocks amounts to before it is written: crossings, changes, counts. Pure, but for the register's one
query a block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from monitoring.access.permitted import Permitted
from monitoring.access.recent import Recent
from monitoring.access.whose import Account, Place, Register
from monitoring.records.record import Action, Hint, Outcome, Record

Key = tuple[str, str, str, str, str]  # account, whose place, place, whose account, kind
SUCCESS, FAILURE, ADMIN, LAPSED = "success", "failure", "admin", "lapsed"
CHANGES = frozenset(
    {
        Action.ACCOUNT_CREATED, Action.ACCOUNT_ENABLED, Action.ACCOUNT_CHANGED, Action.ACCOUNT_DISABLED,
        Action.GROUP_CHANGED, Action.ROLE_CHANGED, Action.TRUST_CHANGED, Action.POLICY_CHANGED, Action.BACKUP_DELETED,
    }
)  # fmt: skip
PRIVILEGED = CHANGES | {Action.PRIVILEGE}
LISTED = 1000  # rejections that are named
REACHES_NOTHING = frozenset({Action.LOGOFF})


@dataclass(slots=True)
class Crossing:
    """One key on one day: its earliest time there."""

    at: datetime
    account: Account
    place: Place
    permission: str | None = None


@dataclass(slots=True)
class Unknown:
    example: str
    times: int
    first: datetime
    last: datetime


@dataclass(slots=True)
class Change:
    action: str
    outcome: str
    account: Account
    target: str
    place: Place
    at: datetime


@dataclass(slots=True)
class Batch:
    register: Register
    permitted: Permitted
    seen: Recent[Key, tuple[datetime, date]]
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    clock: str = ""
    because: str = ""
    rejections: list[dict[str, object]] = field(default_factory=list)
    crossings: dict[tuple[Key, date], Crossing] = field(default_factory=dict)
    lapsed: dict[tuple[Key, date], Crossing] = field(default_factory=dict)
    unknown: dict[tuple[str, str, str], Unknown] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        self.rejected += 1
        self.because = reason
        if len(self.rejections) < LISTED:
            self.rejections.append({"line": line, "reason": reason})

    def unattributed(self, side: str, hint: Hint, example: str, at: datetime) -> None:
        key = (side, str(hint.kind), hint.value)
        known = self.unknown.get(key)
        if known is None:
            self.unknown[key] = Unknown(example, 1, at, at)
            return
        known.times += 1
        known.first, known.last = min(known.first, at), max(known.last, at)

    def crossed(self, account: Account, place: Place, at: datetime, kind: str) -> bool:
        """Note a crossing; False if this very one stands there already."""
        assert account.home is not None
        assert place.organisation is not None
        key = (account.key, place.organisation, place.place, account.home, kind)
        day = at.date()
        known = self.seen.get(key)
        if known is not None and known[1] == day and at >= known[0]:
            return at != known[0]
        found = self.crossings.get((key, day))
        if found is None:
            self.crossings[key, day] = Crossing(at, account, place)
            return True
        if at < found.at:
            found.at = at
            return True
        return at != found.at

    def cover(self) -> None:
        """Which of the crossings a permission covers, or covered once."""
        if not self.permitted:
            return
        for (key, day), each in self.crossings.items():
            home, organisation = key[3], key[1]
            if not self.permitted.between(home, organisation):
                continue
            names = self.register.names_of(each.account)
            cover = self.permitted.covers(names, home, organisation, each.place.system, each.at)
            if cover is None:
                continue
            if not cover.lapsed:
                each.permission = cover.permission
            elif key[4] == SUCCESS:
                lapsed = (key[0], key[1], key[2], key[3], LAPSED)
                self.lapsed[lapsed, day] = Crossing(each.at, each.account, each.place, cover.permission)

    def known(self, account: Account, place: Place, at: datetime) -> None:
        """Names that nobody knows."""
        if account.home is None:
            self.unattributed("home", account.hint, account.shown, at)
        if place.organisation is None:
            self.unattributed("place", place.hint, place.resource, at)

    def take(self, record: Record, account: Account, place: Place) -> None:
        """One record of any form."""
        at = record.at
        self.known(account, place, at)
        if place.tally:
            privileged = record.privileged or record.action in PRIVILEGED
            place.tally.add(not privileged, privileged, at, at)
        if record.action in CHANGES and place.organisation and (place.system or account.home != place.organisation):
            change = Change(str(record.action), str(record.outcome), account, record.target, place, at)
            self.changes.append(change)
        stands = False
        crosses = account.home is not None and place.organisation is not None and account.home != place.organisation
        if crosses and account.counts and record.action not in REACHES_NOTHING:
            if record.outcome is Outcome.SUCCESS:
                stands = not self.crossed(account, place, at, SUCCESS)
                if record.privileged:
                    self.crossed(account, place, at, ADMIN)
            elif record.outcome is Outcome.FAILURE:
                stands = not self.crossed(account, place, at, FAILURE)
        if record.clock:
            self.clock = record.clock
        self.earliest = min(self.earliest or at, at)
        self.latest = max(self.latest or at, at)
        if stands:
            self.duplicates += 1
        else:
            self.accepted += 1

    def all_crossings(self) -> Iterable[tuple[Key, Crossing]]:
        for (key, _), each in [*self.crossings.items(), *self.lapsed.items()]:
            yield key, each
