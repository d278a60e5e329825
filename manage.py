#!/usr/bin/env python
"""Django's command line. Commands that make or load tables run as the owner of the database."""

import os
import shlex
import sys
from pathlib import Path

OWNER_COMMANDS = {
    "migrate",
    "makemigrations",
    "roles",
    "load_partnership",
    "load_alert_rules",
    "load_access",
    "demo_access",
    "demo_telephones",
    "demo_webhook",
    "enrolment_link",
    "prepare",
    "rotate_keys",
    "check",
    "sqlmigrate",
    "showmigrations",
}


def meet_running_servers() -> None:
    """While `make run` is up, commands by hand find its servers without being told the addresses."""
    announced = Path(os.environ.get("BULKHEAD_VAR") or Path(__file__).resolve().parent / "var") / "servers.env"
    if os.environ.get("DATABASE_URL") or not announced.is_file():
        return
    for line in announced.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, "".join(shlex.split(value)))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if os.environ.get("BULKHEAD_PROCESS") is None:
        meet_running_servers()
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["BULKHEAD_PROCESS"] = "owner"
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    import portal.celery  # noqa: F401, PLC0415 - a shared task must find our app in every process

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
