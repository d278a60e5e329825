"""OCSF: Authentication (3002), and the account, user access and group changes beside it (3001, 3005, 3006)."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

from msgspec.structs import replace

from monitoring.records.clocks import LOCAL_SAID_AS_UTC, Clock, Moment, offset_between
from monitoring.records.domains import Domains
from monitoring.records.names import address, domain_hints, host_hints, host_of, low, unique, word
from monitoring.records.objects import Doc, at, first, parse, part, parts, whole
from monitoring.records.ocsf_users import user_of
from monitoring.records.record import Action, Hint, HintKind, Outcome, Record, Unreadable
from monitoring.records.windows.codes import INTERACTIVE, SERVICE_LOGON

AUTHENTICATION, ACCOUNT_CHANGE, USER_ACCESS, GROUP = 3002, 3001, 3005, 3006
_SIGN_INS = {
    1: Action.LOGON, 2: Action.LOGOFF, 3: Action.TGT, 4: Action.SERVICE_TICKET, 5: Action.SERVICE_TICKET,
    6: Action.TGT, 7: Action.ACCOUNT_SWITCH,
}  # fmt: skip
_CHANGES = {
    1: (Action.ACCOUNT_CREATED, ""), 2: (Action.ACCOUNT_ENABLED, ""), 3: (Action.ACCOUNT_CHANGED, "password changed"),
    4: (Action.ACCOUNT_CHANGED, "password reset"), 5: (Action.ACCOUNT_DISABLED, ""),
    6: (Action.ACCOUNT_DISABLED, "deleted"), 7: (Action.ROLE_CHANGED, "policy attached"),
    8: (Action.ROLE_CHANGED, "policy detached"), 9: (Action.ACCOUNT_CHANGED, "locked out"),
    10: (Action.ACCOUNT_CHANGED, "factor added"), 11: (Action.ACCOUNT_CHANGED, "factor removed"),
    12: (Action.ACCOUNT_CHANGED, "unlocked"),
}  # fmt: skip
_ACCESS = {1: (Action.ROLE_CHANGED, "granted"), 2: (Action.ROLE_CHANGED, "revoked")}
_GROUPS = {
    1: (Action.ROLE_CHANGED, "granted to a group"), 2: (Action.ROLE_CHANGED, "revoked from a group"),
    3: (Action.GROUP_CHANGED, "added"), 4: (Action.GROUP_CHANGED, "removed"), 5: (Action.GROUP_CHANGED, "deleted"),
    6: (Action.GROUP_CHANGED, "created"), 7: (Action.GROUP_CHANGED, "added"), 8: (Action.GROUP_CHANGED, "removed"),
}  # fmt: skip
_BY_CLASS = {ACCOUNT_CHANGE: _CHANGES, USER_ACCESS: _ACCESS, GROUP: _GROUPS}
_NO_PROTOCOL = frozenset({"", "unknown", "other"})


class OcsfReader:
    def __init__(self, clock: Clock, domains: Domains) -> None:
        self.clock = clock
        self.domains = domains

    def read(self, line: bytes) -> list[Record]:
        doc = parse(line)
        kind, activity = _class_of(doc)
        action, done = _action(kind, activity)
        moment = _moment(doc, self.clock)
        resource, place = _reached(doc, action, kind)
        computer = host_of(at(doc, "dst_endpoint", "hostname")) or host_of(at(doc, "device", "hostname"))
        signs_in = kind == AUTHENTICATION
        user = user_of(doc, computer, self.domains, changing=not signs_in)
        outcome, reason = _outcome(doc)
        logon_type = whole(doc.get("logon_type_id"))
        protocol = low(doc.get("auth_protocol"))
        record = Record(
            at=moment.at,
            event_id=word(at(doc, "metadata", "uid")),
            action=action,
            outcome=outcome,
            account=user.key,
            shown=user.shown,
            kind=user.kind,
            home=user.home,
            aliases=user.aliases,
            resource=resource,
            place=place,
            reason=reason,
            protocol="" if protocol in _NO_PROTOCOL else protocol,
            interactive=logon_type in INTERACTIVE if logon_type and logon_type != 99 else None,
            src_ip=address(at(doc, "src_endpoint", "ip")),
            src_host=host_of(first(part(doc, "src_endpoint"), "hostname", "name")),
            clock=moment.fault,
        )
        if signs_in:
            return [record if logon_type != SERVICE_LOGON else replace(record, kind=user.as_service().kind)]
        return [replace(record, target=_target(doc, kind), reason=_done(doc, done, kind))]


def _class_of(doc: Doc) -> tuple[int, int]:
    """Class and activity; the type's number says both where one of them is missing."""
    kind, activity, both = whole(doc.get("class_uid")), whole(doc.get("activity_id")), whole(doc.get("type_uid"))
    if both is not None:
        kind = both // 100 if kind is None else kind
        activity = both % 100 if activity is None else activity
    if kind is None:
        raise Unreadable("unknown-shape")
    return kind, activity or 0


