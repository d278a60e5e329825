"""Which of Okta's event types are access or a change of access (Okta, "Event types"); others are of something else."""

from __future__ import annotations

from monitoring.records.record import Action, Outcome

_EXACT = {
    "user.session.start": (Action.LOGON, ""),
    "user.session.end": (Action.LOGOFF, ""),
    "user.session.access_admin_app": (Action.SSO, ""),
    "user.session.impersonation.initiate": (Action.ACCOUNT_SWITCH, "impersonation begun"),
    "user.session.impersonation.grant": (Action.ACCOUNT_SWITCH, "impersonation allowed"),
    "user.session.impersonation.extend": (Action.ACCOUNT_SWITCH, "impersonation extended"),
    "user.session.impersonation.end": (Action.ACCOUNT_SWITCH, "impersonation ended"),
    "user.session.impersonation.revoke": (Action.ACCOUNT_SWITCH, "impersonation revoked"),
    "user.authentication.sso": (Action.SSO, ""),
    "user.authentication.slo": (Action.LOGOFF, ""),
    "user.authentication.auth_via_mfa": (Action.MFA, ""),
    "policy.evaluate_sign_on": (Action.SSO, ""),
    "user.account.privilege.grant": (Action.ROLE_CHANGED, "granted"),
    "user.account.privilege.revoke": (Action.ROLE_CHANGED, "revoked"),
    "group.privilege.grant": (Action.ROLE_CHANGED, "granted to a group"),
    "group.privilege.revoke": (Action.ROLE_CHANGED, "revoked from a group"),
    "user.lifecycle.create": (Action.ACCOUNT_CREATED, ""),
    "user.lifecycle.activate": (Action.ACCOUNT_ENABLED, ""),
    "user.lifecycle.reactivate": (Action.ACCOUNT_ENABLED, ""),
    "user.lifecycle.unsuspend": (Action.ACCOUNT_ENABLED, ""),
    "user.lifecycle.suspend": (Action.ACCOUNT_DISABLED, "suspended"),
    "user.lifecycle.deactivate": (Action.ACCOUNT_DISABLED, ""),
    "user.lifecycle.delete.initiated": (Action.ACCOUNT_DISABLED, "deleted"),
    "user.lifecycle.delete.completed": (Action.ACCOUNT_DISABLED, "deleted"),
    "user.account.lock": (Action.ACCOUNT_CHANGED, "locked out"),
    "user.account.unlock": (Action.ACCOUNT_CHANGED, "unlocked"),
    "user.account.reset_password": (Action.ACCOUNT_CHANGED, "password reset"),
    "user.account.update_password": (Action.ACCOUNT_CHANGED, "password changed"),
    "user.account.expire_password": (Action.ACCOUNT_CHANGED, "password expired"),
    "user.account.update_profile": (Action.ACCOUNT_CHANGED, "profile changed"),
    "user.account.update_primary_email": (Action.ACCOUNT_CHANGED, "address changed"),
    "user.mfa.factor.activate": (Action.ACCOUNT_CHANGED, "factor added"),
    "user.mfa.factor.update": (Action.ACCOUNT_CHANGED, "factor changed"),
    "user.mfa.factor.deactivate": (Action.ACCOUNT_CHANGED, "factor removed"),
    "user.mfa.factor.reset_all": (Action.ACCOUNT_CHANGED, "all factors removed"),
    "group.user_membership.add": (Action.GROUP_CHANGED, "added"),
    "group.user_membership.remove": (Action.GROUP_CHANGED, "removed"),
    "zone.update": (Action.POLICY_CHANGED, "network zone"),
    "zone.delete": (Action.POLICY_CHANGED, "network zone"),
    "zone.deactivate": (Action.POLICY_CHANGED, "network zone"),
}
_BY_BEGINNING = (
    ("user.authentication.auth_via", (Action.LOGON, "")),
    ("user.authentication.auth_unconfigured", (Action.LOGON, "")),
    ("user.authentication.verify", (Action.MFA, "")),
    ("policy.lifecycle.", (Action.POLICY_CHANGED, "policy")),
    ("policy.rule.", (Action.POLICY_CHANGED, "rule")),
    ("system.idp.lifecycle.", (Action.TRUST_CHANGED, "identity provider")),
)
PRIVILEGED = frozenset(
    {"user.session.access_admin_app", "user.account.privilege.grant", "group.privilege.grant"}
)  # fmt: skip
EVALUATION = "policy.evaluate_sign_on"
_OUTCOMES = {
    "success": Outcome.SUCCESS, "allow": Outcome.SUCCESS, "failure": Outcome.FAILURE, "deny": Outcome.FAILURE,
}  # fmt: skip


def action_of(event_type: str, *, org_to_org: bool) -> tuple[Action, str] | None:
    """The type in small letters. An Org2Org application joins two organisations: to change it changes a trust."""
    if found := _EXACT.get(event_type):
        return found
    if org_to_org and event_type.startswith("application.lifecycle."):
        return Action.TRUST_CHANGED, event_type.rpartition(".")[2]
    return next((action for beginning, action in _BY_BEGINNING if event_type.startswith(beginning)), None)


def outcome_of(event_type: str, result: str) -> Outcome:
    """SKIPPED, CHALLENGE, UNKNOWN and no word are unknown; a policy that allows has not let anybody in yet."""
    outcome = _OUTCOMES.get(result, Outcome.UNKNOWN)
    return Outcome.UNKNOWN if event_type == EVALUATION and outcome is Outcome.SUCCESS else outcome
