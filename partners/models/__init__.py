from partners.models.approvals import Approval, CallBack, Isolation
from partners.models.assurance import Assessment, AssessmentShare, Contract, Finding, FindingMove
from partners.models.authenticators import Authenticator, RecoveryCode
from partners.models.contacts import ContactPoint, DutyDesk, PrivateNumber
from partners.models.door import ApiKeySecret, Credential, SignInLink
from partners.models.duty import Contractor, DutyOverride, DutyShift, OfflinePack, ToldAlongside
from partners.models.duty_catalogue import DutyEntry
from partners.models.edges import EdgeMove
from partners.models.estate import DataCategory, Dependency, Participation, SharedSystem
from partners.models.estate_parts import Component, PublicService, Segment
from partners.models.federation import FederatedIdentity, IdentityProvider, OidcFlow
from partners.models.imports import Import, ImportJob, ImportMapping, ImportRow
from partners.models.keeping import Change, Chore, WorkItem
from partners.models.ladder import Band, LadderRung, LadderTime, Rung
from partners.models.mail import MailDistrust, MailNotice
from partners.models.organisations import ApiKey, Organisation, Person
from partners.models.permissions import Integration, IntegrationVersion
from partners.models.reach import ReachPreference, SealedAddress
from partners.models.sessions import Attempts, PersonSession, SignInPolicy
from partners.models.standing_access import Attestation, StandingAccess
from partners.models.upkeep import FactReview, ReviewCard

__all__ = [
    "ApiKey",
    "ApiKeySecret",
    "Approval",
    "Assessment",
    "AssessmentShare",
    "Attempts",
    "Attestation",
    "Authenticator",
    "Band",
    "CallBack",
    "Change",
    "Chore",
    "Component",
    "ContactPoint",
    "Contract",
    "Contractor",
    "Credential",
    "DataCategory",
    "Dependency",
    "DutyDesk",
    "DutyEntry",
    "DutyOverride",
    "DutyShift",
    "EdgeMove",
    "FactReview",
    "FederatedIdentity",
    "Finding",
    "FindingMove",
    "IdentityProvider",
    "Import",
    "ImportJob",
    "ImportMapping",
    "ImportRow",
    "Integration",
    "IntegrationVersion",
    "Isolation",
    "LadderRung",
    "LadderTime",
    "MailDistrust",
    "MailNotice",
    "OfflinePack",
    "OidcFlow",
    "Organisation",
    "Participation",
    "Person",
    "PersonSession",
    "PrivateNumber",
    "PublicService",
    "ReachPreference",
    "RecoveryCode",
    "ReviewCard",
    "Rung",
    "SealedAddress",
    "Segment",
    "SharedSystem",
    "SignInLink",
    "SignInPolicy",
    "StandingAccess",
    "ToldAlongside",
    "WorkItem",
]
