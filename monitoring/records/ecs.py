"""Elastic Common Schema: authentication, and changes of accounts and groups (category iam)."""

from __future__ import annotations

from typing import Any

from monitoring.records.clocks import Clock
from monitoring.records.domains import Domains
from monitoring.records.entra_codes import crosses
from monitoring.records.names import address, domain_hints, host_hints, host_of, kind_of, low, unique, word
from monitoring.records.objects import Doc, parse, part
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Outcome, Record, Unreadable
from monitoring.records.windows.accounts import account_from
from monitoring.records.windows.reader import record_of_event

_OUTCOMES = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE}
_ENTRA = "azure.signinlogs.properties"


class EcsReader:
    def __init__(self, clock: Clock, domains: Domains) -> None:
        self.clock = clock
        self.domains = domains

    def read(self, line: bytes) -> list[Record]:
        """What carries Windows' own event in `winlog` is read from that."""
        doc = parse(line)
        if part(doc, "winlog", "event_data"):
            return [record_of_event(doc, self.clock, self.domains)]
        categories = _words(_of(doc, "event.category"))
        if not categories:
            raise Unreadable("unknown-shape")
        action = _action(categories, _words(_of(doc, "event.type")), low(_of(doc, "event.action")))
        moment = self.clock.read(_of(doc, "@timestamp"))
        host = host_of(_of(doc, "host.name")) or host_of(_of(doc, "host.hostname"))
        resource, place = _reached(doc, host)
        key, shown, kind, home, aliases = _account(doc, host, self.domains)
        return [
            Record(
                at=moment.at,
                event_id=word(_of(doc, "event.id")),
                action=action,
                outcome=_OUTCOMES.get(low(_of(doc, "event.outcome")), Outcome.UNKNOWN),
                account=key,
                shown=shown,
                kind=kind,
                home=home,
                aliases=aliases,
                resource=resource,
                place=place,
                target=low(_of(doc, "group.name")) or low(_of(doc, "user.target.name")) if "iam" in categories else "",
                reason=word(_of(doc, "event.reason")) or word(_of(doc, "error.message")),
                crosses=crosses(_of(doc, f"{_ENTRA}.cross_tenant_access_type")),
                src_ip=address(_of(doc, "source.ip")),
                src_host=host_of(_of(doc, "source.domain")),
                clock=moment.fault,
            )
        ]


def _of(doc: Doc, path: str) -> Any:
    """A field by its dotted name, which some shippers write as one key."""
    if path in doc:
        return doc[path]
    *steps, last = path.split(".")
    return part(doc, *steps).get(last)


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
    """Entra's resource, else the machine, else the service; the cloud account is whose it is."""
    tenant = low(_of(doc, f"{_ENTRA}.resource_tenant_id")) or low(_of(doc, "azure.tenant_id"))
    application = low(_of(doc, f"{_ENTRA}.resource_display_name")) or low(_of(doc, f"{_ENTRA}.app_display_name"))
    cloud = low(_of(doc, "cloud.account.id"))
    owner = unique(Hint(HintKind.TENANT, tenant), Hint(HintKind.CLOUD_ACCOUNT, cloud if cloud != tenant else ""))
    if application:
        return application, unique(*owner, Hint(HintKind.APP, low(_of(doc, f"{_ENTRA}.resource_id"))))
    if host:
        return host, unique(*owner, *host_hints(host))
    service = low(_of(doc, "service.name")) or low(_of(doc, "cloud.service.name"))
    if not service:
        raise Unreadable("no-resource")
    return service, unique(*owner, Hint(HintKind.APP, service))


def _account(doc: Doc, host: str, domains: Domains) -> tuple[str, str, AccountKind, tuple[Hint, ...], tuple[str, ...]]:
    """Elastic takes Entra's user.domain from the sign-in name; whose the account is, the home tenant says."""
    name, identity, domain = word(_of(doc, "user.name")), low(_of(doc, "user.id")), low(_of(doc, "user.domain"))
    full = low(_of(doc, "user.email"))
    if home := low(_of(doc, f"{_ENTRA}.home_tenant_id")):
        user = low(_of(doc, f"{_ENTRA}.user_id")) or identity
        name = low(_of(doc, f"{_ENTRA}.user_principal_name")) or full or name.lower()
        if not user:
            raise Unreadable("no-account")
        hints = unique(Hint(HintKind.TENANT, home), *domain_hints(name.partition("@")[2]))
        return f"entra:{home}/{user}", name or user, kind_of(name), hints, (name,) if "@" in name else ()
    if not name and not full:
        if not identity:
            raise Unreadable("no-account")
        name = identity
    found = account_from(name or full, domain or full.partition("@")[2], identity, host, domains)
    home_here = found.home or host_hints(host)  # no domain said: an account of the machine's own
    return found.key, found.shown, found.kind, home_here, found.aliases
