"""Okta's System Log: sign-ins to Okta and through it, second factors, impersonation, changes of accounts and roles."""

from __future__ import annotations

from msgspec.structs import replace

from monitoring.records.clocks import Clock
from monitoring.records.envelopes import without_envelope
from monitoring.records.names import address, kind_of, low, split_account, unique, word
from monitoring.records.objects import Doc, at, parse, part, parts, small_keys
from monitoring.records.okta_events import PRIVILEGED, action_of, outcome_of
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Record, Unreadable

OKTA = "okta"  # the organisation at Okta itself: whose it is, the source says
_USED = (Action.LOGON, Action.LOGOFF, Action.SSO, Action.MFA)
_ADMINISTRATION = "okta admin console"


class OktaReader:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock.of_format()

    def read(self, line: bytes) -> list[Record]:
        """One record for each application among the targets; of a sign-in to Okta itself, one of Okta."""
        doc = small_keys(without_envelope(parse(line), "eventType", "eventtype", "published"))
        event_type = low(doc.get("eventtype"))
        if not event_type:
            raise Unreadable("not-authentication")
        targets = parts(doc.get("target"))
        applications = [each for each in targets if word(each.get("type")) == "AppInstance"]
        known = action_of(event_type, org_to_org=any("org2org" in _name(each) for each in applications))
        if known is None:
            raise Unreadable("not-authentication")
        action, done = known
        moment = self.clock.read(doc.get("published"))
        account, shown, kind, home, aliases = _account(doc)
        said = part(doc, "outcome")
        changed = action not in _USED
        record = Record(
            at=moment.at,
            event_id=word(doc.get("uuid")),
            action=action,
            outcome=outcome_of(event_type, low(said.get("result"))),
            account=account,
            shown=shown,
            kind=kind,
            home=home,
            aliases=aliases,
            resource=OKTA,
            place=(),
            target=_target(action, targets, shown) if changed else "",
            reason=_reason(doc, done, low(said.get("reason"))),
            interactive=True if action is Action.LOGON else None,
            privileged=event_type in PRIVILEGED,
            src_ip=address(at(doc, "client", "ipAddress")),
            clock=moment.fault,
        )
        if changed or not applications:
            return [record]
        return [_at_application(record, each) for each in applications]


def _at_application(record: Record, application: Doc) -> Record:
    name = _name(application)
    identity = low(application.get("id"))
    if not (name or identity):
        return record
    return replace(
        record,
        resource=name or identity,
        place=unique(Hint(HintKind.APP, identity), Hint(HintKind.APP, name)),
        privileged=record.privileged or name == _ADMINISTRATION,
    )


def _account(doc: Doc) -> tuple[str, str, AccountKind, tuple[Hint, ...], tuple[str, ...]]:
    """The identifier is Okta's own; the name is mostly an address, and then another key of the account."""
    actor, context = part(doc, "actor"), part(doc, "authenticationcontext")
    identity, name = _said(actor.get("id")).lower(), _said(actor.get("alternateId"))
    if not (identity or name):
        raise Unreadable("no-account")
    issuer = part(context, "issuer")
    home = unique(
        Hint(HintKind.ISSUER, low(issuer.get("id"))), Hint(HintKind.DOMAIN, split_account(name)[1] if name else "")
    )
    kind = kind_of(name) if word(actor.get("type")) in ("User", "") else AccountKind.SERVICE
    shown = name or _said(actor.get("displayName")) or identity
    if not identity:
        return name.lower(), shown, kind, home, ()
    aliases = (name.lower(),) if "@" in name and kind is not AccountKind.SERVICE else ()
    return f"okta:{identity}", shown, kind, home, aliases


def _target(action: Action, targets: list[Doc], shown: str) -> str:
    """The application of a change of trust, the group of one of a group, else the account, else what is named first."""
    for kind in ("AppInstance",) if action is Action.TRUST_CHANGED else ("UserGroup", "User", ""):
        for each in targets:
            if not kind or word(each.get("type")) == kind:
                return _name(each) or low(each.get("id"))
    return shown.lower() if action is Action.ACCOUNT_CHANGED else ""


def _reason(doc: Doc, done: str, said: str) -> str:
    """What was done, which roles were granted, who was added to a group; else the reason that Okta gives."""
    users = [_name(each) for each in parts(doc.get("target")) if word(each.get("type")) == "User"]
    groups = any(word(each.get("type")) == "UserGroup" for each in parts(doc.get("target")))
    roles = low(at(part(doc, "debugcontext"), "debugData", "privilegeGranted"))
    more = roles or (" ".join(users) if groups else "")
    return (f"{done} {more}".strip() or said)[:512]


def _name(target: Doc) -> str:
    return (_said(target.get("alternateId")) or _said(target.get("displayName"))).lower()


def _said(value: object) -> str:
    """Okta writes `unknown` for what it does not know."""
    found = word(value)
    return "" if found == "unknown" else found
