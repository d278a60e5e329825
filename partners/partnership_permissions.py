"""Permissions and standing access in a partnership file: their entries, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from partners.account_patterns import is_pattern
from partners.models import IntegrationVersion

Contradictions = Iterable[tuple[str, str]]  # field, what is wrong with it


@dataclass(frozen=True, slots=True)
class IntegrationEntry:
    """A permission as both sides know it; `approved` false: proposed by the grantee, and waiting for the grantor.

    It ends on `expires_on`, or `days_left` after the day on which it is loaded. Owners are e-mail addresses of
    `people`. One that is there already is left as it is: a file does not change what two persons approved.
    """

    name: str
    grantor: str
    grantee: str
    systems: tuple[str, ...]
    accounts: tuple[str, ...]
    purpose: str
    grantee_owner: str
    kill_switch_name: str
    kill_switch_how: str
    grantor_owner: str | None = None
    from_system: str | None = None
    resources: str = ""
    direction: Literal["to_grantor", "to_grantee", "both"] = "both"
    data_classes: tuple[str, ...] = ("personal",)
    starts_on: date | None = None
    expires_on: date | None = None
    days_left: int | None = None
    approved: bool = True


@dataclass(frozen=True, slots=True)
class StandingAccessEntry:
    """Access of `provider` into `council`. Days are counted back from the day on which it is loaded; null: never.

    `answer` is what the council said, `attested_by` who said it. A line that is there already is left as it is.
    """

    provider: str
    council: str
    name: str
    kind: Literal["group", "account"]
    rights: str
    why: str
    privileged: bool = False
    approved_by: str = ""
    approved_on: date | None = None
    systems: tuple[str, ...] = ()
    link_group: str = ""
    last_used_days_ago: int | None = None
    attested_days_ago: int | None = None
    attested_by: str = ""
    answer: Literal["", "needed", "remove", "not_ours"] = ""
    note: str = ""


def of_integration(entry: IntegrationEntry) -> Contradictions:
    if entry.grantor == entry.grantee:
        yield "grantee", "A permission has two organisations."
    if wrong := [each for each in entry.accounts if not is_pattern(each)]:
        yield "accounts", f"{wrong[0]!r} is not a pattern of accounts."
    if (entry.expires_on is None) == (entry.days_left is None):
        yield "expires_on", "Say when it ends: by expires_on or by days_left."
    if entry.approved and entry.grantor_owner is None:
        yield "grantor_owner", "One that is approved has an owner on both sides."
    if not entry.systems or not entry.accounts or not set(entry.data_classes) <= set(IntegrationVersion.DataClass):
        yield "systems", "A permission names systems, accounts and classes of data that there are."


def of_access(entry: StandingAccessEntry) -> Contradictions:
    if entry.provider == entry.council:
        yield "council", "Standing access is into another organisation."
    if (entry.answer == "") != (entry.attested_days_ago is None) or (entry.answer and not entry.attested_by):
        yield "answer", "An answer has a day and a name."
