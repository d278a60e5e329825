"""`manage.py bounces FILE|-`: take in a mail that came back, as the mail server pipes it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.bounces import MOST_BYTES, NotABounce, take


class Command(BaseCommand):
    help = "Take in one mail that came back (RFC 3464) from a file, or with - from standard input."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file with one mail, or - for standard input")
        parser.add_argument("--to", default="", help="whom the mail server had it for, if no header says it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["file"] == "-":
                raw = sys.stdin.buffer.read(MOST_BYTES + 1)
            else:
                with Path(options["file"]).open("rb") as file:
                    raw = file.read(MOST_BYTES + 1)
            self.stdout.write(take(raw, to=options["to"]))
        except (NotABounce, OSError) as trouble:
            raise CommandError(str(trouble)) from None
