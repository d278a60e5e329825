"""Windows Security events to records: logons, tickets, privileges, changes of accounts, groups and trusts."""

from __future__ import annotations

from monitoring.records.clocks import Clock
from monitoring.records.domains import Domains
from monitoring.records.objects import Doc, parse
from monitoring.records.record import AccountKind, Action, Outcome, Record, Unreadable
from monitoring.records.windows.access import access_of
from monitoring.records.windows.changes import change_of
from monitoring.records.windows.shapes import event_of
from monitoring.records.windows.shown import fields_of
from monitoring.records.windows.times import moment_of


class WindowsReader:
    def __init__(self, clock: Clock, domains: Domains) -> None:
        self.clock = clock
        self.domains = domains

    def read(self, line: bytes) -> list[Record]:
        doc = parse(line) if line.lstrip()[:1] in (b"{", b"[", b"") else fields_of(_text(line))
        return [record_of_event(doc, self.clock, self.domains)]


def record_of_event(doc: Doc, clock: Clock, domains: Domains) -> Record:
    """Raises:
    Unreadable: whatever of `REASONS` is wrong with the event.
    """
    event = event_of(doc)
    moment = moment_of(event.times, clock)
    blank = Record(
        at=moment.at,
        event_id=event.number,
        action=Action.LOGON,
        outcome=Outcome.SUCCESS,
        account="",
        shown="",
        kind=AccountKind.UNKNOWN,
        home=(),
        resource="",
        place=(),
        clock=moment.fault,
    )
    record = access_of(event, blank, domains) or change_of(event, blank, domains)
    if record is None:
        raise Unreadable("not-authentication")
    return record


def _text(line: bytes) -> str:
    if b"\0" in line:
        raise Unreadable("not-text")
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not-text") from None
