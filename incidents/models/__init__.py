from incidents.models.display import WallDisplay
from incidents.models.guest import GuestGrant
from incidents.models.handover import Handover
from incidents.models.incident import Incident, IncidentSystem, Participant, Radius, Standing, Update
from incidents.models.playbook import Playbook, Step
from incidents.models.task import Duty, OwnReference, Run, Task, TaskNote

__all__ = [
    "Duty",
    "GuestGrant",
    "Handover",
    "Incident",
    "IncidentSystem",
    "OwnReference",
    "Participant",
    "Playbook",
    "Radius",
    "Run",
    "Standing",
    "Step",
    "Task",
    "TaskNote",
    "Update",
    "WallDisplay",
]
