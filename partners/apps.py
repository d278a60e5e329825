from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        # What these register is done by the clock.
        from partners import assurance_chores, cards, former_contacts  # noqa: F401, PLC0415
        from partners.importing import storing  # noqa: F401, PLC0415
