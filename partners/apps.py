from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners.people import listen  # noqa: PLC0415 - models are loaded first

        listen()
