from monitoring.models.access import (
    AccessChange,
    AccountAlias,
    Block,
    Coverage,
    Identifier,
    Intake,
    Passage,
    Sight,
    Source,
    Unattributed,
)
from monitoring.models.advisories import (
    Advisory,
    AdvisoryAlias,
    AdvisoryFeed,
    AdvisoryKey,
    Exposure,
    ExposureDecision,
    ExposureSource,
    MatchDue,
    WatchedKey,
)
from monitoring.models.alerts import Alert, AlertRule
from monitoring.models.exposure_links import ExposureIncident, ExposureTold
from monitoring.models.findings import Finding, Suppression

__all__ = [
    "AccessChange",
    "AccountAlias",
    "Advisory",
    "AdvisoryAlias",
    "AdvisoryFeed",
    "AdvisoryKey",
    "Alert",
    "AlertRule",
    "Block",
    "Coverage",
    "Exposure",
    "ExposureDecision",
    "ExposureIncident",
    "ExposureSource",
    "ExposureTold",
    "Finding",
    "Identifier",
    "Intake",
    "MatchDue",
    "Passage",
    "Sight",
    "Source",
    "Suppression",
    "Unattributed",
    "WatchedKey",
]
