"""Microsoft Entra's logs: Microsoft Graph, Azure Monitor's envelope, and Log Analytics' columns; sign-ins here."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.records.clocks import Clock
from monitoring.records.entra_audit import audit_record, is_audit
from monitoring.records.entra_codes import crosses, outcome_of
from monitoring.records.entra_names import home_name, object_of, tenant_of
from monitoring.records.envelopes import without_envelope
from monitoring.records.names import address, kind_of, low, split_account, unique, word
from monitoring.records.objects import Doc, first, parse, part, small_keys, truth
from monitoring.records.record import AccountKind, Action, Hint, HintKind, Record, Unreadable

# Azure Monitor's categories and Log Analytics' tables: is it a person at the keyboard, and is it a person at all.
_CATEGORIES = {
    "signinlogs": (True, True),
    "noninteractiveusersigninlogs": (False, True),
    "adfssigninlogs": (True, True),
    "serviceprincipalsigninlogs": (False, False),
    "managedidentitysigninlogs": (False, False),
}
_MANAGED = "managedidentitysigninlogs"


@dataclass(frozen=True, slots=True)
class _SignIn:
    """`own` are the sign-in's properties with keys in small letters, `tenant` the one whose log it is, or ''."""

    own: Doc
    outer: Doc
    tenant: str
    interactive: bool | None
    person: bool | None
    managed: bool = False  # an identity that a tenant's own resource has


class EntraReader:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock.of_format()

    def read(self, line: bytes) -> list[Record]:
        doc = small_keys(without_envelope(parse(line), "properties", "createdDateTime", "activityDateTime", "time"))
        if is_audit(doc):
            return [audit_record(doc, self.clock)]
        sign_in = _sign_in(doc)
        own, outer = sign_in.own, sign_in.outer
        moment = self.clock.read(first(own, "createddatetime") or first(outer, "time", "timegenerated"))
        resource = low(first(own, "resourcedisplayname", "appdisplayname", "resourceidentity", "resourceid", "appid"))
        if not resource:
            raise Unreadable("no-resource")
        reached = low(own.get("resourcetenantid")) or sign_in.tenant
        account, shown, kind, home, aliases = _account(sign_in, reached)
        status = object_of(own.get("status"))
        outcome, reason = outcome_of(
            status.get("errorcode"), first(own, "resulttype") or outer.get("resulttype"), status.get("failurereason")
        )
        return [
            Record(
                at=moment.at,
                event_id=word(own.get("id")),
                action=Action.LOGON,
                outcome=outcome,
                account=account,
                shown=shown,
                kind=kind,
                home=home,
                aliases=aliases,
                resource=resource,
                place=unique(Hint(HintKind.TENANT, reached), Hint(HintKind.APP, _resource_id(sign_in))),
                reason=reason,
                protocol=low(own.get("authenticationprotocol")).replace("none", ""),
                interactive=_interactive(sign_in),
                crosses=crosses(own.get("crosstenantaccesstype")),
                src_ip=address(first(own, "ipaddress")) or address(outer.get("calleripaddress")),
                src_host=low(object_of(own.get("devicedetail")).get("displayname")),
                clock=moment.fault,
            )
        ]


def _sign_in(doc: Doc) -> _SignIn:
    category = low(first(doc, "category", "type")).removeprefix("aad")
    if category and category not in _CATEGORIES:
        raise Unreadable("not-authentication")
    interactive, person = _CATEGORIES.get(category, (None, None))
    if isinstance(doc.get("properties"), dict):
        own = small_keys(part(doc, "properties"))
        return _SignIn(own, doc, tenant_of(doc), interactive, person, category == _MANAGED)
    if "createddatetime" not in doc and "timegenerated" not in doc:
        raise Unreadable("unknown-shape")
    managed = category == _MANAGED
    kinds = doc.get("signineventtypes")
    if isinstance(kinds, list) and kinds:
        kind = low(kinds[0])
        interactive, person = kind == "interactiveuser", kind in ("interactiveuser", "noninteractiveuser")
        managed = kind == "managedidentity"
    return _SignIn(doc, doc, tenant_of(doc), interactive, person, managed)


def _account(sign_in: _SignIn, reached: str) -> tuple[str, str, AccountKind, tuple[Hint, ...], tuple[str, ...]]:
    own = sign_in.own
    user, principal = low(own.get("userid")), low(own.get("serviceprincipalid"))
    home = low(own.get("hometenantid"))
    if sign_in.person is False or (principal and not user):
        return _principal(sign_in, principal, reached)
    name = home_name(low(own.get("userprincipalname")))
    if not home and crosses(own.get("crosstenantaccesstype")) is False:
        home = reached
    hints = unique(Hint(HintKind.TENANT, home), Hint(HintKind.DOMAIN, split_account(name)[1]))
    if user.strip("0-") and (home or sign_in.tenant or not name):
        return f"entra:{home or sign_in.tenant}/{user}", name or user, kind_of(name), hints, (name,) if name else ()
    if not name:
        raise Unreadable("no-account")
    return name, name, kind_of(name), hints, ()


def _principal(
    sign_in: _SignIn, principal: str, reached: str
) -> tuple[str, str, AccountKind, tuple[Hint, ...], tuple[str, ...]]:
    """An application or managed identity is an object of the tenant that it reaches; its owner may be another's."""
    own = sign_in.own
    app = low(own.get("appid"))
    if not (principal or app):
        raise Unreadable("no-account")
    shown = word(first(own, "serviceprincipalname", "appdisplayname")) or principal or app
    owner = low(own.get("appownertenantid")) or low(own.get("hometenantid"))
    if not owner and (sign_in.managed or crosses(own.get("crosstenantaccesstype")) is False):
        owner = reached
    hints = unique(Hint(HintKind.TENANT, owner), Hint(HintKind.APP, app))
    return f"entra:{sign_in.tenant or reached}/{principal or app}", shown, AccountKind.SERVICE, hints, ()


def _resource_id(sign_in: _SignIn) -> str:
    """Azure Monitor's outer resourceId is the log's address, not what was reached."""
    found = low(sign_in.own.get("resourceidentity")) or low(sign_in.own.get("resourceid"))
    return "" if found.startswith("/") else found


def _interactive(sign_in: _SignIn) -> bool | None:
    said = truth(sign_in.own.get("isinteractive"))
    return sign_in.interactive if said is None else said
