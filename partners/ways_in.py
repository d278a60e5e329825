"""How the people of one's own organisation get in: counts only, read inside (`sec.ways_in`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

COLUMNS = (
    "person_id, passkeys, passkeys_alone, apps, codes_left, has_password, federated, coalesce(sessions, 0), last_seen"
)


@dataclass(frozen=True, slots=True)
class WaysIn:
    """One person's ways in. `passkeys_alone` ride on nothing shared; `sessions` and `last_seen` are for administrators.

    `apps` show codes that go with a password; `codes_left` are recovery codes.
    """

    person_id: UUID
    passkeys: int = 0
    passkeys_alone: int = 0
    apps: int = 0
    codes_left: int = 0
    has_password: bool = False
    federated: bool = False
    sessions: int = 0
    last_seen: datetime | None = None

    @property
    def has_authenticator(self) -> bool:
        return bool(self.passkeys or self.apps)

    @property
    def provider_only(self) -> bool:
        """Whether nothing but the organisation's own sign-in lets this person in."""
        return self.federated and not self.has_authenticator

    @property
    def has_second_way(self) -> bool:
        """Whether losing one device does not shut this person out."""
        return self.passkeys + bool(self.apps and self.has_password) >= 2 or self.codes_left > 0

    def words(self) -> list[str]:
        """The ways as sentences without a verb, none of them empty."""
        said = []
        if self.passkeys:
            said.append(ngettext("%(n)s passkey", "%(n)s passkeys", self.passkeys) % {"n": self.passkeys})
        if self.apps:
            said.append(_("password and code") if self.has_password else _("codes from an app"))
        if self.federated:
            said.append(_("your organisation's own sign-in"))
        if self.codes_left:
            said.append(
                ngettext("%(n)s recovery code left", "%(n)s recovery codes left", self.codes_left)
                % {"n": self.codes_left}
            )
        return said or [_("no way yet")]


def ways_in() -> dict[UUID, WaysIn]:
    """Of everybody in the organisation of the open scope; one query."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM sec.ways_in()")  # noqa: S608 - names of columns
        return {row[0]: WaysIn(*row) for row in cursor.fetchall()}
