"""The normal form: our own, one JSON object a line, for whoever writes records on purpose (docs/monitoring.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, ClassVar

import msgspec

from monitoring.records.clocks import Clock
from monitoring.records.names import (
    REMEMBERED,
    address,
    domain_hints,
    domain_sid,
    host_hints,
    host_of,
    kind_of,
    low,
    split_account,
    unique,
    word,
)
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Outcome, Record, Unreadable

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Text = Annotated[str, msgspec.Meta(max_length=512)]


class NormalLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One line as it stands. `at` has a zone; organisations and systems are slugs of the partnership."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    account: Name
    resource: Name
    id: Text = ""
    action: Action = Action.LOGON
    outcome: Outcome = Outcome.SUCCESS
    account_organisation: Text = ""
    resource_organisation: Text = ""
    system: Text = ""
    account_kind: AccountKind | None = None
    interactive: bool | None = None
    privileged: bool = False
    target: Text = ""
    protocol: Text = ""
    src_ip: Text = ""
    src_host: Text = ""
    reason: Text = ""


class SignIn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain sign-in, as most lines are: read faster than all fields. All else is as where nothing is said."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    account: Name
    resource: Name
    id: Text = ""
    outcome: Outcome = Outcome.SUCCESS
    resource_organisation: Text = ""
    system: Text = ""
    action: ClassVar[Action] = Action.LOGON
    privileged: ClassVar[bool] = False
    account_organisation: ClassVar[str] = ""
    account_kind: ClassVar[AccountKind | None] = None


_decoder = msgspec.json.Decoder(NormalLine)
_sign_ins = msgspec.json.Decoder(SignIn)
# What the decoder raises on hostile bytes: its own errors, bytes that are no UTF-8, nesting without end.
REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def lines_of(block: bytes) -> list[NormalLine] | list[SignIn] | None:
    """All lines of a block at full speed; None if one of them is anything but right: read them one by one then.

    Times are not checked against the calendar (`Clock.check`), and a field said twice counts as it stands last, as in
    `NormalReader.read`.
    """
    # PostgreSQL keeps no NUL in text; the decoder lets an escaped one through.
    if b"\\" in block and b"\\u0000" in block:
        return None
    try:
        return _sign_ins.decode_lines(block)
    except REFUSED:
        pass  # most often at the first line, by a field that it does not have
    try:
        return _decoder.decode_lines(block)
    except REFUSED:
        return None


def record_of(line: NormalLine, clock: Clock, *, fault: str = "") -> Record:
    """`fault` is what was mended of the time before.

    Raises:
        Unreadable: `time-out-of-range`, `future-time`, `no-account`, `no-resource`.
    """
    try:
        at = line.at.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Unreadable("time-out-of-range") from None
    clock.check(at)
    account, home = account_of(line.account)
    if not account:
        raise Unreadable("no-account")
    resource = host_of(line.resource)
    if not resource:
        raise Unreadable("no-resource")
    if line.account_organisation and (said := slug_of(line.account_organisation)):
        home = unique(Hint(HintKind.ORGANISATION, said), *home)
    place = host_hints(resource)
    if line.resource_organisation and (said := slug_of(line.resource_organisation)):
        place = unique(Hint(HintKind.ORGANISATION, said), *place)
    return Record(
        at=at,
        event_id=line.id.strip(),
        action=line.action,
        outcome=line.outcome,
        account=account,
        shown=word(line.account, nothing=frozenset()),
        kind=line.account_kind or kind_of(account),
        home=home,
        resource=resource,
        place=place,
        system=line.system.strip().lower(),
        target=word(line.target),
        reason=word(line.reason),
        protocol=line.protocol.strip().lower(),
        interactive=line.interactive,
        privileged=line.privileged,
        src_ip=address(line.src_ip),
        src_host=host_of(line.src_host),
        clock=fault,
    )


@lru_cache(REMEMBERED)
def slug_of(said: str) -> str:
    """An organisation as our own form names it; '' when it names none."""
    return low(said)


@lru_cache(REMEMBERED)
def account_of(name: str) -> tuple[str, tuple[Hint, ...]]:
    """The key of an account and the hints in its name: `user@domain`, `DOMAIN\\user`, or another reader's stable id."""
    text = word(name, nothing=frozenset()).lower()  # no line break and no invisible sign in a name that pages show
    if text.startswith("sid:"):
        return text, unique(Hint(HintKind.SID, domain_sid(text[4:])))
    if text.startswith("entra:"):
        return text, unique(Hint(HintKind.TENANT, text[6:].partition("/")[0]))
    if text.startswith("arn:"):
        parts = text.split(":")
        return text, unique(Hint(HintKind.CLOUD_ACCOUNT, parts[4] if len(parts) > 5 else ""))
    user, domain = split_account(text)
    if not user:
        return "", ()
    return (f"{user}@{domain}" if domain else user), domain_hints(domain)


def reason_of(error: Exception) -> str:
    """Our word for what the decoder found wrong."""
    if isinstance(error, UnicodeDecodeError):
        return "not-text"
    if isinstance(error, RecursionError):
        return "too-deep"
    if not isinstance(error, msgspec.ValidationError):
        return "not-json"
    said = str(error)
    if "unknown field" in said:
        return "unknown-field"
    if "missing required field" in said:
        return "missing-field"
    if "`$.at`" in said:
        return "bad-time"
    return "not-an-object" if "`$." not in said else "bad-value"


class NormalReader:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def read(self, line: bytes) -> list[Record]:
        if b"\\u0000" in line:
            raise Unreadable("not-text")
        if not line.strip():
            raise Unreadable("empty")
        try:
            found = _decoder.decode(line)
        except REFUSED as error:
            raise Unreadable(reason_of(error)) from None
        return [record_of(found, self.clock)]
