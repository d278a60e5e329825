"""Give organisations new data keys, or wrap their keys under a new master key. See docs/secrets.md."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from portal.vault.master import VaultError
from portal.vault.rotation import one_at_a_time, organisations_with_keys, rewrap_all, rotate


class Command(BaseCommand):
    help = (
        "Makes a new data key for each organisation and seals its secrets again, in batches: run it again when it was "
        "interrupted. With --master it wraps the data keys under MASTER_KEY instead, out of MASTER_KEY_PREVIOUS."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", metavar="SLUG", help="this organisation alone")
        parser.add_argument("--master", action="store_true", help="wrap the data keys under the new master key")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation_id = self._organisation(options["organisation"])
        try:
            with one_at_a_time():
                if options["master"]:
                    self.stdout.write(f"Wrapped {rewrap_all(organisation_id)} data keys under MASTER_KEY.")
                    return
                left = sum(self._rotate(each) for each in organisations_with_keys() if organisation_id in {None, each})
        except VaultError as trouble:
            raise CommandError(str(trouble)) from None
        if left:
            raise CommandError(
                f"{left} values could not be opened (see above) and keep their old keys in use: have them set again by"
                " whoever owns them or clear them, then run this again."
            )

    def _organisation(self, slug: str | None) -> UUID | None:
        if slug is None:
            return None
        # By name: this room knows no organisations, it only keeps their keys.
        found: UUID | None = (
            apps.get_model("partners", "Organisation").objects.filter(slug=slug).values_list("pk", flat=True).first()
        )
        if found is None:
            raise CommandError(f"There is no organisation {slug!r}.")
        return found

    def _rotate(self, organisation_id: UUID) -> int:
        done = rotate(organisation_id)
        self.stdout.write(
            f"{organisation_id}: key {done.version}, {done.sealed_again} secrets sealed again, keys retired:"
            f" {done.retired}."
        )
        for sentence in done.left:
            self.stderr.write(f"{organisation_id}: {sentence}")
        return len(done.left)
