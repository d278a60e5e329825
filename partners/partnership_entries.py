"""The entries of a partnership file, one class a section. `partnership_file` reads and checks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from partners.partnership_assurance import AssessmentEntry, ContractEntry, FindingEntry
from partners.partnership_duty import AlongsideEntry, ContractorEntry, DutyEntry, RungEntry
from partners.partnership_permissions import IntegrationEntry, StandingAccessEntry


@dataclass(frozen=True, slots=True)
class DutyDeskEntry:
    """Where an organisation answers at night."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class OrganisationEntry:
    """A former one has `left_on`. `succession` is its place in the agreed order of who leads next, null: not in it."""

    slug: str
    name: str
    kind: Literal["council", "provider", "national"] = "council"
    status: Literal["current", "former"] = "current"
    left_on: date | None = None
    people_served: int | None = None
    mail_domains: tuple[str, ...] = ()
    succession: int | None = None
    duty_desk: DutyDeskEntry | None = None


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """`duty` is what the person is at work: duty officer, deputy, head of IT …"""

    organisation: str
    name: str
    email: str
    role: Literal[
        "administrator", "incident_manager", "responder", "approver", "data_protection_officer", "observer",
        "service_account",
    ] = "responder"  # fmt: skip
    duty: str = ""
    break_glass: bool = False


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """A shared system.

    `spoken` is the name inside a sentence, article included. `provider` runs it for others; null: its only user does,
    or somebody outside. `cut_stops` says what stops for people when it is taken off. `account_realms` are the endings
    of the accounts that it vouches for: "ashbourne" in svc-backup@ashbourne.
    """

    slug: str
    name: str
    spoken: str = ""
    description: str = ""
    provider: str | None = None
    owner: str | None = None
    hosting: str = ""
    status: Literal["live", "retired", "left_connected"] = "live"
    safety_critical: bool = False
    people_dependent: int | None = None
    cut_stops: str = ""
    account_realms: tuple[str, ...] = ()
    administered_by: str = ""
    data_categories: tuple[str, ...] = ()
    recovery_time_hours: int | None = None
    recovery_point_hours: int | None = None
    reviewed_on: date | None = None
    reviewed_by: str = ""
    is_portal: bool = False


@dataclass(frozen=True, slots=True)
class ComponentEntry:
    """A piece of software of a system; CPE and package URL in any form that `partners.software_names` reads."""

    system: str
    product: str
    vendor: str = ""
    product_version: str = ""
    cpe: str = ""
    purl: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A part of a system's network, for whoever runs it alone."""

    system: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ParticipationEntry:
    """An organisation standing on a system. `fallback` null: none recorded.

    Who decides and who may order isolation are e-mails of the organisation's own people; null: unknown. `confirmed_on`
    is when it confirmed that it stands there.
    """

    organisation: str
    system: str
    services: tuple[str, ...] = ()
    people_served: int | None = None
    safety_critical: bool = False
    fallback: str | None = None
    status: Literal["live", "left_connected"] = "live"
    left_on: date | None = None
    data_categories: tuple[str, ...] = ()
    decision_owner: str | None = None
    decision_deputy: str | None = None
    isolation_orderer: str | None = None
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One public service of a participation; the participation's summary has to be that of its services.

    `critical_dates` are lines such as "2027-05-06 Polling day".
    """

    organisation: str
    system: str
    name: str
    category: Literal[
        "housing", "benefits", "council_tax", "adult_care", "children", "telecare", "elections", "planning", "waste",
        "education", "registrars", "payments", "contact", "emergency", "staff", "other",
    ] = "other"  # fmt: skip
    safety_critical: bool = False
    people_served: int | None = None
    fallback: str | None = None
    critical_dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DependencyEntry:
    """One way from `source` into `target`, as an intruder walks; the words are those of `incidents.estate.Edge`."""

    source: str
    target: str
    kind: Literal[
        "identity_trust", "shared_administrators", "replication", "network_route", "hosting", "data_feed", "unknown"
    ]
    label: str = ""
    phrase: str = ""
    group: str = ""
    barrier: Literal["none", "claimed", "tested"] = "none"
    tested_by: str = ""
    test_method: str = ""
    tested_on: date | None = None
    valid_until: date | None = None
    stops: str = ""
    carries: bool = False
    reviewed_on: date | None = None
    reviewed_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ContactPointEntry:
    """One way to reach a person (by e-mail address of `people`) or, with null, the duty desk.

    A telephone's address is E.164, `tested_days_ago` dates its last test by the day of loading.
    """

    organisation: str
    address: str
    label: str
    person: str | None = None
    kind: Literal["email", "phone", "sms"] = "email"
    rides_on: str | None = None
    order: int = 1
    is_private: bool = False
    tested_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class ApiKeyEntry:
    organisation: str
    label: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaybookSystemEntry:
    """A playbook (slug) is for a system, as whoever runs the system says."""

    playbook: str
    system: str


@dataclass(frozen=True, slots=True)
class SignOffEntry:
    """A signature to a version (`modified`). Without `valid_until` it counts for 12 months from the day of loading."""

    organisation: str
    playbook: str
    version: str
    signed_on: date
    signed_by: str  # the person's name
    valid_until: date | None = None
    reservation: str = ""


@dataclass(frozen=True, slots=True)
class SignOffStepEntry:
    """What such a signature says of one step, by its number. `agreed`: it may be done without asking again."""

    organisation: str
    playbook: str
    version: str
    step: int
    reservation: str = ""
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class PartnershipFile:
    """A whole file. `playbooks` are paths that exist; `later` is kept as it stands for features not built yet."""

    name: str
    organisations: tuple[OrganisationEntry, ...]
    people: tuple[PersonEntry, ...] = ()
    systems: tuple[SystemEntry, ...] = ()
    components: tuple[ComponentEntry, ...] = ()
    segments: tuple[SegmentEntry, ...] = ()
    participations: tuple[ParticipationEntry, ...] = ()
    public_services: tuple[ServiceEntry, ...] = ()
    dependencies: tuple[DependencyEntry, ...] = ()
    contact_points: tuple[ContactPointEntry, ...] = ()
    contractors: tuple[ContractorEntry, ...] = ()
    duty: tuple[DutyEntry, ...] = ()
    told_alongside: tuple[AlongsideEntry, ...] = ()
    ladder: tuple[RungEntry, ...] = ()
    integrations: tuple[IntegrationEntry, ...] = ()
    standing_access: tuple[StandingAccessEntry, ...] = ()
    api_keys: tuple[ApiKeyEntry, ...] = ()
    assessments: tuple[AssessmentEntry, ...] = ()
    findings: tuple[FindingEntry, ...] = ()
    contracts: tuple[ContractEntry, ...] = ()
    playbooks: tuple[Path, ...] = ()
    playbook_systems: tuple[PlaybookSystemEntry, ...] = ()
    sign_offs: tuple[SignOffEntry, ...] = ()
    sign_off_steps: tuple[SignOffStepEntry, ...] = ()
    later: dict[str, Any] = field(default_factory=dict)
