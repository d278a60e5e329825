"""Permissions of one organisation to reach another's resources: which are in force, and who may know of one.

A permission is in force on a day when both sides approved the version that counts, the day is within that version's
dates, and nobody has ended it. That is worked out here each time, so that it is off on the next day even when nothing
runs. It excuses nothing: no radius asks this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.account_patterns import any_covers
from partners.models import Integration, IntegrationVersion, Organisation
from portal import clock

Version = IntegrationVersion


class State(StrEnum):
    """What a permission is on a day."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    LAPSED = "lapsed"
    WAITING = "waiting"
    REFUSED = "refused"
    ENDED = "ended"


WORDS: dict[State, Any] = {
    State.IN_FORCE: lazy("In force"),
    State.NOT_YET: lazy("Approved, not begun"),
    State.LAPSED: lazy("Lapsed"),
    State.WAITING: lazy("Not approved by both"),
    State.REFUSED: lazy("Refused"),
    State.ENDED: lazy("Ended"),
}


def today() -> date:
    return clock.now().date()


def state_on(day: date, *, permitted: bool, refused: bool, ended: bool, starts_on: date, expires_on: date) -> State:
    """The state of a permission whose version that counts is this one: the permitted one, or else the newest."""
    if ended:
        return State.ENDED
    if not permitted:
        return State.REFUSED if refused else State.WAITING
    if day > expires_on:
        return State.LAPSED
    return State.IN_FORCE if day >= starts_on else State.NOT_YET


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission as one organisation may know it.

    `counts` is the version both sides approved last (None: none yet), `latest` the newest. For whoever only runs a
    system both are None and the rest is all there is.
    """

    id: UUID
    name: str
    grantor: Organisation
    grantee: Organisation
    accounts: tuple[str, ...]
    systems: tuple[UUID, ...]
    starts_on: date
    expires_on: date
    state: State
    row: Integration | None = None
    counts: Version | None = None
    latest: Version | None = None

    @property
    def in_force(self) -> bool:
        return self.state is State.IN_FORCE

    @property
    def word(self) -> str:
        return str(WORDS[self.state])

    @property
    def change_waits(self) -> bool:
        """A newer version than the approved one waits for both sides."""
        latest = self.latest
        if latest is None or self.state in {State.ENDED, State.WAITING, State.REFUSED}:
            return False
        return latest.permitted_at is None and latest.refused_at is None

    def other(self, me: UUID) -> Organisation:
        return self.grantee if me == self.grantor.pk else self.grantor


def own() -> list[Permission]:
    """The permissions that the open scope is a side of, by name. Two queries."""
    rows = list(Integration.objects.select_related("grantor", "grantee", "ended_for"))
    return sorted(of_rows(rows), key=lambda each: (each.name.casefold(), str(each.id)))


def of_rows(rows: Sequence[Integration]) -> list[Permission]:
    """These rows, in their order, with the versions that count. One query, when both organisations are there."""
    counting = IntegrationVersion.objects.filter(
        Q(number=F("integration__latest")) | Q(number=F("integration__permitted")), integration__in=rows
    )
    return _together(rows, counting.select_related("proposed_for", "refused_for"))


def own_one(permission_id: UUID) -> Permission | None:
    """One of them; None when there is none that the open scope is a side of. Two queries."""
    rows = list(Integration.objects.filter(pk=permission_id).select_related("grantor", "grantee", "ended_for"))
    versions = IntegrationVersion.objects.filter(integration_id=permission_id)
    found = _together(rows, versions.select_related("proposed_for", "refused_for"))
    return found[0] if found else None


def _together(rows: Sequence[Integration], versions: QuerySet[Version]) -> list[Permission]:
    of = {(each.integration_id, each.number): each for each in versions}
    day = today()
    return [_permission(row, of[row.pk, row.latest], of.get((row.pk, row.permitted or 0)), day) for row in rows]


def _permission(row: Integration, latest: Version, counts: Version | None, day: date) -> Permission:
    said = counts or latest
    return Permission(
        id=row.pk,
        name=said.name,
        grantor=row.grantor,
        grantee=row.grantee,
        accounts=tuple(said.accounts),
        systems=tuple(said.system_ids),
        starts_on=said.starts_on,
        expires_on=said.expires_on,
        state=state_on(
            day,
            permitted=counts is not None,
            refused=latest.refused_at is not None,
            ended=row.ended_at is not None,
            starts_on=said.starts_on,
            expires_on=said.expires_on,
        ),
        row=row,
        counts=counts,
        latest=latest,
    )


def on_systems_i_run() -> list[Permission]:
    """Permissions of others on systems that the open scope owns or provides: that they are there. Two queries."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT id, grantor_id, grantee_id, name, accounts, systems, starts_on, expires_on, permitted, refused,"
            " ended FROM sec.permissions_on_my_systems()"
        )
        rows = cursor.fetchall()
    names = Organisation.objects.in_bulk({each for row in rows for each in row[1:3]})
    day = today()
    return [
        Permission(
            id=pk,
            name=name,
            grantor=names[grantor],
            grantee=names[grantee],
            accounts=tuple(accounts),
            systems=tuple(systems),
            starts_on=starts,
            expires_on=expires,
            state=state_on(
                day, permitted=permitted, refused=refused, ended=ended, starts_on=starts, expires_on=expires
            ),
        )
        for pk, grantor, grantee, name, accounts, systems, starts, expires, permitted, refused, ended in rows
    ]


def known() -> list[Permission]:
    """Every permission that the open scope may know of: its own, and those on systems that it runs."""
    return [*own(), *on_systems_i_run()]


def system_names() -> dict[UUID, str]:
    """Names of the systems that one's own permissions name."""
    return {pk: name for pk, _slug, name in _systems()}


def system_slugs() -> dict[UUID, str]:
    """The same by slug."""
    return {pk: slug for pk, slug, _name in _systems()}


def _systems() -> list[tuple[UUID, str, str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id, slug, name FROM sec.permission_systems()")
        return cursor.fetchall()


def said_of_accounts(accounts: Iterable[str], known: Sequence[Permission]) -> list[str]:
    """What permissions that the reader may see say of these accounts, in a sentence each. They excuse nothing."""
    wanted = list(accounts)
    return [
        sentence
        for each in known
        if any(any_covers(each.accounts, account) for account in wanted) and (sentence := _of_account(each))
    ]


def _of_account(each: Permission) -> str:
    said = {"name": each.name, "day": f"{each.expires_on:%-d %B %Y}", "who": _approvers(each)}
    if each.state is State.LAPSED:
        words = _("A permission covered this account until %(day)s; it has lapsed and excuses nothing. (%(name)s)")
    elif each.state is State.IN_FORCE:
        words = _(
            "A permission covers this account and is in force, approved by %(who)s, until %(day)s;"
            " it says that it is expected, not that it is harmless. (%(name)s)"
        )
    elif each.state is State.ENDED and (each.counts is not None or each.row is None):
        words = _("A permission once covered this account; it was ended and excuses nothing. (%(name)s)")
    elif each.state in {State.WAITING, State.NOT_YET}:
        words = _("A permission for this account is asked for and not in force. (%(name)s)")
    else:
        return ""
    return words % said


def _approvers(each: Permission) -> str:
    if each.counts is None:
        return _("%(one)s and %(other)s") % {"one": each.grantor.name, "other": each.grantee.name}
    return _("%(one)s, %(grantor)s, and %(other)s, %(grantee)s") % {
        "one": each.counts.grantor_approved_by,
        "grantor": each.grantor.name,
        "other": each.counts.grantee_approved_by,
        "grantee": each.grantee.name,
    }
