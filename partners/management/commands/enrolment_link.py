"""`manage.py enrolment_link EMAIL`: the first way in, for an operator to hand over.

Only while the organisation has no administrator with a passkey: from then on it looks after its people itself, and an
operator who could make links would be a way round it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from partners.door_record import record_at_door
from partners.models import Authenticator, Organisation, Person
from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door


class Command(BaseCommand):
    help = "Prints a link with which this person sets up a first passkey within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--organisation", help="its short name, when several have somebody of this address")

    def handle(self, *args: Any, **options: Any) -> None:
        with at_the_door():
            person = _person(options["email"], options["organisation"])
            if administrators := _who_can_help(person.organisation):
                raise CommandError(
                    f"{person.organisation.name} has an administrator with a passkey, who makes links for its people:"
                    f" ask {' or '.join(administrators)}."
                )
            link = make_sign_in_link(person)
            record_at_door("enrolment.offered", person.pk, by="operator")
        self.stdout.write(f"{settings.PORTAL_URL}{link}")
        self.stdout.write(
            f"It lets {person.name} of {person.organisation.name} set up a passkey, once, within 24 hours."
        )


def _person(email: str, organisation: str | None) -> Person:
    found = Person.objects.select_related("organisation").filter(email__iexact=email, is_active=True)
    people = list(found.filter(organisation__slug=organisation) if organisation else found)
    if not people:
        raise CommandError(f"Nobody here has the address {email}.")
    if len(people) > 1:
        slugs = ", ".join(sorted(each.organisation.slug for each in people))
        raise CommandError(f"Several have the address {email}: say --organisation with one of {slugs}.")
    return people[0]


def _who_can_help(organisation: Organisation) -> list[str]:
    rows = Authenticator.objects.filter(
        kind=Authenticator.Kind.PASSKEY,
        person__organisation=organisation,
        person__role=Person.Role.ADMINISTRATOR,
        person__is_active=True,
    )
    return sorted(set(rows.values_list("person__name", flat=True)))
