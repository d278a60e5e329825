"""`manage.py read_advisories FILE…`: documents for everybody, from files. They are matched by the job, or at once."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from monitoring.advisories.normal import Refused
from monitoring.advisories.reading import LARGEST, read_document
from monitoring.advisories.settling import match_everything
from monitoring.advisories.storing import keep_as_operator
from monitoring.advisories.telling import hold_matching, match_as_known
from monitoring.models import Advisory


class Command(BaseCommand):
    help = "Reads KEV, CSAF 2.0, OSV, NVD CVE 2.0 and STIX 2.1 files. A file is kept whole or not at all."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is any advisory")

        parser.add_argument("--known", action="store_true", help="what is in them is no news: nobody is sent a message")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and Advisory.objects.exists():
            return
        wrong = 0
        for name in options["files"]:
            try:
                with Path(name).open("rb") as file:
                    advisories = read_document(file.read(LARGEST + 1))
                if options["known"]:
                    match_everything()  # what others brought before is news, and is not what is loaded as known
                with transaction.atomic():
                    if options["known"]:
                        hold_matching()
                    kept = keep_as_operator(advisories)
                    if options["known"]:
                        match_as_known()
            except (OSError, Refused) as refused:
                wrong += 1
                for problem in getattr(refused, "problems", [str(refused)]):
                    self.stderr.write(f"{name}: {problem}")
                continue
            said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(kept.items()))
            self.stdout.write(f"{name}: {said or 'nothing in it'}")
        if wrong:
            raise CommandError(f"{wrong} of {len(options['files'])} files were not read.")
