from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import cards  # noqa: F401, PLC0415 - what it registers is done by the clock
        from partners.importing import storing  # noqa: F401, PLC0415
