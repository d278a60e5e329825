"""Microsoft Entra's audit log: accounts, groups, roles, trust and policy changed, in the same three shapes."""

from __future__ import annotations

from monitoring.records.clocks import Clock
from monitoring.records.entra_names import home_name, list_of, object_of, tenant_of
from monitoring.records.names import address, kind_of, low, split_account, unique, word
from monitoring.records.objects import Doc, first, part, parts, small_keys
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Outcome, Record, Unreadable

ENTRA = "microsoft entra"
# Microsoft, "Microsoft Entra audit log categories and activities": how an activity's name begins, in small letters.
_ACTIVITIES = (
    ("add user", Action.ACCOUNT_CREATED, ""),
    ("invite external user", Action.ACCOUNT_CREATED, "guest invited"),
    ("enable account", Action.ACCOUNT_ENABLED, ""),
    ("restore user", Action.ACCOUNT_ENABLED, "restored"),
    ("disable account", Action.ACCOUNT_DISABLED, ""),
    ("delete user", Action.ACCOUNT_DISABLED, "deleted"),
    ("update user", Action.ACCOUNT_CHANGED, ""),
    ("reset user password", Action.ACCOUNT_CHANGED, "password reset"),
    ("reset password", Action.ACCOUNT_CHANGED, "password reset"),
    ("change user password", Action.ACCOUNT_CHANGED, "password changed"),
    ("change password", Action.ACCOUNT_CHANGED, "password changed"),
    ("user registered security info", Action.ACCOUNT_CHANGED, "factor added"),
    ("user deleted security info", Action.ACCOUNT_CHANGED, "factor removed"),
    ("add service principal credentials", Action.ACCOUNT_CHANGED, "credential added"),
    ("update application \u2013 certificates and secrets management", Action.ACCOUNT_CHANGED, "credential added"),
    ("add member to group", Action.GROUP_CHANGED, "added"),
    ("remove member from group", Action.GROUP_CHANGED, "removed"),
    ("add owner to group", Action.GROUP_CHANGED, "owner added"),
    ("add member to role", Action.ROLE_CHANGED, "granted"),
    ("add eligible member to role", Action.ROLE_CHANGED, "made eligible"),
    ("remove member from role", Action.ROLE_CHANGED, "revoked"),
    ("remove eligible member from role", Action.ROLE_CHANGED, "no longer eligible"),
    ("add app role assignment", Action.ROLE_CHANGED, "granted to an application"),
    ("add delegated permission grant", Action.ROLE_CHANGED, "granted to an application"),
    ("consent to application", Action.ROLE_CHANGED, "consent"),
    ("set domain authentication", Action.TRUST_CHANGED, "domain"),
    ("set federation settings on domain", Action.TRUST_CHANGED, "federation"),
    ("add a partner to cross-tenant access setting", Action.TRUST_CHANGED, "cross-tenant access"),
    ("update a partner cross-tenant access setting", Action.TRUST_CHANGED, "cross-tenant access"),
    ("delete partner specific cross-tenant access setting", Action.TRUST_CHANGED, "cross-tenant access"),
    ("add conditional access policy", Action.POLICY_CHANGED, "conditional access"),
    ("update conditional access policy", Action.POLICY_CHANGED, "conditional access"),
    ("delete conditional access policy", Action.POLICY_CHANGED, "conditional access"),
)
_OUTCOMES = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE}


def is_audit(doc: Doc) -> bool:
    return low(first(doc, "category", "type")) == "auditlogs" or "activitydisplayname" in doc


def audit_record(doc: Doc, clock: Clock) -> Record:
    """`doc` is the whole record with keys in small letters.

    Raises:
        Unreadable: `not-authentication`, `no-time` and the like, `no-account`.
    """
    own = small_keys(part(doc, "properties")) or doc
    activity = low(first(own, "activitydisplayname", "operationname") or doc.get("operationname"))
    known = next((each for each in _ACTIVITIES if activity.startswith(each[0])), None)
    if known is None:
        raise Unreadable("not-authentication")
    _, action, done = known
    moment = clock.read(first(own, "activitydatetime") or first(doc, "time", "timegenerated"))
    tenant = tenant_of(doc)
    by = object_of(own.get("initiatedby"))
    key, shown, kind, home, aliases = _initiator(by, tenant)
    target, more = _target(list_of(own.get("targetresources")), action)
    return Record(
        at=moment.at,
        event_id=word(own.get("id")),
        action=action,
        outcome=_OUTCOMES.get(low(own.get("result")), Outcome.UNKNOWN),
        account=key,
        shown=shown,
        kind=kind,
        home=home,
        aliases=aliases,
        resource=ENTRA,
        place=unique(Hint(HintKind.TENANT, tenant)),
        target=target,
        reason=(f"{done} {more}".strip() or word(own.get("resultreason")))[:512],
        privileged=action is Action.ROLE_CHANGED,
        src_ip=address(object_of(by.get("user")).get("ipaddress")),
        clock=moment.fault,
    )


def _initiator(by: Doc, tenant: str) -> tuple[str, str, AccountKind, tuple[Hint, ...], tuple[str, ...]]:
    """A person, or an application. A guest is of the tenant that the record names, else of the domain in the name."""
    user, app = object_of(by.get("user")), object_of(by.get("app"))
    identity, written = low(user.get("id")), low(user.get("userprincipalname"))
    if identity or written:
        name = home_name(written)
        home = low(user.get("hometenantid")) or ("" if "#ext#" in written else tenant)
        hints = unique(Hint(HintKind.TENANT, home), Hint(HintKind.DOMAIN, split_account(name)[1] if name else ""))
        if identity and (home or tenant or not name):
            return f"entra:{home or tenant}/{identity}", name or identity, kind_of(name), hints, (name,) if name else ()
        return name, name, kind_of(name), hints, ()
    principal = low(app.get("serviceprincipalid")) or low(app.get("appid"))
    shown = word(app.get("displayname")) or principal
    if not shown:
        raise Unreadable("no-account")
    owner = unique(Hint(HintKind.APP, low(app.get("appid"))))
    return f"entra:{tenant}/{principal or shown.lower()}", shown, AccountKind.SERVICE, owner, ()


def _target(targets: list[Doc], action: Action) -> tuple[str, str]:
    """Whom or what it was about; and beside it the role that was granted, or who was added to a group."""
    resources = [small_keys(each) for each in targets]
    changed = [each for resource in resources for each in parts(resource.get("modifiedproperties"))]
    values = {low(each.get("displayName")): low(each.get("newValue")).strip('"') for each in changed}
    named = [_name(each) for each in resources if _name(each)]
    if action is Action.GROUP_CHANGED:
        return values.get("group.displayname") or (named[-1] if named else ""), named[0] if named else ""
    return named[0] if named else "", values.get("role.displayname", "")


def _name(resource: Doc) -> str:
    return (
        home_name(low(resource.get("userprincipalname"))) or low(resource.get("displayname")) or low(resource.get("id"))
    )
