#!/usr/bin/env python
"""Django's command line. Commands that make or load tables run as the owner of the database."""

import os
import sys

OWNER_COMMANDS = {
    "migrate",
    "makemigrations",
    "roles",
    "load_partnership",
    "demo_access",
    "prepare",
    "check",
    "sqlmigrate",
    "showmigrations",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["BULKHEAD_PROCESS"] = "owner"
    import portal.celery  # noqa: F401, PLC0415 - a shared task must find our app in every process
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
