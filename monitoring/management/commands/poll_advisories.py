"""`manage.py poll_advisories`: asks the feeds that are due and matches what is new, as the job does by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from monitoring.advisories.polling import poll_due
from monitoring.advisories.settling import match_due
from monitoring.advisories.telling import tell_due


class Command(BaseCommand):
    help = "Asks the feeds that are due and matches what is new. Runs as the worker (BULKHEAD_PROCESS=worker)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Feeds that answered: {poll_due()}. Exposures that changed: {match_due()}.")
        tell_due()
