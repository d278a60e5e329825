"""CEF (ArcSight Common Event Format): sign-ins and sign-offs, told by the event's class, name or outcome."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime
from itertools import islice

from monitoring.records.clocks import Clock, Moment
from monitoring.records.domains import Domains
from monitoring.records.names import address, host_hints, host_of, low, unique, word
from monitoring.records.record import Action, Hint, HintKind, Outcome, Record, Unreadable
from monitoring.records.syslog import line_text, short_time
from monitoring.records.windows.accounts import account_from

_HEADER = re.compile(r"CEF:\d+" + r"\|((?:[^|\\]|\\.){0,1023})" * 6 + r"\|(.*)", re.DOTALL)
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z][A-Za-z0-9_.]{0,62})=")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PREFIX_TIME = re.compile(r"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ", re.ASCII)
_LONG_TIME = re.compile(r"[A-Z][a-z]{2} \d\d? \d{4} \d\d:\d\d:\d\d(?:\.\d{3})?(?: (?:UTC|GMT|Z))?", re.ASCII)
_MOST = 200  # extension fields

_OFF = re.compile(
    r"\blog(?:ged|ging)?[ _-]?(?:off|out)\b|\bsign(?:ed)?[ _-]?out\b|session (?:closed|ended)", re.IGNORECASE
)
_ON = re.compile(
    r"\blog(?:ged|ging)?[ _-]?(?:on|in)\b|\bsign(?:ed)?[ _-]?in\b|authenticat|session opened", re.IGNORECASE
)
_BAD = re.compile(r"fail|denied|reject|invalid|unsuccessful|blocked", re.IGNORECASE)
_GOOD = re.compile(r"succe|allowed|accepted|granted|permit", re.IGNORECASE)


class CefReader:
    def __init__(self, clock: Clock, year_of: datetime | None, domains: Domains) -> None:
        self.clock = clock
        self.year_of = year_of
        self.domains = domains

    def read(self, line: bytes) -> list[Record]:
        text = line_text(line)
        begins = text.find("CEF:")
        found = _HEADER.fullmatch(text, begins) if begins >= 0 else None
        if found is None:
            raise Unreadable("unknown-shape")
        fields = _extension(found[7])
        told = " ".join((_plain(found[4]), _plain(found[5]), fields.get("cat", ""), fields.get("act", "")))
        action = Action.LOGOFF if _OFF.search(told) else Action.LOGON if _ON.search(told) else None
        if action is None:
            raise Unreadable("not-authentication")
        moment = self._moment(fields, text[:begins])
        self.clock.check(moment.at)
        resource = host_of(fields.get("dhost")) or host_of(fields.get("dvchost")) or address(fields.get("dst"))
        application = low(fields.get("app")) if not resource else ""
        if not (resource or application):
            raise Unreadable("no-resource")
        side = "d" if word(fields.get("duser")) or word(fields.get("duid")) else "s"
        name, sid = word(fields.get(f"{side}user")), low(fields.get(f"{side}uid"))
        if not (name or sid):
            raise Unreadable("no-account")
        who = account_from(name or sid, low(fields.get(f"{side}ntdom")), sid, resource, self.domains)
        application_hint = unique(Hint(HintKind.APP, application))
        outcome = _outcome(fields.get("outcome", ""), told)
        return [
            Record(
                at=moment.at,
                event_id=_own_id(word(fields.get("externalId")), text[begins:]),
                action=action,
                outcome=outcome,
                account=who.key,
                shown=who.shown,
                kind=who.kind,
                home=who.home,
                aliases=who.aliases,
                resource=resource or application,
                place=unique(*host_hints(resource), *application_hint),
                reason=word(fields.get("reason")),
                protocol=low(fields.get("proto")) if resource else "",
                src_ip=address(fields.get("src")),
                src_host=host_of(fields.get("shost")),
                clock=moment.fault,
            )
        ]

    def _moment(self, fields: dict[str, str], before: str) -> Moment:
        """`rt` (when the device received it), `end` or `start`; else the syslog line's own time."""
        said = next((fields[each] for each in ("rt", "end", "start") if fields.get(each)), "")
        if _LONG_TIME.fullmatch(said):
            bare = re.sub(r" (?:UTC|GMT|Z)$", "", said)
            form = "%b %d %Y %H:%M:%S.%f" if "." in bare else "%b %d %Y %H:%M:%S"
            try:
                at = datetime.strptime(bare, form)  # noqa: DTZ007
            except ValueError:
                raise Unreadable("bad-time") from None
            moment = self.clock.of_format().local(at) if bare != said else self.clock.local(at)
            return replace(moment, zoned=True, fault="") if bare != said else moment
        if said:
            short = re.fullmatch(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", said)
            return short_time(said, self.clock, self.year_of) if short else self.clock.parse(said)
        if prefix := _PREFIX_TIME.match(before):
            return short_time(prefix[1], self.clock, self.year_of)
        whole = before.strip().split(" ")[0].rpartition(">")[2]
        return self.clock.parse(whole)


def _own_id(said: str, event: str) -> str:
    """`externalId` with the digest of the event: some tools write the event's code there, and an id alone would call
    records the same that are not. The head of syslog, which each relay writes anew, is no part of it."""
    return f"{said} {hashlib.sha256(event.encode()).hexdigest()}" if said else ""


def _extension(text: str) -> dict[str, str]:
    """`key=value` with blanks in values: a value ends where the next key begins."""
    marks = list(islice(_KEY.finditer(text), _MOST + 1))
    if len(marks) > _MOST:
        raise Unreadable("bad-value")
    ends = [each.start() for each in marks[1:]] + [len(text)]
    fields: dict[str, str] = {}
    for mark, after in zip(marks, ends, strict=False):
        if mark[1] in fields:
            raise Unreadable("duplicate-key")
        fields[mark[1]] = _plain(text[mark.end() : after].strip())
    return fields


def _plain(text: str) -> str:
    r"""Without the escapes: `\=`, `\|`, `\\`, and `\n`, `\r` for line breaks."""
    return _ESCAPE.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), text)


def _outcome(said: str, told: str) -> Outcome:
    """The outcome's own word, else what the event's name says of it."""
    for text in (said, told):
        if _BAD.search(text):
            return Outcome.FAILURE
        if _GOOD.search(text):
            return Outcome.SUCCESS
    return Outcome.UNKNOWN