def _action(kind: int, activity: int) -> tuple[Action, str]:
    """An authentication of an activity without a name in the schema is a logon; such a change is nothing."""
    if kind == AUTHENTICATION:
        return _SIGN_INS.get(activity, Action.LOGON), ""
    found = _BY_CLASS.get(kind, {}).get(activity)
    if found is None:
        raise Unreadable("not-authentication")
    return found


def _moment(doc: Doc, clock: Clock) -> Moment:
    """`time` counts; a `time_dt` beside it that is whole quarters of an hour away was local and said to be UTC."""
    if doc.get("time") in (None, ""):
        return clock.read(doc.get("time_dt"))
    moment = clock.read(doc["time"])
    try:
        beside = clock.parse(doc.get("time_dt"))
    except Unreadable:
        return moment
    if beside.zoned and offset_between(beside.at, moment.at):
        return dataclasses.replace(moment, fault="; ".join(filter(None, (moment.fault, LOCAL_SAID_AS_UTC))))
    return moment


def _outcome(doc: Doc) -> tuple[Outcome, str]:
    """`status` is a word, or a code of the source's own beside a status_id that says what it means."""
    identity, status = whole(doc.get("status_id")), word(doc.get("status"))
    known = {1: Outcome.SUCCESS, 2: Outcome.FAILURE}.get(identity or 0)
    said = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE}.get(status.lower())
    detail = first(doc, "status_detail", "status_code")
    return known or said or Outcome.UNKNOWN, word(detail) or ("" if said else status)


def _reached(doc: Doc, action: Action, kind: int) -> tuple[str, tuple[Hint, ...]]:
    """Machine, service, application, then the product that keeps the log; a ticket's is the service it is for."""
    endpoint = part(doc, "dst_endpoint")
    account = low(at(doc, "cloud", "account", "uid")) or low(at(doc, "unmapped", "recipientAccountId"))
    owner = unique(Hint(HintKind.CLOUD_ACCOUNT, account), *domain_hints(low(endpoint.get("domain"))))
    service = low(at(doc, "service", "name"))
    host = host_of(first(endpoint, "hostname", "name"))
    if action is Action.SERVICE_TICKET and service:
        host = host_of(service)
    elif kind != AUTHENTICATION and not host:
        host = host_of(at(doc, "device", "hostname"))
    if host:
        return host, unique(*owner, *host_hints(host))
    named = service or _site(low(endpoint.get("svc_name"))) or low(at(doc, "app", "name"))
    named = named or address(endpoint.get("ip")) or low(at(doc, "api", "service", "name"))
    named = named or low(at(doc, "metadata", "product", "name"))
    if not named:
        raise Unreadable("no-resource")
    return named, unique(*owner, Hint(HintKind.APP, named))


def _site(name: str) -> str:
    """The host of an address; a path alone names nothing."""
    if "://" not in name:
        return "" if name.startswith("/") else name
    try:
        return urlsplit(name).hostname or ""
    except ValueError:
        return ""


def _target(doc: Doc, kind: int) -> str:
    found = part(doc, "group") if kind == GROUP else part(doc, "user")
    return low(first(found, "email_addr", "name", "uid"))


def _done(doc: Doc, done: str, kind: int) -> str:
    user = part(doc, "user")
    more = low(first(user, "email_addr", "name", "uid")) if kind == GROUP else ""
    if kind == USER_ACCESS:
        named = doc.get("privileges")
        more = " ".join(low(each) for each in named[:20]) if isinstance(named, list) else ""
    policies = [low(each.get("name")) for each in parts(doc.get("policies"))] if kind == ACCOUNT_CHANGE else []
    return " ".join(filter(None, (done, more, *policies)))[:512]
