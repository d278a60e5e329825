"""AWS CloudTrail: sign-ins to the console, roles assumed and switched to, changes of users, roles and backups."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.records.clocks import Clock
from monitoring.records.cloudtrail_events import ASSUMED, CHANGES, SIGN_INS, SUBJECTS, SWITCHES
from monitoring.records.envelopes import without_envelope
from monitoring.records.names import address, kind_of, low, split_account, unique, word
from monitoring.records.objects import Doc, at, first, parse, part
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Outcome, Record, Unreadable

# A program's sessions are called anew each time; a name of theirs is no account.
_PASSING = re.compile(r"\d+|[0-9a-f-]{16,}|i-[0-9a-f]{8,17}|.*session[-_.]?\d+|aws-(?:sdk|cli)-.*", re.ASCII)
_ROOT = "Root"


@dataclass(frozen=True, slots=True)
class Identity:
    key: str
    shown: str
    kind: AccountKind
    account: str  # the AWS account that owns it
    domain: str
    privileged: bool


class CloudTrailReader:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock.of_format()

    def read(self, line: bytes) -> list[Record]:
        doc = without_envelope(parse(line), "eventName", "userIdentity")
        name = word(doc.get("eventName"))
        action = SIGN_INS.get(name) or ASSUMED.get(name) or CHANGES.get(name)
        if name in SWITCHES:
            action = Action.ACCOUNT_SWITCH
        if action is None:
            raise Unreadable("unknown-shape" if not name else "not-authentication")
        moment = self.clock.read(doc.get("eventTime"))
        who = _identity(doc, name)
        resource, place = _reached(doc, name)
        outcome, reason = _outcome(doc, name)
        return [
            Record(
                at=moment.at,
                event_id=word(doc.get("eventID")),
                action=action,
                outcome=outcome,
                account=who.key,
                shown=who.shown,
                kind=who.kind,
                home=unique(Hint(HintKind.CLOUD_ACCOUNT, who.account), Hint(HintKind.DOMAIN, who.domain)),
                resource=resource,
                place=unique(Hint(HintKind.CLOUD_ACCOUNT, place)),
                target=low(first(part(doc, "requestParameters"), *SUBJECTS)) if name in CHANGES else "",
                reason=reason,
                interactive=True if name in SIGN_INS or name in SWITCHES else None,
                privileged=who.privileged,
                crosses=who.account != place if who.account and place else None,
                src_ip=address(doc.get("sourceIPAddress")),
                clock=moment.fault,
            )
        ]


def _identity(doc: Doc, name: str) -> Identity:
    """Who acted. Who switches role is the one from whom was switched, not the role."""
    identity = part(doc, "userIdentity")
    kind = word(identity.get("type"))
    account = low(identity.get("accountId"))
    arn = word(at(doc, "additionalEventData", "SwitchFrom")) if name in SWITCHES else ""
    if arn:
        account = account_in(arn) or account
    arn = arn or word(identity.get("arn"))
    issuer = part(identity, "sessionContext", "sessionIssuer")
    if kind == "AWSService" and not arn:
        service = low(identity.get("invokedBy"))
        return _known(f"aws:{service}" if service else "", service, AccountKind.SERVICE, account)
    if arn:
        return identity_of_arn(arn, account or account_in(arn), kind, word(issuer.get("arn")))
    role = word(issuer.get("userName"))
    if role:
        owner = low(issuer.get("accountId")) or account
        return _known(f"arn:aws:iam::{owner}:role/{role}", role, AccountKind.SERVICE, account or owner)
    user = word(identity.get("userName"))
    if user and user != "HIDDEN_DUE_TO_SECURITY_REASONS":
        return _known(f"arn:aws:iam::{account}:user/{user}", user, kind_of(user), account)
    caller = word(identity.get("principalId")).rpartition(":")[2]
    return _known(f"aws:{caller}" if caller else "", caller, AccountKind.UNKNOWN, account)


def identity_of_arn(arn: str, account: str, kind: str, role: str) -> Identity:
    """Who an ARN is. `account` owns it, `kind` is userIdentity's type, `role` the ARN of a session's role, if known."""
    name = arn.rpartition("/")[2] if "/" in arn else arn.rpartition(":")[2]
    if kind == _ROOT:
        return Identity(arn.lower(), f"root@{account}", AccountKind.PERSON, account, "", True)
    if ":assumed-role/" not in arn:
        return Identity(arn.lower(), name, kind_of(name), account, split_account(name)[1], False)
    if _PASSING.fullmatch(name.lower()):
        stable = role or arn.rpartition("/")[0]
        return Identity(stable.lower(), stable.rpartition("/")[2], AccountKind.SERVICE, account, "", False)
    return Identity(arn.lower(), name, kind_of(name), account, split_account(name)[1], False)


def _known(key: str, shown: str, kind: AccountKind, account: str) -> Identity:
    if not key:
        raise Unreadable("no-account")
    return Identity(key.lower(), shown, kind, account, "", False)


def _reached(doc: Doc, name: str) -> tuple[str, str]:
    """What was reached and the AWS account that owns it: a role where one is assumed, else the account itself."""
    recipient = low(doc.get("recipientAccountId"))
    role = low(at(doc, "requestParameters", "roleArn")) if name in ASSUMED else ""
    if name == "SwitchRole" and at(doc, "additionalEventData", "SwitchFrom"):
        role = _role_of(low(at(doc, "userIdentity", "arn")))
    if role:
        return role, account_in(role) or recipient
    account = recipient or low(at(doc, "userIdentity", "accountId"))
    if not account:
        raise Unreadable("no-resource")
    return f"aws:{account}", account


def _outcome(doc: Doc, name: str) -> tuple[Outcome, str]:
    error = word(doc.get("errorMessage")) or word(doc.get("errorCode"))
    if name in SIGN_INS or name in SWITCHES:
        said = low(at(doc, "responseElements", name))
        if said == "success":
            without = word(at(doc, "additionalEventData", "MFAUsed")) == "No"
            return Outcome.SUCCESS, "without a second factor" if without else ""
        return (Outcome.FAILURE if said == "failure" or error else Outcome.UNKNOWN), error
    return (Outcome.FAILURE, error) if error else (Outcome.SUCCESS, name)


def _role_of(session: str) -> str:
    """The role of a session, as the call that assumes it names it (but for a path, which a session does not say)."""
    before, assumed, rest = session.partition(":assumed-role/")
    return f"{before.replace('arn:aws:sts:', 'arn:aws:iam:')}:role/{rest.partition('/')[0]}" if assumed else session


def account_in(arn: str) -> str:
    fields = arn.lower().split(":")
    return fields[4] if len(fields) > 5 else ""
