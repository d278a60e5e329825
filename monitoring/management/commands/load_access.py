"""`manage.py load_access FILE [--if-empty]`: names, sources and sights that a demonstration begins with."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.loading_access import AccessRefused, is_wanted, load_access


class Command(BaseCommand):
    help = "Loads names, sources and sights into a database that has none yet, and makes findings of them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is any name or source")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_wanted():
            if options["if_empty"]:
                return
            raise CommandError("There are names or sources already: this file is for an empty database.")
        try:
            done = load_access(options["file"])
        except AccessRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"{options['file']} was not loaded.") from None
        for section, count in sorted(done.items()):
            self.stdout.write(f"{section}: {count}")
