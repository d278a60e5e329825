"""What OpenSSH, sudo, su and the tools for accounts write, by named patterns; other messages are of something else."""

from __future__ import annotations

import re

from monitoring.records.clocks import Moment
from monitoring.records.names import DASH, address, host_hints, host_of, kind_of, word
from monitoring.records.normal import account_of
from monitoring.records.record import Action, Outcome, Record, Unreadable

# A name may hold blanks, and words that look like an address: what sshd itself writes stands last.
_FROM = r" from (?P<src>\S{1,64}) port \d{1,5}(?: ssh2)?(?:: .*)?"
_SSHD = (
    ("accepted", re.compile(r"Accepted (?P<method>[\w/.-]{1,64}) for (?P<user>.{1,512})" + _FROM)),
    ("failed", re.compile(r"Failed (?P<method>[\w/.-]{1,64}) for (?:invalid user )?(?P<user>.{1,512})" + _FROM)),
    ("unknown-user", re.compile(r"Invalid user (?P<user>.{1,512}) from (?P<src>\S{1,64})(?: port \d{1,5})?")),
    ("closed", re.compile(r"pam_unix\(sshd:session\): session closed for user (?P<user>.{1,512})")),
)
_SUDO = (
    (
        "sudo-refused",
        re.compile(
            r"\s*(?P<user>.{1,512}?) : (?P<reason>user NOT in sudoers|command not allowed"
            r"|\d+ incorrect password attempts?|user NOT authorized on host) ; .*?USER=(?P<target>[^;]{1,512}?) ; .*"
        ),
    ),
    ("sudo", re.compile(r"\s*(?P<user>.{1,512}?) : (?:TTY=|PWD=).*?USER=(?P<target>[^;]{1,512}?) ; .*")),
)
_SU = (
    ("su", re.compile(r"Successful su for (?P<target>.{1,512}) by (?P<user>.{1,512})")),
    ("su", re.compile(r"\(to (?P<target>[^)]{1,512})\) (?P<user>.{1,512}) on \S+")),
    (
        "su-refused",
        re.compile(r"FAILED (?:su for|SU \(to) (?P<target>[^)]{1,512}?)(?: by|\)) (?P<user>.{1,512}?)(?: on \S+)?"),
    ),
)
_ACCOUNTS = {
    "useradd": ("created", re.compile(r"new user: name=(?P<target>[^,]{1,512}),.*")),
    "userdel": ("deleted", re.compile(r"delete user '(?P<target>[^']{1,512})'")),
    "usermod": ("grouped", re.compile(r"add '(?P<reason>[^']{1,512})' to group '(?P<target>[^']{1,512})'")),
    "passwd": ("password", re.compile(r"pam_unix\(passwd:chauthtok\): password changed for (?P<target>.{1,512})")),
}
_BY_APP = {"sshd": _SSHD, "sshd-session": _SSHD, "sudo": _SUDO, "su": _SU} | {
    app: (pattern,) for app, pattern in _ACCOUNTS.items()
}
_MEANINGS = {
    "accepted": (Action.LOGON, Outcome.SUCCESS),
    "failed": (Action.LOGON, Outcome.FAILURE),
    "unknown-user": (Action.LOGON, Outcome.FAILURE),
    "closed": (Action.LOGOFF, Outcome.SUCCESS),
    "sudo": (Action.PRIVILEGE, Outcome.SUCCESS),
    "sudo-refused": (Action.PRIVILEGE, Outcome.FAILURE),
    "su": (Action.ACCOUNT_SWITCH, Outcome.SUCCESS),
    "su-refused": (Action.ACCOUNT_SWITCH, Outcome.FAILURE),
    "created": (Action.ACCOUNT_CREATED, Outcome.SUCCESS),
    "deleted": (Action.ACCOUNT_DISABLED, Outcome.SUCCESS),
    "grouped": (Action.GROUP_CHANGED, Outcome.SUCCESS),
    "password": (Action.ACCOUNT_CHANGED, Outcome.SUCCESS),
}
LONGEST = 8192  # letters of a message; what is longer is a command's arguments
_ROOT_GROUPS = frozenset({"root", "sudo", "wheel", "admin"})


def record_of_message(app: str, text: str, host: str, moment: Moment) -> Record:
    """An account without a domain is the machine's own, as far as the line can say.

    Raises:
        Unreadable: `not-authentication`, `no-account`.
    """
    name, found = _matched(app.rpartition("/")[2].lower(), text[:LONGEST])
    said = {key: word(value, nothing=DASH) for key, value in found.groupdict().items()}
    action, outcome = _MEANINGS[name]
    key, home = account_of(said.get("user", "root"))  # who adds accounts is root, whoever that was
    if not key:
        raise Unreadable("no-account")
    local = "@" not in key
    target = said.get("target", "").lower()
    reason = {"unknown-user": "no such user", "deleted": "deleted", "password": "password changed"}.get(name, "")
    ssh = name in ("accepted", "failed", "unknown-user")
    return Record(
        at=moment.at,
        event_id="",
        action=action,
        outcome=outcome,
        account=f"{key}@{host}" if local else key,
        shown=f"{key}@{host}" if local else key,
        kind=kind_of(key),
        home=host_hints(host) if local else home,
        resource=host,
        place=host_hints(host),
        target=target,
        reason=reason or said.get("reason", ""),
        protocol="ssh" if ssh else "",
        interactive=None,
        privileged=target in _ROOT_GROUPS or key.partition("@")[0] == "root",
        src_ip=address(said.get("src")),
        src_host="" if address(said.get("src")) else host_of(said.get("src")),
        clock=moment.fault,
    )


def _matched(app: str, text: str) -> tuple[str, re.Match[str]]:
    for name, pattern in _BY_APP.get(app, ()):
        if found := pattern.fullmatch(text):
            return name, found
    raise Unreadable("not-authentication")
