"""One record of access as every reader gives it, whatever log it came from."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Action(StrEnum):
    """What was done. A readable record of anything else is refused as `not-authentication`."""

    LOGON = "logon"
    LOGOFF = "logoff"
    TGT = "tgt"
    SERVICE_TICKET = "service-ticket"
    EXPLICIT_CREDENTIAL = "explicit-credential"
    SSO = "sso"
    MFA = "mfa"
    ACCOUNT_SWITCH = "account-switch"
    PRIVILEGE = "privilege"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_ENABLED = "account-enabled"
    ACCOUNT_CHANGED = "account-changed"
    ACCOUNT_DISABLED = "account-disabled"
    GROUP_CHANGED = "group-changed"
    ROLE_CHANGED = "role-changed"
    TRUST_CHANGED = "trust-changed"
    POLICY_CHANGED = "policy-changed"
    BACKUP_DELETED = "backup-deleted"


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"  # an interrupt, a challenge, an attempt of which the end stands elsewhere


class AccountKind(StrEnum):
    PERSON = "person"
    SERVICE = "service"
    MACHINE = "machine"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


class HintKind(StrEnum):
    """What a hint on somebody's organisation is made of; the most telling first."""

    ORGANISATION = "organisation"  # a slug of the partnership, as our own form says it
    TENANT = "tenant"  # Microsoft Entra tenant id
    CLOUD_ACCOUNT = "cloud-account"  # AWS account id
    SID = "sid"  # the domain's part of a security identifier: S-1-5-21-a-b-c
    ISSUER = "issuer"  # an identity provider or Okta organisation
    REALM = "realm"  # DNS or Kerberos name of a domain
    DOMAIN = "domain"  # what stands behind the @ of an address
    NETBIOS = "netbios"  # the short name of a Windows domain, or a local machine's
    HOST = "host"  # a machine's name
    APP = "app"  # an application's id or name


class Hint(msgspec.Struct, frozen=True, gc=False):
    """`value` is in small letters."""

    kind: HintKind
    value: str


class Record(msgspec.Struct, frozen=True, gc=False):
    """Who reached what, when and how it ended.

    `at` is aware, UTC. `account` is the most stable name that the log gives (`sid:s-1-5-21-…-1104`,
    `entra:<tenant>/<object>`, `okta:<id>`, `arn:…`, else `name@domain`), in small letters; `shown` is what people call
    it (`svc-backup@ashbourne`). `aliases` are other keys of the same account that the record itself proves: they are
    joined. `home` are hints on whose account it is, `place` on whose the reached system is, the most telling first.
    `resource` is the machine or application reached, `target` the account or group that a change was about. `clock`
    says which fault of the source's clock was mended ("milliseconds were seconds"), or is ''.
    """

    at: datetime
    event_id: str  # the source's own; '' when it has none
    action: Action
    outcome: Outcome
    account: str
    shown: str
    kind: AccountKind
    home: tuple[Hint, ...]
    resource: str
    place: tuple[Hint, ...]
    system: str = ""  # slug of a shared system, which our own form alone can say
    aliases: tuple[str, ...] = ()
    target: str = ""
    reason: str = ""
    protocol: str = ""
    interactive: bool | None = None
    privileged: bool = False
    crosses: bool | None = None  # what the log itself says of a boundary (crossTenantAccessType); None: nothing
    src_ip: str = ""
    src_host: str = ""
    clock: str = ""


class Unreadable(Exception):
    """A line that gives no record. `str()` is the reason, one of `REASONS` (a short word, never the line itself)."""


REASONS = {
    "empty": "nothing stands in the line",
    "too-long": "a record of more than 1 MiB",
    "not-text": "bytes that are neither UTF-8 nor UTF-16 with its mark, or a NUL among them",
    "not-json": "not valid JSON",
    "not-an-object": "JSON, but not an object",
    "duplicate-key": "the same key twice in one object: readers disagree which of the two counts",
    "too-deep": "nested deeper than 64 levels",
    "unknown-field": "our own form with a field that it does not have",
    "missing-field": "our own form without a field that it must have",
    "bad-value": "a field of the wrong type, too long, or with a word that is none of its own",
    "unknown-shape": "not the format that was named",
    "not-authentication": "readable, and of something else",
    "no-time": "no time in it",
    "bad-time": "a time that cannot be read",
    "time-out-of-range": "a time before 2000",
    "future-time": "a time more than ten minutes from now",
    "no-account": "no account in it",
    "no-resource": "it does not say what was reached",
}
