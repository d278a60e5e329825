"""Which calls of AWS are access or a change of access (CloudTrail's eventName); all others are of something else."""

from __future__ import annotations

from monitoring.records.record import Action

SIGN_INS = {"ConsoleLogin": Action.LOGON, "UserAuthentication": Action.LOGON}
SWITCHES = frozenset({"SwitchRole", "ExitRole"})
ASSUMED = {
    "AssumeRole": Action.ACCOUNT_SWITCH,
    "AssumeRoot": Action.ACCOUNT_SWITCH,
    "AssumeRoleWithSAML": Action.SSO,
    "AssumeRoleWithWebIdentity": Action.SSO,
}
CHANGES = {
    "CreateUser": Action.ACCOUNT_CREATED,
    "CreateLoginProfile": Action.ACCOUNT_ENABLED,
    "CreateAccessKey": Action.ACCOUNT_CHANGED,
    "UpdateLoginProfile": Action.ACCOUNT_CHANGED,
    "DeactivateMFADevice": Action.ACCOUNT_CHANGED,
    "DeleteLoginProfile": Action.ACCOUNT_DISABLED,
    "DeleteUser": Action.ACCOUNT_DISABLED,
    "AddUserToGroup": Action.GROUP_CHANGED,
    "RemoveUserFromGroup": Action.GROUP_CHANGED,
    "AttachUserPolicy": Action.ROLE_CHANGED,
    "AttachGroupPolicy": Action.ROLE_CHANGED,
    "AttachRolePolicy": Action.ROLE_CHANGED,
    "PutUserPolicy": Action.ROLE_CHANGED,
    "PutGroupPolicy": Action.ROLE_CHANGED,
    "PutRolePolicy": Action.ROLE_CHANGED,
    "CreateRole": Action.ROLE_CHANGED,
    "UpdateAssumeRolePolicy": Action.TRUST_CHANGED,
    "CreateSAMLProvider": Action.TRUST_CHANGED,
    "UpdateSAMLProvider": Action.TRUST_CHANGED,
    "CreateOpenIDConnectProvider": Action.TRUST_CHANGED,
    "UpdateAccountPasswordPolicy": Action.POLICY_CHANGED,
    "DeleteAccountPasswordPolicy": Action.POLICY_CHANGED,
    "StopLogging": Action.POLICY_CHANGED,
    "DeleteTrail": Action.POLICY_CHANGED,
    "DeleteBackupVault": Action.BACKUP_DELETED,
    "DeleteRecoveryPoint": Action.BACKUP_DELETED,
    "DeleteBackupPlan": Action.BACKUP_DELETED,
    "DeleteSnapshot": Action.BACKUP_DELETED,
    "DeleteDBSnapshot": Action.BACKUP_DELETED,
    "DeleteDBClusterSnapshot": Action.BACKUP_DELETED,
}
# Where a call says what it was about, in the order of how telling it is.
SUBJECTS = (
    "groupName", "userName", "roleName", "snapshotId", "dBSnapshotIdentifier", "recoveryPointArn", "backupVaultName",
    "backupPlanId", "name", "sAMLProviderArn", "url",
)  # fmt: skip
