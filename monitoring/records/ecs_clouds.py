"""What Elastic keeps beside ECS of Entra, AWS and Okta: there the organisations stand, not in user.domain."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.records.cloudtrail import account_in, identity_of_arn
from monitoring.records.entra_codes import crosses
from monitoring.records.names import domain_hints, kind_of, low, split_account, unique, word
from monitoring.records.objects import Doc, dotted, parts
from monitoring.records.okta import OKTA
from monitoring.records.record import AccountKind, Hint, HintKind, Unreadable
from monitoring.records.windows.accounts import Account

_ENTRA, _TRAIL, _OKTA = "azure.signinlogs.properties", "aws.cloudtrail", "okta"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{0,200}[\w+=.@/-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cloud:
    account: Account
    resource: str
    place: tuple[Hint, ...]
    crosses: bool | None = None


def cloud_of(doc: Doc) -> Cloud | None:
    """None if the document is of none of the three.

    Raises:
        Unreadable: `no-account`, `no-resource`.
    """
    if home := low(dotted(doc, f"{_ENTRA}.home_tenant_id")):
        return _entra(doc, home)
    if arn := word(dotted(doc, f"{_TRAIL}.user_identity.arn")):
        return _aws(doc, arn)
    if identity := low(dotted(doc, f"{_OKTA}.actor.id")):
        return _okta(doc, identity)
    return None


def _entra(doc: Doc, home: str) -> Cloud:
    user = low(dotted(doc, f"{_ENTRA}.user_id")) or low(dotted(doc, "user.id"))
    name = low(dotted(doc, f"{_ENTRA}.user_principal_name")) or low(dotted(doc, "user.email"))
    if not user:
        raise Unreadable("no-account")
    resource = low(dotted(doc, f"{_ENTRA}.resource_display_name")) or low(dotted(doc, f"{_ENTRA}.app_display_name"))
    if not resource:
        raise Unreadable("no-resource")
    tenant = low(dotted(doc, f"{_ENTRA}.resource_tenant_id")) or low(dotted(doc, "azure.tenant_id"))
    hints = unique(Hint(HintKind.TENANT, home), *domain_hints(name.partition("@")[2]))
    return Cloud(
        Account(f"entra:{home}/{user}", name or user, kind_of(name), hints, (name,) if "@" in name else ()),
        resource,
        unique(Hint(HintKind.TENANT, tenant), Hint(HintKind.APP, low(dotted(doc, f"{_ENTRA}.resource_id")))),
        crosses(dotted(doc, f"{_ENTRA}.cross_tenant_access_type")),
    )


def _aws(doc: Doc, arn: str) -> Cloud:
    """Who assumes a role reaches the role's account; Elastic keeps the call's parameters as text."""
    kind = word(dotted(doc, f"{_TRAIL}.user_identity.type"))
    role = word(dotted(doc, f"{_TRAIL}.user_identity.session_context.session_issuer.arn"))
    who = identity_of_arn(arn, account_in(arn), kind, role)
    account = low(dotted(doc, f"{_TRAIL}.recipient_account_id")) or low(dotted(doc, "cloud.account.id"))
    asked = dotted(doc, f"{_TRAIL}.request_parameters")
    assumed = (
        _ROLE.search(asked) if isinstance(asked, str) and low(dotted(doc, "event.action"))[:6] == "assume" else None
    )
    resource = assumed[0].lower() if assumed else f"aws:{account}"
    account = account_in(resource) or account
    if not account:
        raise Unreadable("no-resource")
    home = unique(Hint(HintKind.CLOUD_ACCOUNT, who.account), Hint(HintKind.DOMAIN, who.domain))
    place = unique(Hint(HintKind.CLOUD_ACCOUNT, account))
    return Cloud(Account(who.key, who.shown, who.kind, home), resource, place, who.account != account)


def _okta(doc: Doc, identity: str) -> Cloud:
    name = low(dotted(doc, f"{_OKTA}.actor.alternate_id"))
    targets = dotted(doc, f"{_OKTA}.target")
    applications = [each for each in parts(targets) if word(each.get("type")) == "AppInstance"]
    resource, place = OKTA, unique()
    if applications:
        one = applications[0]
        resource = low(one.get("alternate_id")) or low(one.get("display_name")) or low(one.get("id")) or OKTA
        place = unique(Hint(HintKind.APP, low(one.get("id"))), Hint(HintKind.APP, resource))
    person = word(dotted(doc, f"{_OKTA}.actor.type")) in ("User", "")
    home = unique(
        Hint(HintKind.ISSUER, low(dotted(doc, f"{_OKTA}.authentication_context.issuer.id"))),
        *domain_hints(split_account(name)[1] if name else ""),
    )
    kind = kind_of(name) if person else AccountKind.SERVICE
    aliases = (name,) if "@" in name and person else ()
    return Cloud(Account(f"okta:{identity}", name or identity, kind, home, aliases), resource, place)
