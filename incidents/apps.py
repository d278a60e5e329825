from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        # What these register is done by the clock.
        from incidents import concentration_kept, offline_pack  # noqa: F401, PLC0415
