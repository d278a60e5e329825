"""What a person signs in with: which ways there are, who may add one when, and that none is taken away as the last.

Everything here needs the open door; freshness is asked of the database before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils.translation import gettext as _

from partners.door_record import record_at_door
from partners.models import Authenticator, Credential, Person, PersonSession, SignInLink
from partners.sessions import Found, end_all_sessions, end_session, policy_of
from portal import clock

Kind = Authenticator.Kind
Born = PersonSession.Born
# A session without any passkey may add the first one so soon after it began, or after its app's code was shown.
SOON = timedelta(minutes=30)
SHOWN_LASTS = timedelta(minutes=5)
SHOWN = "code_shown_at"


class LastWay(Exception):
    """Without it this person could not get in any more."""


@dataclass(frozen=True)
class Ways:
    """How a person can get in: numbers of passkeys and apps, and whether there is a password that may be used."""

    passkeys: int
    apps: int
    password: bool
    password_allowed: bool

    @property
    def with_password(self) -> bool:
        return self.password and self.password_allowed and self.apps > 0

    @property
    def any_factor(self) -> bool:
        return bool(self.passkeys or self.apps)


def ways_of(person: Person) -> Ways:
    kinds = list(Authenticator.objects.filter(person=person).values_list("kind", flat=True))
    return Ways(
        passkeys=kinds.count(Kind.PASSKEY),
        apps=kinds.count(Kind.TOTP),
        password=Credential.of(person).is_usable(),
        password_allowed=policy_of(person).allow_password,
    )


def may_set_up(found: Found, ways: Ways) -> bool:
    """Whether a session may set up a factor without showing one that exists.

    A link was made for that, and a recovery code is spent for it. What a provider says is enough only for somebody who
    has nothing here yet: otherwise whoever owns the provider could add a passkey to anybody.
    """
    return found.session.born != Born.PROVIDER or not ways.any_factor


def why_not_add(found: Found, ways: Ways, cookie: SessionBase, *, fresh: bool) -> str:
    """Why this session may not add a passkey just now, for its owner to read; '' when it may."""
    if found.visitor is None:
        return "" if may_set_up(found, ways) else _("Use the passkey or the code that you have first.")
    if fresh:
        return ""
    if ways.passkeys:
        return _("Use one of your passkeys first.")
    if _shown_lately(cookie) or (may_set_up(found, ways) and clock.now() - found.session.started_at <= SOON):
        return ""
    if ways.apps:
        return _("Type a code from your app first.")
    return _("You signed in more than 30 minutes ago. Sign in again, then add the passkey.")


def remember_shown(cookie: SessionBase) -> None:
    """The app's code was typed in this session just now."""
    cookie[SHOWN] = clock.now().timestamp()


def _shown_lately(cookie: SessionBase) -> bool:
    return clock.now().timestamp() - cookie.get(SHOWN, 0) <= SHOWN_LASTS.total_seconds()


def added(row: Authenticator, *, found: Found) -> None:
    """Record it. A link was for somebody without any factor: one not used yet ends, and what another one has begun."""
    SignInLink.objects.filter(person_id=row.person_id, used_at=None, purpose=SignInLink.Purpose.ENROLMENT).delete()
    begun = PersonSession.objects.filter(person_id=row.person_id, born=Born.LINK, second_factor_at=None, ended_at=None)
    for session in begun.exclude(pk=found.session.pk):
        end_session(session, because="somebody has set up a way to sign in")
    record_at_door("authenticator.added", row.person_id, authenticator=str(row.pk), kind=row.kind)


def describe(row: Authenticator, *, label: str, rides_on_id: UUID | None, words: str, known: bool = True) -> None:
    """Change its name and what it rides on; `known` False: its owner cannot say.

    The caller has seen that the system is one of the organisation's.
    """
    Authenticator.objects.filter(pk=row.pk).update(
        label=label, rides_on_id=rides_on_id, rides_on_words=words, described_at=clock.now() if known else None
    )
    record_at_door("authenticator.changed", row.person_id, authenticator=str(row.pk), kind=row.kind)


def is_last_way(row: Authenticator, ways: Ways) -> bool:
    """Whether nobody could sign in as this person without it."""
    passkeys = ways.passkeys - (row.kind == Kind.PASSKEY)
    apps = ways.apps - (row.kind == Kind.TOTP)
    return not passkeys and not (apps and ways.password and ways.password_allowed)


def remove(row: Authenticator, *, but: UUID) -> int:
    """Take it away and end the person's other sessions, in which it may be in the wrong hands; how many there were.

    Raises:
        LastWay: there is no other way in. Of two that are removed at once, the second one stays.
    """
    with transaction.atomic(using="auth"):
        list(Authenticator.objects.select_for_update().filter(person_id=row.person_id))
        if is_last_way(row, ways_of(row.person)):
            raise LastWay
        record_at_door("authenticator.removed", row.person_id, authenticator=str(row.pk), kind=row.kind)
        Authenticator.objects.filter(pk=row.pk).delete()
        return end_all_sessions(row.person, because="a way to sign in was removed", but=but)


def label_for(browser: str) -> str:
    """What a new passkey is called until its owner names it: after the system that it was made on."""
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac"}
    system = next((name for word, name in systems.items() if word in browser), "")
    return _("Passkey made on %(system)s") % {"system": system} if system else _("Passkey")
