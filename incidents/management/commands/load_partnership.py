"""`manage.py load_partnership FILE [--dry-run]`: load organisations, systems, contacts and playbooks from a file."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from incidents.cacao.reading import PlaybookRefused
from incidents.loading_sign_offs import Unknown, load_sign_offs
from incidents.playbooks import VersionTaken, keep_playbook
from partners.loading import Loaded, load
from partners.models import Organisation
from partners.partnership_entries import PartnershipFile
from partners.partnership_file import PartnershipRefused, read_partnership


class DryRun(Exception):
    """Rolls everything back after it has been tried for real."""


class Command(BaseCommand):
    help = "Loads a partnership file. Safe to repeat: changes what differs, removes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is any organisation")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and Organisation.objects.exists():
            return
        try:
            file = read_partnership(options["file"])
        except PartnershipRefused as refused:
            for problem in refused.problems:
                self.stderr.write(f"{problem.pointer or '/'}: {problem.detail}")
            raise CommandError(f"{options['file']} was not loaded: {len(refused.problems)} problems.") from None
        try:
            with transaction.atomic():
                done = load(file)
                self._keep_playbooks(file, done)
                try:
                    load_sign_offs(file, done)
                except Unknown as unknown:
                    raise CommandError(f"{unknown} Nothing was loaded.") from None
                if options["dry_run"]:
                    raise DryRun
        except DryRun:
            self.stdout.write("Dry run, nothing was changed. It would be:")
        for line in done.lines():
            self.stdout.write(line)

    def _keep_playbooks(self, file: PartnershipFile, done: Loaded) -> None:
        """Playbooks of a partnership belong to its provider, or to its first organisation."""
        keeper = Organisation.objects.filter(kind="provider").first() or Organisation.objects.first()
        assert keeper is not None
        for path in file.playbooks:
            try:
                _, new = keep_playbook(path.read_bytes(), organisation_id=keeper.pk)
            except PlaybookRefused as refused:
                for problem in refused.problems:
                    self.stderr.write(f"{path.name} {problem.pointer or '/'}: {problem.detail}")
                raise CommandError(f"{path.name} is not a playbook that can be kept. Nothing was loaded.") from None
            except VersionTaken as taken:
                raise CommandError(f"{taken} Nothing was loaded.") from None
            (done.added if new else done.kept)["playbooks"] += 1
