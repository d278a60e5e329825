"""Whose an account of Windows is: a domain's, one machine's own, or no person's at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitoring.records.domains import Domains
from monitoring.records.names import (
    DASH,
    domain_hints,
    domain_sid,
    host_hints,
    is_account_sid,
    kind_of,
    low,
    split_account,
    word,
)
from monitoring.records.record import AccountKind, Hint, Unreadable
from monitoring.records.windows.shapes import Event

# Authorities that no domain has: their accounts are a machine's own workings.
_BUILT_IN = frozenset({"nt authority", "window manager", "font driver host", "nt virtual machine", "builtin"})
_SERVICES = frozenset({"nt service", "iis apppool"})
_OWN = frozenset({".", "workgroup", "localhost"})  # said for the machine itself
_CLOUD = frozenset({"azuread", "microsoftaccount"})
_BUILT_IN_SIDS = ("s-1-5-18", "s-1-5-19", "s-1-5-20", "s-1-5-83-", "s-1-5-90-", "s-1-5-96-")
_ENTRA_SID = "s-1-12-1-"  # an account of Entra on a machine that is joined to it
_SERVICE_SIDS = ("s-1-5-80-", "s-1-5-82-")


@dataclass(frozen=True, slots=True)
class Account:
    key: str
    shown: str
    kind: AccountKind
    home: tuple[Hint, ...]
    aliases: tuple[str, ...] = ()


def account_of(event: Event, role: str, domains: Domains, *, server: str = "") -> Account:
    """The account in a `role` of an event: `Target` or `Subject`. `server`: the machine that it was used on.

    Raises:
        Unreadable: `no-account`.
    """
    name = event.text(f"{role}UserName")
    domain = event.text(f"{role}DomainName").lower()
    sid = low(event.fields.get(f"{role}UserSid") or (event.fields.get("TargetSid") if role == "Target" else None))
    if not name and not is_account_sid(sid):
        raise Unreadable("no-account")
    return account_from(name or sid, domain, sid, event.computer, domains, server=server)


def account_from(name: str, domain: str, sid: str, computer: str, domains: Domains, *, server: str = "") -> Account:
    user, written = split_account(name)
    if domain in _CLOUD:
        domain = written or domain
    domain = domain or written
    if not user:
        raise Unreadable("no-account")
    if built_in := _built_in(user, domain, sid, computer):
        return built_in
    here = computer if domain in _OWN else _machine(domain, computer, server)
    if here:
        if here == computer:
            domains.learn_member(computer)
        key = f"sid:{sid}" if is_account_sid(sid) else f"{user}@{here}"
        return Account(key, f"{user}@{here}", kind_of(user), host_hints(here), _others(key, f"{user}@{here}"))
    return _of_domain(user, domain, sid, computer, domains)


def _of_domain(user: str, domain: str, sid: str, computer: str, domains: Domains) -> Account:
    own = domain_sid(sid) if is_account_sid(sid) else ""
    domains.learn(own, domain)
    spellings = domains.spellings(domain) if domain else ()
    home = domains.hints(domain, own)
    if domain and "." in domain and sid.startswith(_ENTRA_SID):
        home = domain_hints(domain)
    known = domains.realm(domain)
    domains.learn_account(user, known)
    shown = f"{user}@{domain or computer}"
    stable = is_account_sid(sid) or sid.startswith(_ENTRA_SID)
    key = f"sid:{sid}" if stable else f"{user}@{known or computer}"
    return Account(key, shown, kind_of(user), home, _others(key, *(f"{user}@{each}" for each in spellings)))


def _machine(domain: str, computer: str, server: str) -> str:
    """The machine that a domain's name is: the one that logged, or the one that was reached."""
    for host in (computer, server):
        if domain and host and domain in (host, host.partition(".")[0]):
            return host
    return ""


def _built_in(user: str, domain: str, sid: str, computer: str) -> Account | None:
    if sid == "s-1-5-7" or user == "anonymous logon":
        kind = AccountKind.ANONYMOUS
    elif domain in _SERVICES or sid.startswith(_SERVICE_SIDS):
        kind = AccountKind.SERVICE
    elif user.endswith("$"):
        return None  # a computer's account logs on to itself as S-1-5-18; its name says more
    elif domain in _BUILT_IN or sid.startswith(_BUILT_IN_SIDS) or user.startswith(("dwm-", "umfd-")):
        kind = AccountKind.MACHINE
    else:
        return None
    return Account(f"{user}@{computer}", f"{user}@{computer}", kind, host_hints(computer))


def as_service(account: Account) -> Account:
    """An account that the service manager logs on is a service's, whatever its name."""
    return replace(account, kind=AccountKind.SERVICE) if account.kind is AccountKind.PERSON else account


def _others(key: str, *names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name != key))


def account_in_words(value: object, domain: object, sid: object, computer: str, domains: Domains) -> str:
    """A target of a change in one spelling; '' where the record does not name it."""
    name, identifier = word(value, nothing=DASH), low(sid)
    if not name:
        return f"sid:{identifier}" if identifier.startswith("s-1-") else ""
    return account_from(name, low(domain), identifier, computer, domains).shown
