"""Logons, logoffs, privileges and Kerberos tickets: who reached which machine."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from monitoring.records.domains import Domains
from monitoring.records.names import address, domain_sid, host_hints, host_of, low, split_account, unique
from monitoring.records.objects import whole
from monitoring.records.record import Action, Hint, Outcome, Record, Unreadable
from monitoring.records.windows.accounts import Account, account_from, account_of, as_service
from monitoring.records.windows.codes import (
    INTERACTIVE,
    SERVICE_LOGON,
    kerberos_outcome,
    kerberos_reason,
    protocol_of,
    reason_of,
)
from monitoring.records.windows.shapes import Event

LOGON = 4624
LOGOFFS = (4634, 4647)
_YES = ("%%1842", "yes")


def access_of(event: Event, blank: Record, domains: Domains) -> Record | None:
    """`blank` with what the event says; None if it is not of these.

    Raises:
        Unreadable: `no-account`, `no-resource`.
    """
    match event.code:
        case 4624 | 4625 | 4634 | 4647:
            return _logon(event, blank, domains)
        case 4672:
            account = account_of(event, "Subject", domains)
            return by(here(blank, event, domains), account, action=Action.PRIVILEGE, privileged=True)
        case 4648:
            return _explicit(event, blank, domains)
        case 4768 | 4771:
            return _tgt(event, blank, domains)
        case 4769:
            return _ticket(event, blank, domains)
        case 4776:
            return _ntlm(event, blank, domains)
    return None


def _logon(event: Event, blank: Record, domains: Domains) -> Record:
    kind = whole(event.fields.get("LogonType"))
    account = account_of(event, "Target", domains)
    if kind == SERVICE_LOGON:
        account = as_service(account)
    record = by(here(blank, event, domains), account, interactive=None if kind is None else kind in INTERACTIVE)
    record = replace(
        record,
        protocol=protocol_of(event.text("AuthenticationPackageName")),
        src_ip=address(event.fields.get("IpAddress")),
        src_host=host_of(event.fields.get("WorkstationName")),
    )
    if event.code in LOGOFFS:
        return replace(record, action=Action.LOGOFF)
    if event.code == LOGON:
        return replace(record, privileged=event.text("ElevatedToken").lower() in _YES)
    status = (whole(event.fields.get("SubStatus")), whole(event.fields.get("Status")))
    return replace(record, outcome=Outcome.FAILURE, reason=reason_of(*status))


def _explicit(event: Event, blank: Record, domains: Domains) -> Record:
    """Logged where the credential was used; what it reached stands in the event."""
    server = host_of(event.fields.get("TargetServerName"))
    full = host_of(event.text("TargetInfo").rpartition("/")[2])
    if full.partition(".")[0] == server:
        server = full
    server = server or event.computer
    if not server:
        raise Unreadable("no-resource")
    account = account_of(event, "Target", domains, server=server)
    subject = account_of(event, "Subject", domains).shown if event.text("SubjectUserName") else ""
    same = split_account(account.shown)[0] == split_account(subject)[0]
    record = by(blank, account, action=Action.EXPLICIT_CREDENTIAL, resource=server, place=_host_place(server, domains))
    return replace(
        record,
        outcome=Outcome.UNKNOWN,  # an attempt: how it ended stands on the machine that was reached
        src_host=event.computer,
        src_ip=address(event.fields.get("IpAddress")),
        reason="" if same or not subject else f"used by {subject}",
    )


def _tgt(event: Event, blank: Record, domains: Domains) -> Record:
    """A ticket for tickets is asked for at home: what is reached is the domain, not its controller."""
    domains.learn_controller(event.computer)
    named = event.text("TargetDomainName").lower()
    service = event.text("ServiceName").lower().partition("/")[2]
    realm = event.computer.partition(".")[2] or service or named
    sid = low(event.fields.get("TargetSid"))
    domains.learn(domain_sid(low(event.fields.get("ServiceSid"))), event.computer.partition(".")[2])
    account = account_from(_name(event), named or service or realm, sid, event.computer, domains)
    code = whole(event.fields.get("Status"))
    return replace(
        by(blank, account, action=Action.TGT, **domain_reached(realm, low(event.fields.get("ServiceSid")), domains)),
        outcome=kerberos_outcome(code),
        reason=kerberos_reason(code),
        protocol="kerberos",
        src_ip=address(event.fields.get("IpAddress")),
    )


def _ticket(event: Event, blank: Record, domains: Domains) -> Record:
    """The machine reached is the service's; the controller that wrote the event is of that machine's domain."""
    domains.learn_controller(event.computer)
    account = account_from(_name(event), event.text("TargetDomainName").lower(), "", event.computer, domains)
    code = whole(event.fields.get("Status"))
    record = replace(
        blank,
        outcome=kerberos_outcome(code),
        reason=kerberos_reason(code),
        protocol="kerberos",
        src_ip=address(event.fields.get("IpAddress")),
    )
    service = event.text("ServiceName").lower()
    realm = event.computer.partition(".")[2]
    sid = low(event.fields.get("ServiceSid"))
    domains.learn(domain_sid(sid), realm)
    name, _, other = service.partition("/")
    if name == "krbtgt":
        return by(record, account, action=Action.TGT, **domain_reached(other or realm, sid, domains))
    if not service:
        raise Unreadable("no-resource")
    place = domains.hints(realm, domain_sid(sid))
    host = host_of(service)
    if service.endswith("$"):
        full = f"{host}.{realm}" if realm and "." not in host else host
        place = unique(*place, *host_hints(full))
    else:
        full = f"{service}@{realm}" if realm and "@" not in service else service
    return by(record, account, action=Action.SERVICE_TICKET, resource=full, place=place)


def _ntlm(event: Event, blank: Record, domains: Domains) -> Record:
    """Written by whoever keeps the account: a controller for its domain, any other machine for its own accounts."""
    name = _name(event)
    domain = split_account(name)[1]
    domain = domain or domains.keeps(event.computer, name.lower()) or event.computer
    account = account_from(name, domain, "", event.computer, domains)
    code = whole(event.fields.get("Status"))
    return replace(
        by(here(blank, event, domains), account),
        outcome=Outcome.UNKNOWN if code is None else Outcome.FAILURE if code else Outcome.SUCCESS,
        reason=reason_of(code),
        protocol="ntlm",
        src_host=host_of(event.fields.get("Workstation")),
    )


def _name(event: Event) -> str:
    if not (name := event.text("TargetUserName")):
        raise Unreadable("no-account")
    return name


def here(blank: Record, event: Event, domains: Domains) -> Record:
    if not event.computer:
        raise Unreadable("no-resource")
    return replace(blank, resource=event.computer, place=_host_place(event.computer, domains))


def _host_place(host: str, domains: Domains) -> tuple[Hint, ...]:
    return unique(*host_hints(host), *domains.hints(host.partition(".")[2]))


def domain_reached(realm: str, sid: str, domains: Domains) -> dict[str, Any]:
    if not realm:
        raise Unreadable("no-resource")
    return {"resource": domains.realm(realm), "place": domains.hints(realm, domain_sid(sid))}


def by(blank: Record, account: Account, **more: Any) -> Record:
    return replace(
        blank,
        account=account.key,
        shown=account.shown,
        kind=account.kind,
        home=account.home,
        aliases=account.aliases,
        **more,
    )
