from collections.abc import Set as AbstractSet
from importlib import import_module
from typing import Any

from django.apps import AppConfig

from portal.ledger.signals import recorded


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        import_module("notifications.contact_tests")  # its chores
        import_module("notifications.reasons")  # every process that shows one knows it
        import_module("incidents.before_sending").register(import_module("notifications.before_sending").Sender())
        recorded.connect(wake_for, dispatch_uid="notifications-wake")


def wake_for(sender: object, kinds: AbstractSet[str], **kwargs: Any) -> None:
    """After a commit: have what it made due done now rather than at the sweep's next second."""
    from notifications.kinds import jobs_for  # noqa: PLC0415 - apps load before their modules may
    from notifications.wake import wake  # noqa: PLC0415

    wake(*jobs_for(kinds))
