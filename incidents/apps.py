from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        # What these register is done by the clock, or said on pages of the room below.
        from incidents import concentration_kept, coverage, offline_pack, outside, sign_off_chores  # noqa: F401, PLC0415
