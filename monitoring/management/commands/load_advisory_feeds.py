"""`manage.py load_advisory_feeds FILE`: which addresses are asked for advisories, and other names of software."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.advisories.configuring import FeedsRefused, load_feeds


class Command(BaseCommand):
    help = "Loads the feeds of advisories and the aliases. Safe to repeat; what is not in the file is switched off."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_feeds(options["file"])
        except FeedsRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"{options['file']} was not loaded: {len(refused.problems)} problems.") from None
        for kind, count in sorted(done.items()):
            self.stdout.write(f"{kind}: {count}")
