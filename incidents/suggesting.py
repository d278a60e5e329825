"""What can be named when an incident is opened, by the first letters: systems, organisations, accounts.

Each as the reader's organisation may see it: row security has the word, and names are compared here, so that no search
condition reaches the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from django.utils.translation import gettext as _

from partners.models import Organisation, SharedSystem, StandingAccess

AT_MOST = 12
LONGEST = 200


class Suggestion(TypedDict):
    """`kind`: the field that takes `value`: "systems", "confirmed" (an organisation) or "accounts"."""

    kind: str
    value: str
    label: str
    hint: str


def suggestions(typed: str) -> list[Suggestion]:
    """What fits, names that begin so before names that hold it. Nothing for an empty question. Three queries."""
    wanted = " ".join(typed[:LONGEST].lower().split())
    if not wanted:
        return []
    systems = list(SharedSystem.objects.only("slug", "name", "description", "account_realms"))
    found = [*_systems(systems), *_organisations(), *_accounts()]
    fitting = [each for each in found if wanted in f"{each['label']} {each['value']}".lower()]
    fitting.sort(key=lambda each: (not each["label"].lower().startswith(wanted), each["label"].lower()))
    return [*fitting[: AT_MOST - 1], *_typed_account(wanted, systems, fitting)][:AT_MOST]


def _systems(systems: list[SharedSystem]) -> Iterator[Suggestion]:
    for each in systems:
        yield {"kind": "systems", "value": each.slug, "label": each.name, "hint": _("shared system")}


def _organisations() -> Iterator[Suggestion]:
    for slug, name in Organisation.objects.values_list("slug", "name"):
        yield {"kind": "confirmed", "value": slug, "label": name, "hint": _("a person has seen the intruder there")}


def _accounts() -> Iterator[Suggestion]:
    """Accounts that a provider has at one's own, or that one has at others': both sides may read the line."""
    names = StandingAccess.objects.filter(removed_at=None, kind=StandingAccess.Kind.ACCOUNT)
    for name in sorted(set(names.values_list("name", flat=True))):
        yield {"kind": "accounts", "value": name, "label": name, "hint": _("account with standing access")}


def _typed_account(wanted: str, systems: list[SharedSystem], fitting: list[Suggestion]) -> Iterator[Suggestion]:
    """The account as it was typed, once a system vouches for what stands after its @."""
    name, at, realm = wanted.rpartition("@")
    voucher = next((each.name for each in systems if at and name and realm in each.account_realms), None)
    if voucher and all(each["value"].lower() != wanted for each in fitting):
        hint = _("account; %(system)s vouches for it") % {"system": voucher}
        yield {"kind": "accounts", "value": wanted, "label": wanted, "hint": hint}
