"""`manage.py load_alert_rules FILE [--dry-run]`: the rules by which alerts of other tools become incidents."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from monitoring.loading import RulesRefused, is_wanted, load_rules


class Command(BaseCommand):
    help = "Loads a file of alert rules. Safe to repeat: changes what differs, removes nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing when there is any rule, or none of these organisations"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        done: Counter[str] = Counter()
        try:
            if options["if_empty"] and not is_wanted(options["file"]):
                return
            with transaction.atomic():
                done = load_rules(options["file"])
                transaction.set_rollback(options["dry_run"])
        except RulesRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"{options['file']} was not loaded: {len(refused.problems)} problems.") from None
        if options["dry_run"]:
            self.stdout.write("Dry run, nothing was changed. It would be:")
        for kind, count in sorted(done.items()):
            self.stdout.write(f"{kind}: {count}")
