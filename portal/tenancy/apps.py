from django.apps import AppConfig
from django.db.backends.signals import connection_created


class TenancyConfig(AppConfig):
    name = "portal.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from portal.tenancy.scope import guard_connection  # noqa: PLC0415 - models are loaded first

        connection_created.connect(guard_connection, dispatch_uid="bulkhead-guard")
