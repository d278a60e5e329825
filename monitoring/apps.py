from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        # Jobs that another room knows by name alone, and what the rooms below show of this one.
        from monitoring import bodies, jobs, triage  # noqa: F401, PLC0415
        from monitoring.advisories import opening  # noqa: PLC0415
        from monitoring.findings.deciding import hang_in  # noqa: PLC0415

        hang_in()
        opening.hang_in()
        triage.hang_in()
