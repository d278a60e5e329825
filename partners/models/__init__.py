from partners.models.contacts import ContactPoint, DutyDesk
from partners.models.door import ApiKeySecret, Credential, SignInLink
from partners.models.estate import Dependency, Participation, SharedSystem
from partners.models.organisations import ApiKey, Organisation, Person

__all__ = [
    "ApiKey",
    "ApiKeySecret",
    "ContactPoint",
    "Credential",
    "Dependency",
    "DutyDesk",
    "Organisation",
    "Participation",
    "Person",
    "SharedSystem",
    "SignInLink",
]
