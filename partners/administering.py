"""Looking after an organisation's own people. What must always hold stands in the database: policies that ask for an
administrator with a passkey used just now, and `sec.person_kept`.

Each function looks and writes in the open scope first and goes to the door last: what happens there is committed at
once, so nothing may fail after it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from partners import approvals
from partners.keys import end_key
from partners.models import (
    ApiKey,
    Authenticator,
    Credential,
    FederatedIdentity,
    Person,
    PersonSession,
    RecoveryCode,
    SignInLink,
)
from partners.people import make_sign_in_link
from partners.sessions import end_all_sessions, end_session
from portal.ledger.record import Actor, record
from portal.tenancy.scope import at_the_door

Role = Person.Role
# Whom an administrator names; guests are let in elsewhere, for a time.
ROLES = (
    Role.ADMINISTRATOR, Role.INCIDENT_MANAGER, Role.RESPONDER, Role.APPROVER, Role.DATA_PROTECTION_OFFICER,
    Role.OBSERVER, Role.SERVICE_ACCOUNT,
)  # fmt: skip
NOBODY_S = ".invalid"  # addresses that the portal makes itself; none can be written to (RFC 2606)


class NotThis(Exception):
    """The act is not for this person or this moment; the words say why, for the administrator to read."""


@dataclass(frozen=True, slots=True)
class Who:
    """What an administrator says of a person."""

    name: str
    role: str
    duty: str = ""
    email: str = ""
    break_glass: bool = False


def add_person(who: Who, *, actor: Actor, slug: str) -> Person:
    """Write a new person of the own organisation; `slug` is its, for the addresses that nobody reads.

    Raises:
        NotThis: the address is taken here, or is not for a person.
        approvals.NotAllowed: the database refuses, for example a third break-glass account.
    """
    email = who.email.strip()
    if who.role == Role.SERVICE_ACCOUNT or who.break_glass:
        email = f"{'break-glass' if who.break_glass else 'service'}-{secrets.token_hex(4)}@{slug}{NOBODY_S}"
    elif email.endswith(NOBODY_S):
        raise NotThis(_("This address is one that nobody can have."))
    if Person.objects.filter(email__iexact=email).exists():
        raise NotThis(_("Somebody of your organisation has this e-mail address already."))
    with approvals.refusals(), transaction.atomic(using="default"):
        person = Person.objects.create(
            organisation_id=actor.organisation_id,
            name=who.name,
            email=email,
            role=who.role,
            duty=who.duty,
            break_glass=who.break_glass,
        )
    _record("person.added", person, actor, role=person.role, break_glass=person.break_glass)
    return person


def change_person(person: Person, who: Who, *, actor: Actor) -> list[str]:
    """Change name, role and duty; the names of the fields that are different now.

    Raises:
        approvals.NotAllowed: the last administrator stays, and so does what somebody is.
    """
    wanted = {"name": who.name, "role": who.role, "duty": who.duty}
    changed = [field for field, value in wanted.items() if getattr(person, field) != value]
    if changed:
        _update(person, **{field: wanted[field] for field in changed})
        _record("person.changed", person, actor, changed=changed, role=who.role)
    return changed


def switch_off(person: Person, *, actor: Actor) -> int:
    """Nobody signs in as this person any more, and what is signed in ends now; how many sessions there were.

    Raises:
        approvals.NotAllowed: it is the last administrator.
    """
    _update(person, is_active=False)
    keys = list(ApiKey.objects.filter(service_account=person, revoked_at=None))
    _record("person.switched_off", person, actor, keys=len(keys))
    with at_the_door():
        SignInLink.objects.filter(person=person, used_at=None).delete()
        for key in keys:
            end_key(key)
        return end_all_sessions(person, because="switched off by an administrator")


def switch_on(person: Person, *, actor: Actor) -> None:
    """Let this person sign in again, with what they had; sessions from before stay ended.

    Raises:
        approvals.NotAllowed: there are two break-glass accounts already.
    """
    _update(person, is_active=True)
    _record("person.switched_on", person, actor)


def why_no_link(person: Person) -> str:
    """Why no enrolment link can be made for this person, in words; '' when one can."""
    if person.role == Role.SERVICE_ACCOUNT:
        return _("Nobody signs in as a service account.")
    if not person.is_active:
        return _("Switch the person on first.")
    if Authenticator.objects.filter(person=person).exists():
        return _("They have a way to sign in. A link would be a second door: reset their ways first.")
    return ""


def offer_link(person: Person, *, actor: Actor) -> str:
    """The path of a new enrolment link, good once within 24 hours; an older one ends. It can be read only now.

    Raises:
        NotThis: see `why_no_link`.
    """
    if why := why_no_link(person):
        raise NotThis(why)
    _record("enrolment.offered", person, actor)
    with at_the_door():
        SignInLink.objects.filter(person=person, used_at=None, purpose=SignInLink.Purpose.ENROLMENT).delete()
        return make_sign_in_link(person)


def reset(person: Person, *, because: str, actor: Actor) -> int:
    """Take every way in from this person and end their sessions; how many ways there were. They enrol anew by a link.

    `because` says how their identity was proven, as at the first enrolment; it stays in the organisation's own record.

    Raises:
        NotThis: somebody's own ways, which are looked after on one's account page.
    """
    if person.pk == actor.person_id:
        raise NotThis(_("Another administrator resets yours. Under “Your account” you can change them yourself."))
    ways = Authenticator.objects.filter(person=person).count()
    _record("authenticators.reset", person, actor, ways=ways, because=because)
    with at_the_door(), transaction.atomic(using="auth"):
        for model in (Authenticator, RecoveryCode, FederatedIdentity, Credential):
            model.objects.filter(person=person).delete()
        SignInLink.objects.filter(person=person, used_at=None).delete()
        end_all_sessions(person, because="reset by an administrator")
    return ways


def end_one(session: PersonSession, *, actor: Actor) -> None:
    """End a session of one of the own people; it is over at its next statement, and its sockets within a second."""
    record("session.ended", actor=actor, audience=[actor.organisation_id], subject_id=session.person_id)
    with at_the_door():
        end_session(session, because="ended by an administrator")


def _update(person: Person, **values: object) -> None:
    with approvals.refusals(), transaction.atomic(using="default"):
        if not Person.objects.filter(pk=person.pk).update(**values):
            raise approvals.NotAllowed(_("This needs an administrator and a passkey used just now."))


def _record(kind: str, person: Person, actor: Actor, **data: Any) -> None:
    record(kind, actor=actor, audience=[actor.organisation_id], subject_id=person.pk, **data)
