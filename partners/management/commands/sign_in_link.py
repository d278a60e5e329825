"""`manage.py sign_in_link EMAIL`: a one-time sign-in link for one person, for an operator to hand over."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from partners.models import Person
from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door


class Command(BaseCommand):
    help = "Prints a link that signs this person in once within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        with at_the_door():
            person = Person.objects.filter(email__iexact=options["email"], is_active=True).first()
            if person is None:
                raise CommandError(f"Nobody here has the address {options['email']}.")
            self.stdout.write(f"{settings.PORTAL_URL}{make_sign_in_link(person)}")
