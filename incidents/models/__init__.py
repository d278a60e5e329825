from incidents.models.asking import UpdateRequest
from incidents.models.campaign import CampaignLink
from incidents.models.decision_log import KnownCard, LogEntry
from incidents.models.display import WallDisplay
from incidents.models.draft import PlaybookDraft, StopConfirmation
from incidents.models.duty import Duty, DutyRevision
from incidents.models.exercise import Inject, Score
from incidents.models.guest import GuestGrant
from incidents.models.handover import Handover
from incidents.models.heads_up import HeadsUp
from incidents.models.incident import Incident, IncidentSystem, Participant, Standing, Update
from incidents.models.own_action import OwnAction, OwnActionNote, ReportedAnswer, ReportedVoice
from incidents.models.own_books import Cost, SituationReport
from incidents.models.personal_data import DataNotice, DataPosition, OutsideReport, OutsideReportNote, SharedWith
from incidents.models.planned import PlannedChange, PlannedSide, PlannedSystem, PlannedWork
from incidents.models.planned_cut import PlannedCut, PlannedCutChange, PlannedCutSide
from incidents.models.playbook import Playbook, Step
from incidents.models.radius import (
    Clearing,
    ConcentrationSnapshot,
    LinkClaim,
    LinkDispute,
    Radius,
    RadiusVersion,
    Rewalk,
)
from incidents.models.reminder import UpdateReminder
from incidents.models.run import Decision, Run, RunAnswer, RunStep
from incidents.models.saved_view import SavedView
from incidents.models.service_status import ServiceNote, ServiceStatus
from incidents.models.sign_off import PlaybookSystem, SignedAtOpening, SignOff, SignOffStep
from incidents.models.signing import PlaybookSignature, SigningKey, SigningSecret, TrustedKey
from incidents.models.statement import Statement, StatementAsk, StatementVersion
from incidents.models.task import OwnReference, Task, TaskNote
from incidents.models.technique import IncidentTechnique, TechniqueEvidence, TechniqueSaying
from incidents.models.untold import Outside, Untold
from incidents.models.work_order import OrderAgain, WorkOrder

__all__ = [
    "CampaignLink",
    "Clearing",
    "ConcentrationSnapshot",
    "Cost",
    "DataNotice",
    "DataPosition",
    "Decision",
    "Duty",
    "DutyRevision",
    "GuestGrant",
    "Handover",
    "HeadsUp",
    "Incident",
    "IncidentSystem",
    "IncidentTechnique",
    "Inject",
    "KnownCard",
    "LinkClaim",
    "LinkDispute",
    "LogEntry",
    "OrderAgain",
    "Outside",
    "OutsideReport",
    "OutsideReportNote",
    "OwnAction",
    "OwnActionNote",
    "OwnReference",
    "Participant",
    "PlannedChange",
    "PlannedCut",
    "PlannedCutChange",
    "PlannedCutSide",
    "PlannedSide",
    "PlannedSystem",
    "PlannedWork",
    "Playbook",
    "PlaybookDraft",
    "PlaybookSignature",
    "PlaybookSystem",
    "Radius",
    "RadiusVersion",
    "ReportedAnswer",
    "ReportedVoice",
    "Rewalk",
    "Run",
    "RunAnswer",
    "RunStep",
    "SavedView",
    "Score",
    "ServiceNote",
    "ServiceStatus",
    "SharedWith",
    "SignOff",
    "SignOffStep",
    "SignedAtOpening",
    "SigningKey",
    "SigningSecret",
    "SituationReport",
    "Standing",
    "Statement",
    "StatementAsk",
    "StatementVersion",
    "Step",
    "StopConfirmation",
    "Task",
    "TaskNote",
    "TechniqueEvidence",
    "TechniqueSaying",
    "TrustedKey",
    "Untold",
    "Update",
    "UpdateReminder",
    "UpdateRequest",
    "WallDisplay",
    "WorkOrder",
]
