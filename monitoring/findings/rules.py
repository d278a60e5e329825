"""The rules that look at sights and changes: what each sees, what it cannot see, its ids of ATT&CK and D3FEND.

The database applies them (`sec.judge_access`) and adds up the points; here they get their words, and a test holds the
two together. Identifiers are of ATT&CK 18.1 and D3FEND 1.2.0, facts alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` as findings name it; `blind` says what it cannot see."""

    code: str
    name: Any
    sees: Any
    blind: Any
    attack: tuple[str, ...]
    d3fend: tuple[str, ...]


RULES = (
    Rule(
        "first-sight",
        _("First access across a boundary"),
        _(
            "An account of one organisation signs in at a system or machine of another for the first "
            "time, and no permission in force covers it."
        ),
        _(
            "What an account does there, and accounts or machines of which nobody has said whose they "
            "are: see the list of names. Machine accounts and anonymous ones are left out."
        ),
        ("T1199", "T1078"),
        ("D3-RAPA", "D3-JFAPA"),
    ),
    Rule(
        "failed-attempt",
        _("Failed attempt across a boundary"),
        _(
            "An account fails for the first time at a place of another organisation. Weak by itself; it "
            "weighs in beside others."
        ),
        _("Attempts that the other side's log does not write, and how often somebody tried: each day counts once."),
        ("T1110",),
        ("D3-ANET",),
    ),
    Rule(
        "first-admin",
        _("First administrative log-on across a boundary"),
        _("An account gets administrative rights at a place of another organisation for the first time."),
        _("Rights that are used without a log-on that says so, such as a local group on a machine without a log."),
        ("T1078.002", "T1021"),
        ("D3-ANAA", "D3-DAM"),
    ),
    Rule(
        "many-organisations",
        _("One account at three organisations within an hour"),
        _(
            "First sights of one account at three or more organisations within an hour. Only the "
            "account's own organisation is told: the others see their own side alone."
        ),
        _("An intruder who takes longer than an hour, or uses a new account at each."),
        ("T1021", "T1078"),
        ("D3-CCSA", "D3-ANET"),
    ),
    Rule(
        "lapsed-permission",
        _("Use of a lapsed permission"),
        _("An account goes on after the last day of the permission that covered it, or after it was ended."),
        _("Access that no permission ever named: that is a first sight. Told once for each account and place."),
        ("T1199", "T1078"),
        ("D3-RAPA", "D3-AZET"),
    ),
    Rule(
        "during-isolation",
        _("Access although cut off"),
        _(
            "An account is seen at another organisation while one of the two is limited or cut off in the "
            "portal, or over a link that both ends have said is cut; also when the log comes after the cut "
            "was lifted. Also accounts that a permission covers, and changes of accounts and rights. It "
            "cannot be kept back. Told once for each account, place, cut and day."
        ),
        _(
            "A cut that nobody wrote down here; and known accounts in the log of an organisation that was "
            "not told of the cut."
        ),
        ("T1199", "T1133"),
        ("D3-RAPA", "D3-RTSD"),
    ),
    Rule(
        "account-made",
        _("Account made, switched on or given rights on a shared system"),
        _("Somebody makes or enables an account on a shared system, or changes its groups or roles."),
        _("Changes in a directory whose log is not sent, and accounts that were made before the source began."),
        ("T1136", "T1098"),
        ("D3-DAM",),
    ),
    Rule(
        "rights-changed",
        _("Groups, roles, trust or policy changed across a boundary"),
        _("An account of another organisation, or one that nobody knows, changes groups, roles, a trust or a policy."),
        _("Changes by an account of the organisation itself that somebody else holds."),
        ("T1098", "T1484"),
        ("D3-DAM",),
    ),
    Rule(
        "backup-deleted",
        _("Backup deleted across a boundary"),
        _("An account of another organisation, or one that nobody knows, deletes a backup."),
        _("Backups that are overwritten or whose keys are lost, and a store without a log."),
        ("T1490",),
        ("D3-RAPA",),
    ),
)  # fmt: skip
BY_CODE = {rule.code: rule for rule in RULES}
AN_HOUR = 50  # findings of one organisation with one other side that stand alone in an hour: `sec.findings_an_hour`
A_LIST = 500  # further ones that stand in one list, all shown on its page: `sec.findings_a_list`
# What a finding's weight is made of, in points; 100 at most.
REASONS: dict[str, tuple[int, Any]] = {
    "new-organisation": (40, _("the account was never seen at this organisation before")),
    "new-place": (20, _("the account is known at this organisation, and new at this place")),
    "failed": (10, _("it failed")),
    "service": (20, _("it is a service account: nobody sits behind it who could be asked")),
    "admin": (30, _("it had administrative rights")),
    "dormant": (25, _("it had crossed before, and had not been seen across a boundary for 60 days")),
    "lapsed": (35, _("the permission that covered it has lapsed")),
    "many": (40, _("it was new at three or more organisations within an hour")),
    "isolated": (60, _("one of the two was cut off at the time")),
    "account-made": (40, _("an account was made, switched on or given rights")),
    "rights-changed": (50, _("groups, roles, a trust or a policy were changed across a boundary")),
    "backup-deleted": (70, _("a backup was deleted across a boundary")),
}


def reasons_in_words(codes: Iterable[str]) -> list[tuple[int, str]]:
    """(points, words) of each, the heaviest first."""
    return sorted(((REASONS[code][0], str(REASONS[code][1])) for code in codes), reverse=True)


def names_of(codes: Iterable[str]) -> list[str]:
    """The names of rules, in the order of the table."""
    wanted = set(codes)
    return [str(rule.name) for rule in RULES if rule.code in wanted]
