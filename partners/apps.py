from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        # What these register is done by the clock, or approved by two persons.
        from partners import (  # noqa: PLC0415
            assurance_chores,  # noqa: F401
            break_glass_chores,  # noqa: F401
            cards,  # noqa: F401
            former_contacts,  # noqa: F401
            mail_chores,  # noqa: F401
            mail_distrust,  # noqa: F401
            permission_chores,  # noqa: F401
            permitting,  # noqa: F401
            standing_access,  # noqa: F401
        )
        from partners.importing import storing  # noqa: F401, PLC0415
