"""The kinds of rows that a file can have, by the name that addresses and exports use."""

from __future__ import annotations

from partners.importing.components import Components
from partners.importing.dependencies import Dependencies
from partners.importing.kinds import Kind
from partners.importing.participations import Participations
from partners.importing.public_services import Services
from partners.importing.systems import Systems

KINDS: dict[str, type[Kind]] = {
    each.name: each for each in (Systems, Components, Participations, Services, Dependencies)
}
