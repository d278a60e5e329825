from importlib import import_module

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        # What it registers is done by the clock.
        from incidents import concentration_kept  # noqa: F401, PLC0415
        import_module("incidents.offline_pack")
