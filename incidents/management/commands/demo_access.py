"""`manage.py demo_access FILE`: fresh keys and sign-in links for the demonstration, written to `var/demo.json`.

Runs at every start as the owner. Keys of earlier starts keep working until they expire; links work once, for a day.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from incidents import demo_story
from incidents.models import Playbook
from partners.demo_federation import OWN_SIGN_IN, pin_demonstration
from partners.keys import make_key
from partners.models import Organisation, Person, SharedSystem, SignInLink
from partners.partnership_file import read_partnership
from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door

KEY_LIFETIME = timedelta(days=30)


class Command(BaseCommand):
    help = "Makes keys and one-time sign-in links for the organisations of a partnership file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default=str(settings.BASE_DIR / "demo" / "partnership.json"))

    def handle(self, *args: Any, **options: Any) -> None:
        with at_the_door(), transaction.atomic():
            document = self._document(options["file"])
            pin_demonstration(settings.DEMO_PROVIDER_URL)
        target = settings.VAR_DIR / "demo.json"
        part = target.with_suffix(".part")
        part.write_text(json.dumps(document, indent=1))
        part.chmod(0o600)
        os.replace(part, target)
        for person in document["people"]:
            self.stdout.write(f"{person['organisation']:<14}{person['name']:<20}{person['sign_in_url']}")
        if document["people"]:
            self.stdout.write("\nThree minutes:")
            for number, words in enumerate(demo_story.steps(), 1):
                self.stdout.write(f"  {number}. {words}")
        if document["people"] and settings.DEMO_PROVIDER_URL:
            self.stdout.write(f"\nBrackenfield has a sign-in of its own: {settings.PORTAL_URL}{OWN_SIGN_IN}")
        if settings.MAIL_URL:
            self.stdout.write(f"\nWhat is sent shows at {settings.MAIL_URL}")

    def _document(self, file: str) -> dict[str, Any]:
        organisations = {organisation.slug: organisation for organisation in Organisation.objects.all()}
        document: dict[str, Any] = {
            "url": settings.PORTAL_URL,
            "live_url": settings.LIVE_URL,
            "mail_url": settings.MAIL_URL,
            "identity_provider_url": settings.DEMO_PROVIDER_URL,
            "people": [],
            "api_keys": [],
            "systems": list(SharedSystem.objects.order_by("slug").values_list("slug", flat=True)),
            "playbooks": sorted(set(Playbook.objects.values_list("slug", flat=True))),
        }
        if not organisations or not Path(file).exists():
            return document
        demo = read_partnership(file)
        # Only people of the demonstration: whoever else has been loaded since gets no link from here.
        # Nobody enters by a link with a break-glass account either: an administrator makes it one for a passkey.
        order = {person.email: nth for nth, person in enumerate(demo.people) if not person.break_glass}
        people = Person.objects.filter(is_active=True, email__in=order).select_related("organisation")
        SignInLink.objects.filter(used_at=None, person__in=people).delete()
        for entry in demo.api_keys:
            if entry.organisation in organisations:
                _, text = make_key(
                    organisations[entry.organisation], label=entry.label, scopes=entry.scopes, lifetime=KEY_LIFETIME
                )
                document["api_keys"].append(
                    {"organisation": entry.organisation, "scopes": list(entry.scopes), "key": text}
                )
        for person in sorted(people, key=lambda person: order[person.email]):
            document["people"].append(
                {
                    "organisation": person.organisation.slug,
                    "name": person.name,
                    "role": person.role,
                    "email": person.email,
                    "sign_in_url": settings.PORTAL_URL + make_sign_in_link(person, SignInLink.Purpose.DEMONSTRATION),
                }
            )
        return document
