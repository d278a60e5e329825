"""Whether an organisation could act on its worst day: who gets in, who is told, what runs out. Its own only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.break_glass import HOW_MANY, drill_of
from partners.key_making import keys_in_force
from partners.models import ApiKey, ContactPoint, Person
from partners.readiness_contacts import duty_lines
from partners.ways_in import WaysIn, ways_in
from portal import clock

ENOUGH = 2  # people who get in when everything shared is down, and administrators
SOON = timedelta(days=30)
Role = Person.Role


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that must be so. `says` is how it is, `do` what to do about it, '' when it is well."""

    title: str
    well: bool
    says: str
    do: str = ""
    page: str = ""  # name of the address where it is done, and what it names
    args: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the lines are judged by, read in four queries."""

    people: list[Person]  # who sign in every day, without break-glass accounts and emergency enrolments
    accounts: list[Person]  # break-glass
    ways: dict[object, WaysIn]
    contacts: list[ContactPoint]
    keys: list[ApiKey]

    def of(self, person: Person) -> WaysIn:
        return self.ways.get(person.pk) or WaysIn(person.pk)


def readiness() -> list[Line]:
    """Every line for the organisation of the open scope."""
    everybody = list(Person.objects.filter(is_active=True).order_by("name"))
    here = Organisation(
        people=[
            each
            for each in everybody
            if not each.break_glass and each.access_ends_at is None and each.role != Role.SERVICE_ACCOUNT
        ],
        accounts=[each for each in everybody if each.break_glass],
        ways=dict(ways_in().items()),
        contacts=list(ContactPoint.objects.filter(is_active=True, host="")),
        keys=keys_in_force(),
    )
    return [*(judge(here) for judge in JUDGES), *(Line(*said) for said in duty_lines(clock.now()))]


def _names(people: list[Person]) -> str:
    return ", ".join(person.name for person in people) or _("nobody")


def _passkeys_alone(here: Organisation) -> Line:
    alone = [person for person in here.people if here.of(person).passkeys_alone]
    return Line(
        _("Two people get in when everything shared is down"),
        len(alone) >= ENOUGH,
        _("With a passkey that rides on nothing shared: %(names)s.") % {"names": _names(alone)},
        _("Give hardware keys to two people, have them set up as passkeys that need nothing else, and said to be so."),
        "people",
    )


def _administrators(here: Organisation) -> Line:
    found = [person for person in here.people if person.role == Role.ADMINISTRATOR]
    return Line(
        _("Two administrators"),
        len(found) >= ENOUGH,
        _("Administrators: %(names)s.") % {"names": _names(found)},
        _("Name a second one, who can reset the first one's ways to sign in."),
        "people",
    )


def _break_glass(here: Organisation) -> Line:
    drilled = [each for each in here.accounts if not drill_of(each).overdue]
    return Line(
        _("Two break-glass accounts, each drilled within 90 days"),
        len(here.accounts) >= HOW_MANY and len(drilled) == len(here.accounts),
        _("%(n)s of 2 accounts; %(drilled)s drilled within 90 days.")
        % {"n": len(here.accounts), "drilled": len(drilled)},
        _("Make what is missing, put two hardware keys into two safes, and drill each account."),
        "break-glass",
    )


def _second_ways(here: Organisation) -> Line:
    without = [person for person in here.people if not here.of(person).has_second_way]
    return Line(
        _("Everybody has a second way in"),
        not without,
        _("Without a second passkey or a recovery code: %(names)s.") % {"names": _names(without)},
        _("Have them add a passkey or make recovery codes under “Your account”."),
        "people",
    )


def _provider_only(here: Organisation) -> Line:
    only = [person for person in here.people if here.of(person).provider_only]
    return Line(
        _("Nobody depends on your own sign-in alone"),
        not only,
        _("With nothing but your organisation's own sign-in: %(names)s.") % {"names": _names(only)},
        _("Have them add a passkey: your own sign-in may be what is attacked."),
        "people",
    )


def _contacts(here: Organisation) -> Line:
    trusted = [point for point in here.contacts if point.trust == ContactPoint.Trust.TRUSTED]
    alone = [point for point in trusted if point.rides_on_id is None]
    return Line(
        _("You can be told by ways that ride on nothing shared"),
        len(alone) >= ENOUGH,
        ngettext("%(alone)s of %(n)s trusted way.", "%(alone)s of %(n)s trusted ways.", len(trusted))
        % {"alone": len(alone), "n": len(trusted)},
        _("Register two contacts that work when your shared systems are down."),
        "contact-list",
    )


def _keys(here: Organisation) -> Line:
    ending = [key for key in here.keys if key.expires_at - clock.now() < SOON]
    return Line(
        _("No key of a machine ends within 30 days"),
        not ending,
        _("Ending soon: %(names)s.") % {"names": ", ".join(key.label for key in ending) or _("none")},
        _("Make the next key, move the machine to it, then revoke the old one."),
        "key-list",
    )


JUDGES: list[Callable[[Organisation], Line]] = [
    _passkeys_alone, _administrators, _break_glass, _second_ways, _provider_only, _contacts, _keys,
]  # fmt: skip
