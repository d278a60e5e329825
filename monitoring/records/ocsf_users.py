"""The account in an OCSF event: Windows', AWS's, Okta's or Entra's identifier, else name and domain."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from monitoring.records.domains import Domains
from monitoring.records.names import domain_hints, is_account_sid, kind_of, low, split_account, unique, word
from monitoring.records.objects import Doc, at, first, part, whole
from monitoring.records.record import AccountKind, Hint, HintKind, Unreadable
from monitoring.records.windows.accounts import Account, account_from

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_AWS = re.compile(r"\d{12}", re.ASCII)
_SYSTEM = 3  # user.type_id


@dataclass(frozen=True, slots=True)
class User(Account):
    def as_service(self) -> User:
        return replace(self, kind=AccountKind.SERVICE) if self.kind is AccountKind.PERSON else self


def user_of(doc: Doc, computer: str, domains: Domains, *, changing: bool) -> User:
    """Who signed in; for a change, who made it. What `user` leaves out of the same account `actor.user` may say.

    Raises:
        Unreadable: `no-account`.
    """
    user, actor = part(doc, "user"), part(doc, "actor", "user")
    if changing or not first(user, "name", "uid", "email_addr"):
        user = actor
    elif first(user, "uid") == first(actor, "uid"):
        user = {**actor, **user}
    uid, name = low(user.get("uid")), word(user.get("name"))
    address, domain = low(user.get("email_addr")), low(user.get("domain"))
    tenant = low(at(doc, "actor", "idp", "tenant_uid")) or low(at(user, "org", "uid"))
    account = low(at(user, "account", "uid"))
    owner = (
        Hint(HintKind.TENANT, tenant if _GUID.fullmatch(tenant) else ""),
        Hint(HintKind.CLOUD_ACCOUNT, account if _AWS.fullmatch(account) else ""),
    )
    if (domain and name and not address) or is_account_sid(uid):
        found = account_from(name or uid, domain, uid, computer, domains)
        return User(found.key, found.shown, found.kind, unique(*found.home, *owner), found.aliases)
    key = _key(doc, uid, tenant) or address or name.lower() or uid
    if not key:
        raise Unreadable("no-account")
    kind = kind_of(name or address or key)
    if whole(user.get("type_id")) == _SYSTEM:
        kind = AccountKind.SERVICE
    aliases = tuple(dict.fromkeys(each for each in (address, name.lower()) if "@" in each and each != key))
    named = domain_hints(split_account(address or name)[1] if address or name else "")
    home = unique(*owner, *named, *domain_hints(domain))
    return User(key, address or name or key, kind, home, aliases)


def _key(doc: Doc, uid: str, tenant: str) -> str:
    """An identifier as the reader of the source itself would write it, so that both are one account."""
    if uid.startswith("arn:"):
        return uid
    if _GUID.fullmatch(uid) and _GUID.fullmatch(tenant):
        return f"entra:{tenant}/{uid}"
    product = part(doc, "metadata", "product")
    if uid and "okta" in f"{low(product.get('name'))} {low(product.get('vendor_name'))}":
        return f"okta:{uid}"
    return ""
