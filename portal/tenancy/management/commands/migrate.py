"""Django's own command, in a tenth of the time (`portal/tenancy/migration_states.py`)."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from portal.tenancy.migration_states import fewer_models_made


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with fewer_models_made():
            super().handle(*args, **options)
