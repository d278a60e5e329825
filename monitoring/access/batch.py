"""What a group of blocks amounts to before it is written: crossings, changes, counts. Pure, but for the register's one
query a block."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from monitoring.access.moments import Moments, Stretch
from monitoring.access.permitted import Permitted
from monitoring.access.recent import Recent
from monitoring.access.whose import Account, Place, Register
from monitoring.records.record import Action, Hint, Outcome, Record

Key = str  # account, whose place, place, whose account and kind, with a NUL between
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


class Crossing(Struct, gc=False):
    """One key on one day, or stretch of a day: its earliest time there. There are many: the collector of cycles goes by
    them."""

    at: datetime
    account: Account
    place: Place
    kind: str
    day: Stretch
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
    seen: Recent[Key, Crossing]
    moments: Moments
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    clock: str = ""
    because: str = ""
    rejections: list[dict[str, object]] = field(default_factory=list)
    crossings: dict[Stretch, dict[Key, Crossing]] = field(default_factory=lambda: defaultdict(dict))
    lapsed: list[Crossing] = field(default_factory=list)
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

    def crossed(self, account: Account, place: Place, at: datetime, kind: str, day: Stretch) -> bool:
        """Note a crossing of that day, or stretch of one; False if this very one stands there already."""
        assert account.home is not None
        assert place.organisation is not None
        key = f"{account.key}\0{place.organisation}\0{place.place}\0{account.home}\0{kind}"
        known = self.seen.get(key)
        if known is not None and known.day == day and at >= known.at:
            return at != known.at
        of_day = self.crossings[day]
        found = of_day.get(key)
        if found is None:
            of_day[key] = Crossing(at, account, place, kind, day)
            return True
        if at < found.at:
            found.at = at
            return True
        return at != found.at

    def cover(self) -> None:
        """Which of the crossings a permission covers, or covered once."""
        if not self.permitted:
            return
        for of_day in self.crossings.values():
            for each in of_day.values():
                if each.account.unnamed is not self.permitted:
                    self._cover(each)

    def _cover(self, each: Crossing) -> None:
        account = each.account
        if account.names is None:
            names = self.register.names_of(account)
            if not self.permitted.may_name(names):
                account.unnamed = self.permitted
                return
            account.names = names
        between = self.permitted.between(account.home, each.place.organisation)
        if between is None:
            return
        cover = between.covers(account.names, each.place.system, each.at)
        if cover is None:
            return
        if not cover.lapsed:
            each.permission = cover.permission
        elif each.kind == SUCCESS:
            self.lapsed.append(Crossing(each.at, each.account, each.place, LAPSED, each.day, cover.permission))

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
                stands = not self.crossed(account, place, at, SUCCESS, self.moments.stretch(at))
                if record.privileged:
                    self.crossed(account, place, at, ADMIN, self.moments.stretch(at))
            elif record.outcome is Outcome.FAILURE:
                stands = not self.crossed(account, place, at, FAILURE, self.moments.stretch(at))
        if record.clock:
            self.clock = record.clock
        self.earliest = min(self.earliest or at, at)
        self.latest = max(self.latest or at, at)
        if stands:
            self.duplicates += 1
        else:
            self.accepted += 1

    def counted_before(self, lines: int) -> None:
        """All of these lines were counted when they came first: what crosses now is told, and nothing counts again.

        Times stay: of a machine whose system is known only now they say since when its sign-ins are told.
        """
        self.accepted, self.rejected, self.duplicates = 0, 0, lines
        self.because, self.rejections = "", []
        self.unknown.clear()
        for tally in self.register.tallies.values():
            tally.sign_ins = tally.privileged = 0

    def while_cut_off(self) -> list[Crossing]:
        """Successes while anybody was cut off; the database knows whether that was one of the two."""
        if not self.moments.cuts:
            return []
        return [each for each in self.all_crossings() if each.kind == SUCCESS and self.moments.cut(each.at)]

    def all_crossings(self) -> list[Crossing]:
        found = list(self.lapsed)
        for of_day in self.crossings.values():
            found.extend(of_day.values())
        return found

    def are_seen(self) -> None:
        """They stand now: what is told of them again on that day is known."""
        for of_day in self.crossings.values():
            self.seen.add(of_day)
