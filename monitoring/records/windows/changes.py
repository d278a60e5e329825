"""Changes of accounts, groups, trusts and policy: who changed what, where."""

from __future__ import annotations

from msgspec.structs import replace

from monitoring.records.domains import Domains
from monitoring.records.names import domain_sid, low
from monitoring.records.record import Action, Record, Unreadable
from monitoring.records.windows.access import by, domain_reached, here
from monitoring.records.windows.accounts import account_in_words, account_of
from monitoring.records.windows.codes import PRIVILEGED_GROUPS, PRIVILEGED_NAMES
from monitoring.records.windows.shapes import Event

_ACCOUNTS = {
    4720: (Action.ACCOUNT_CREATED, ""),
    4722: (Action.ACCOUNT_ENABLED, ""),
    4723: (Action.ACCOUNT_CHANGED, "own password changed"),
    4724: (Action.ACCOUNT_CHANGED, "password reset"),
    4725: (Action.ACCOUNT_DISABLED, ""),
    4726: (Action.ACCOUNT_DISABLED, "deleted"),
    4738: (Action.ACCOUNT_CHANGED, ""),
    4740: (Action.ACCOUNT_CHANGED, "locked out"),
    4767: (Action.ACCOUNT_CHANGED, "unlocked"),
}
_ADDED = frozenset({4728, 4732, 4756})
_REMOVED = frozenset({4729, 4733, 4757})
_TRUSTS = {4706: "created", 4707: "removed", 4716: "changed"}
_POLICIES = {4719: "audit policy", 4739: "domain policy"}
LOCKED_OUT, AUDIT_POLICY = 4740, 4719


def change_of(event: Event, blank: Record, domains: Domains) -> Record | None:
    """`blank` with what the event says; None if it is not of these.

    Raises:
        Unreadable: `no-account`, `no-resource`.
    """
    if event.code in _ACCOUNTS:
        return _account(event, blank, domains)
    if event.code in _ADDED or event.code in _REMOVED:
        return _group(event, blank, domains)
    if event.code in _TRUSTS:
        record = _reached(event, blank, domains, "")
        return replace(
            record, action=Action.TRUST_CHANGED, target=event.text("DomainName").lower(), reason=_TRUSTS[event.code]
        )
    if event.code in _POLICIES:
        record = _reached(event, blank, domains, event.text("DomainName"))
        return replace(record, action=Action.POLICY_CHANGED, reason=_POLICIES[event.code])
    return None


def _account(event: Event, blank: Record, domains: Domains) -> Record:
    action, reason = _ACCOUNTS[event.code]
    domain = event.text("TargetDomainName")
    if event.code == LOCKED_OUT:  # the event calls the machine from which it was tried TargetDomainName
        blank, domain = replace(blank, src_host=domain.lower()), event.text("SubjectDomainName")
    target = account_in_words(
        event.text("TargetUserName"), domain, event.fields.get("TargetSid"), event.computer, domains
    )
    if not target:
        raise Unreadable("no-account")
    return replace(_reached(event, blank, domains, domain), action=action, reason=reason, target=target)


def _group(event: Event, blank: Record, domains: Domains) -> Record:
    name, domain = event.text("TargetUserName").lower(), event.text("TargetDomainName").lower()
    sid = low(event.fields.get("TargetSid"))
    member = low(event.fields.get("MemberName")) or low(event.fields.get("MemberSid"))
    done = "added" if event.code in _ADDED else "removed"
    number = sid.rpartition("-")[2]
    return replace(
        _reached(event, blank, domains, domain),
        action=Action.GROUP_CHANGED,
        target=f"{name}@{domain}" if domain else name,
        reason=f"{done} {member}"[:512] if member else done,
        privileged=name in PRIVILEGED_NAMES or (number.isascii() and number.isdigit() and _rules(int(number), sid)),
    )


def _rules(number: int, sid: str) -> bool:
    return number in PRIVILEGED_GROUPS and sid.startswith(("s-1-5-21-", "s-1-5-32-"))


def _reached(event: Event, blank: Record, domains: Domains, domain: str) -> Record:
    """A machine's own accounts and policy, and what is built in, stand on the machine; everything else in the domain.

    A domain's accounts are changed on its controllers alone: the controller's full name has the domain's in it.
    """
    account = account_of(event, "Subject", domains)
    domain, short = domain.lower(), event.computer.partition(".")[0]
    realm = event.computer.partition(".")[2]
    if domain in ("builtin", short) or event.code == AUDIT_POLICY or not (domain or realm):
        return by(here(blank, event, domains), account)
    sid = domain_sid(low(event.fields.get("DomainSid" if event.code in _POLICIES else "TargetSid")))
    domains.learn(sid, domain)
    domains.learn(sid, realm)
    return by(blank, account, **domain_reached(realm or domain, sid, domains))
