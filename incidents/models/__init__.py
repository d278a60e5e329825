from incidents.models.display import WallDisplay
from incidents.models.handover import Handover
from incidents.models.incident import Incident, IncidentSystem, Participant, Radius, Standing, Update
from incidents.models.playbook import Playbook, Step
from incidents.models.task import Duty, OwnReference, Run, Task, TaskNote

__all__ = [
    "Duty",
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
