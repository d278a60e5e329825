from monitoring.models.access import (
    AccessChange,
    AccountAlias,
    Block,
    Coverage,
    Identifier,
    Intake,
    Sight,
    Source,
    Unattributed,
)
from monitoring.models.alerts import Alert, AlertRule

__all__ = [
    "AccessChange",
    "AccountAlias",
    "Alert",
    "AlertRule",
    "Block",
    "Coverage",
    "Identifier",
    "Intake",
    "Sight",
    "Source",
    "Unattributed",
]
