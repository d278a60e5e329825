"""What the two sides of a permission do: propose, name an owner, approve, refuse, end. The rules stand in the
database (`partners/migrations/0010_permissions.py`); here they get their Python names and the approval they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners import approvals
from partners.models import Dependency, Integration, IntegrationVersion, Person
from partners.permissions import Permission, system_names

AT_MOST_DAYS = 366  # from today to the last day
MOST_PATTERNS = 20
Direction, DataClass = IntegrationVersion.Direction, IntegrationVersion.DataClass


@dataclass(frozen=True, slots=True)
class Terms:
    """What one version of a permission says. `owner` is a person of the proposer's own organisation.

    `link_kind` is set when the link from `from_system` to the systems is to be written into the register as a fact.
    """

    name: str
    purpose: str
    direction: str
    data_classes: tuple[str, ...]
    accounts: tuple[str, ...]
    systems: tuple[UUID, ...]
    from_system: UUID | None
    resources: str
    starts_on: date
    review_on: date
    expires_on: date
    owner: UUID
    kill_switch_name: str
    kill_switch_how: str
    link_kind: str = ""

    def document(self) -> str:
        said = {name: getattr(self, name) for name in self.__slots__}
        return orjson.dumps(said).decode()


def propose(terms: Terms, *, other: UUID, side: str) -> UUID:
    """Ask another organisation to agree; `side` is one's own, "grantor" or "grantee". The id of the permission.

    The other side gets a work item. Nothing is in force until both have approved.

    Raises:
        approvals.NotAllowed: the role may not, or the terms are none (a system that one cannot name, an account
            pattern that takes in everybody, more than a year, somebody else's person as the owner).
    """
    sql = "SELECT sec.propose_permission(NULL, 0, %s, %s, %s::jsonb)"
    return approvals.call(sql, [side, other, terms.document()])


def change(permission: UUID, terms: Terms, *, after: int) -> UUID:
    """Propose a new version; the approved one stays in force until both have approved the new one, or its last day.

    Raises:
        approvals.NotAllowed: see `propose`; or a version newer than `after` is there, or the permission was ended.
    """
    sql = "SELECT sec.propose_permission(%s, %s, NULL, NULL, %s::jsonb)"
    return approvals.call(sql, [permission, after, terms.document()])


def name_owner(permission: UUID, *, version: int, person: UUID) -> None:
    """Say for one's own side who owns it, and that the systems on that side are one's own. Needs a fresh passkey.

    Raises:
        approvals.NotAllowed: not one's own person, no system of one's own, or no such version waits.
    """
    approvals.call("SELECT sec.own_permission(%s, %s, %s)", [permission, version, person])


def ask(permission: Permission, *, me: UUID, reason: str) -> UUID:
    """Ask the other side to approve the newest version within 30 minutes; the approval's id. Needs a fresh passkey.

    Raises:
        approvals.NotAllowed: the role may not approve, no fresh passkey, no reason, or an owner is not named yet.
    """
    latest = permission.latest
    if latest is None or latest.complete_at is None:
        raise approvals.NotAllowed(_("Both sides name an owner before anybody is asked."))
    payload = {"integration": str(permission.id), "version": latest.number}
    return approvals.ask(KIND, payload, reason=reason, told=[permission.other(me).pk])


def refuse(permission: UUID, *, version: int, because: str) -> None:
    """Say no to a version, or take one's own back; what was approved before stays. Needs a fresh passkey.

    Raises:
        approvals.NotAllowed: no reason, or no such version waits.
    """
    approvals.call("SELECT sec.refuse_permission(%s, %s, %s)", [permission, version, because])


def end(permission: UUID, *, because: str) -> None:
    """End a permission alone and at once. The way itself stays open until both ends of the link say cut.

    Raises:
        approvals.NotAllowed: no reason, no fresh passkey, or it was ended before.
    """
    approvals.call("SELECT sec.end_permission(%s, %s)", [permission, because])


def may_own(organisation_id: UUID) -> list[Person]:
    """The people of one's own organisation who can be the owner of a permission."""
    people = Person.objects.filter(organisation_id=organisation_id, is_active=True, break_glass=False)
    return list(people.exclude(role__in=[Person.Role.GUEST, Person.Role.SERVICE_ACCOUNT]).order_by("name"))


def effects(payload: Mapping[str, Any]) -> list[str]:
    """What both persons read before they approve one version."""
    row = Integration.objects.select_related("grantor", "grantee").get(pk=payload["integration"])
    version = IntegrationVersion.objects.get(integration=row, number=payload["version"])
    names = system_names()
    said = {
        "grantor": row.grantor.name,
        "grantee": row.grantee.name,
        "name": version.name,
        "n": version.number,
        "accounts": ", ".join(version.accounts),
        "systems": ", ".join(sorted(names[each] for each in version.system_ids if each in names)),
        "from": f"{version.starts_on:%-d %B %Y}",
        "until": f"{version.expires_on:%-d %B %Y}",
        "owners": f"{version.grantor_owner_name}, {version.grantee_owner_name}",
        "data": ", ".join(str(DataClass(each).label).lower() for each in version.data_classes),
    }
    found = [
        _("%(grantor)s permits %(grantee)s: %(name)s, version %(n)s.") % said,
        _("Accounts %(accounts)s reach %(systems)s. Data: %(data)s.") % said,
        _("In force from %(from)s to %(until)s. Owners: %(owners)s.") % said,
        _("It excuses nothing: every radius and every alert stays as it is."),
    ]
    if version.link_kind and version.from_system_id:
        kind = str(Dependency.Kind(version.link_kind).label).lower()
        words = _(
            "Where the register has no link from %(source)s to %(systems)s, one is written down (%(kind)s)."
            " It counts in every radius and stays when the permission is over."
        )
        found.append(words % {**said, "source": names.get(version.from_system_id, ""), "kind": kind})
    return found


KIND = approvals.register(
    approvals.Kind(
        "permit_integration",
        lazy("Put a permission in force"),
        effects,
        lambda approval: approvals.call("SELECT sec.permit_integration(%s)", [approval.pk]),
    )
)
