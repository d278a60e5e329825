"""All that must be done before the portal serves, in one process: tables, the demonstration, this start's links."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.vault.keys import trouble_with_master_key

PARTNERSHIP = "demo/partnership.json"
ALERT_RULES = "demo/alert-rules.json"
ADVISORIES = "demo/advisories.json"
ACCESS = "demo/access.json"


class Command(BaseCommand):
    help = "Migrates when there is something to migrate, and with --demo loads the demonstration and prints its links."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demonstration into an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            self.stdout.write(f"Migrating: {len(pending)} steps.")
            call_command("migrate", interactive=False, verbosity=0)
        if trouble := trouble_with_master_key():
            raise CommandError(trouble)
        if options["demo"]:
            load_files()
            call_command("demo_telephones")
            call_command("demo_webhook")
            call_command("demo_access")


def load_files() -> None:
    """The demonstration's files into an empty database. None of it is news: no message comes of it by itself."""
    call_command("load_partnership", str(settings.BASE_DIR / PARTNERSHIP), if_empty=True)
    call_command("load_alert_rules", str(settings.BASE_DIR / ALERT_RULES), if_empty=True)
    call_command("read_advisories", str(settings.BASE_DIR / ADVISORIES), if_empty=True, known=True)
    call_command("load_access", str(settings.BASE_DIR / ACCESS), if_empty=True)
