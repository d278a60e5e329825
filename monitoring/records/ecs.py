"""Elastic Common Schema: authentication, and changes of accounts and groups (category iam)."""

from __future__ import annotations

from dataclasses import replace

from monitoring.records.clocks import Clock
from monitoring.records.domains import Domains
from monitoring.records.ecs_clouds import cloud_of
from monitoring.records.names import DASH, address, host_hints, host_of, low, unique, word
from monitoring.records.objects import Doc, dotted, parse, part
from monitoring.records.record import Action, Hint, HintKind, Outcome, Record, Unreadable
from monitoring.records.windows.accounts import Account, account_from
from monitoring.records.windows.reader import record_of_event

_OUTCOMES = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE}


class EcsReader:
    def __init__(self, clock: Clock, domains: Domains) -> None:
        self.clock = clock
        self.domains = domains

    def read(self, line: bytes) -> list[Record]:
        """What carries Windows' own event in `winlog` is read from that."""
        doc = parse(line)
        if part(doc, "winlog", "event_data"):
            return [record_of_event(doc, self.clock, self.domains)]
        categories = _words(dotted(doc, "event.category"))
        if not categories:
            raise Unreadable("unknown-shape")
        action = _action(categories, _words(dotted(doc, "event.type")), low(dotted(doc, "event.action")))
        moment = self.clock.read(dotted(doc, "@timestamp"))
        host = host_of(dotted(doc, "host.name")) or host_of(dotted(doc, "host.hostname"))
        cloud = cloud_of(doc)
        account = cloud.account if cloud else _account(doc, host, self.domains)
        resource, place = (cloud.resource, cloud.place) if cloud else _reached(doc, host)
        return [
            Record(
                at=moment.at,
                event_id=word(dotted(doc, "event.id")),
                action=action,
                outcome=_OUTCOMES.get(low(dotted(doc, "event.outcome")), Outcome.UNKNOWN),
                account=account.key,
                shown=account.shown,
                kind=account.kind,
                home=account.home,
                aliases=account.aliases,
                resource=resource,
                place=place,
                target=low(dotted(doc, "group.name")) or low(dotted(doc, "user.target.name"))
                if "iam" in categories
                else "",
                reason=word(dotted(doc, "event.reason")) or word(dotted(doc, "error.message")),
                crosses=cloud.crosses if cloud else None,
                src_ip=address(dotted(doc, "source.ip")),
                src_host=host_of(dotted(doc, "source.domain")),
                clock=moment.fault,
            )
        ]


def _words(value: object) -> list[str]:
    return [low(each) for each in value[:20]] if isinstance(value, list) else [low(value)] if low(value) else []


def _action(categories: list[str], types: list[str], action: str) -> Action:
    if "authentication" in categories:
        return Action.LOGOFF if "end" in types or "logged-out" in action else Action.LOGON
    if "iam" not in categories:
        raise Unreadable("not-authentication")
    if "group" in types:
        return Action.GROUP_CHANGED
    if "user" in types:
        by_type = {"creation": Action.ACCOUNT_CREATED, "deletion": Action.ACCOUNT_DISABLED}
        return next((by_type[each] for each in types if each in by_type), Action.ACCOUNT_CHANGED)
    raise Unreadable("not-authentication")


def _reached(doc: Doc, host: str) -> tuple[str, tuple[Hint, ...]]:
    """The machine, else the service; the cloud account is whose it is."""
    owner = unique(Hint(HintKind.CLOUD_ACCOUNT, low(dotted(doc, "cloud.account.id"))))
    if host:
        return host, unique(*owner, *host_hints(host))
    service = low(dotted(doc, "service.name")) or low(dotted(doc, "cloud.service.name"))
    if not service:
        raise Unreadable("no-resource")
    return service, unique(*owner, Hint(HintKind.APP, service))


def _account(doc: Doc, host: str, domains: Domains) -> Account:
    name, identity = word(dotted(doc, "user.name"), nothing=DASH), low(dotted(doc, "user.id"))
    full, domain = low(dotted(doc, "user.email")), low(dotted(doc, "user.domain"))
    if not (name or full or identity):
        raise Unreadable("no-account")
    found = account_from(name or full or identity, domain or full.partition("@")[2], identity, host, domains)
    return replace(found, home=found.home or host_hints(host))  # no domain said: an account of the machine's own
