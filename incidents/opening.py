"""The first minute: from what is known to be attacked to everybody's task list, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import connections, transaction

from incidents.blast_radius import blast_radius
from incidents.errors import Fault, Invalid
from incidents.estate import Estate
from incidents.fanout import Joining, add_sides, announce_opening, choose_deputy, joining_of
from incidents.frozen import contain_first, frozen
from incidents.left_untold import LeftUntold, keep, split
from incidents.models import Incident, Playbook
from incidents.named import to_run
from incidents.references import new_reference
from incidents.register import estate_for_opening, say_opening_read, shared_with, walkable_estate
from incidents.running.graph import CannotLink
from incidents.running.kept import newest_of
from incidents.techniques.saying import suppose_at_opening
from partners.models import Organisation, SharedSystem
from portal import clock
from portal.ledger.record import Actor

OPEN_AS_ASKED_AN_HOUR = 20


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Intruder activity reported at one organisation: its slug, and the name and role of who says so."""

    organisation: str
    reported_by: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known when an incident is opened. At least one of systems, accounts and confirmed is needed."""

    title: str
    systems: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    summary: str = ""
    severity: int | None = None
    tlp: str = "amber"
    exercise: bool = False
    suspected: bool = False
    playbook: str = ""
    techniques: tuple[str, ...] = ()
    detected_at: datetime | None = None
    source: Mapping[str, Any] | None = None
    tasks_due_minutes: int | None = None
    tell_people: tuple[UUID, ...] = ()
    meeting_point: str = ""
    next_update_at: datetime | None = None
    untold: tuple[LeftUntold, ...] = ()
    tool_kind: str = ""  # `Incident.Tool`, when a tool's alert opens it and no person


@dataclass(frozen=True, slots=True)
class Reach:
    """What an opening would reach, before anything is written: the preview and the opening use the same."""

    estate: Estate
    document: dict[str, Any]  # `incidents.frozen`
    systems: tuple[SharedSystem, ...]
    playbook: Playbook
    called: dict[str, str] = field(default_factory=dict)  # as `Run.called`

    @property
    def similar(self) -> list[str]:
        """See `similar_to`. Asks the database: an opening does not need it, a preview does."""
        return similar_to([system.pk for system in self.systems])


@transaction.atomic(using="default")
def open_incident(opening: Opening, *, actor: Actor) -> Incident:
    """Open an incident: radius, participants, tasks, duties and events, with a handful of set-based statements.

    Planning and sending happen after the commit. Beyond `OPEN_AS_ASKED_AN_HOUR` an organisation's openings start
    as suspected, so that a stolen key cannot wake everybody again and again.

    Raises:
        Invalid: something named is unknown to the caller, or nothing is named; the faults carry JSON pointers.
    """
    suspected = opening.suspected or _opened_last_hour(actor.organisation_id) >= OPEN_AS_ASKED_AN_HOUR
    # What is kept from somebody must not show in their stream: not even that the register was walked.
    quiet = suspected or bool(opening.untold)
    incident_id = uuid4()
    reach = reach_of(
        opening,
        organisation_id=actor.organisation_id,
        by_key=actor.kind == "key",
        reason="opening",
        quietly=incident_id if quiet else None,
    )
    now = clock.now()
    everybody = joining_of(reach.document, lead_id=actor.organisation_id, names=reach.estate.organisation)
    joining, untold = split(everybody, opening.untold, lead_id=actor.organisation_id)
    present = [each for each in joining if not suspected or each.role in {"lead", "provider"}]
    incident = _insert_incident(incident_id, opening, reach, joining, actor=actor, suspected=suspected, now=now)
    _insert_frozen(incident, reach, now=now)
    keep(incident, untold, actor=actor, now=now)
    add_sides(incident, present, now=now)
    if quiet:
        say_opening_read(incident.pk)
    announce_opening(incident, present, actor=actor, systems=[system.slug for system in reach.systems])
    suppose_at_opening(incident, opening.techniques)
    return incident


def reach_of(
    opening: Opening, *, organisation_id: UUID, by_key: bool, reason: str, quietly: UUID | None = None
) -> Reach:
    """Resolve what is named and walk from it. Writes nothing but the record of a wide read.

    `quietly`: the id of the incident to be, when it is kept from somebody: then `reason` is that it is opened.

    Raises:
        Invalid: see `open_incident`.
    """
    faults: list[Fault] = []
    named = _named_systems(opening, faults)
    vouching = _vouching_systems(opening, faults)
    organisations, confirmed = _named_organisations(opening, organisation_id, faults, by_key=by_key)
    playbook = _playbook(opening, faults)
    called = _called(playbook, faults) if playbook and playbook.calls else {}
    if not (opening.systems or opening.accounts or opening.confirmed):
        faults.append(Fault("/systems", "Name at least one system, account or organisation."))
    if faults:
        raise Invalid(faults)
    starts = {system.pk: system for system in (*named, *vouching)}
    guessed = not starts
    if guessed:
        # Everybody stands on the portal: assuming that it is attacked would say of any two that they share it.
        shared = shared_with([*organisations, *confirmed])
        assumed = SharedSystem.objects.filter(pk__in=shared, is_portal=False)
        starts = {system.pk: system for system in assumed}
        if not starts:
            raise Invalid([Fault("/confirmed", "You share no system with that organisation: name the system.")])
    estate = estate_for_opening(starts, incident_id=quietly) if quietly else walkable_estate(starts, reason=reason)
    radius = blast_radius(
        estate,
        on=clock.now().date(),
        starts=list(starts),
        organisations=organisations,
        confirmed=confirmed,
        assumed=guessed,
    )
    document = frozen(estate, radius)
    assert playbook is not None
    return Reach(
        estate=estate,
        document=document,
        systems=tuple(sorted(starts.values(), key=lambda system: system.name)),
        playbook=playbook,
        called=called,
    )


def similar_to(systems: list[UUID]) -> list[str]:
    """References of open incidents on any of these systems that the caller may see, newest first."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_SIMILAR, [systems])
        return [reference for (reference,) in cursor.fetchall()]


# Written out: the incident is opened while somebody waits, and the ORM takes longer over these than PostgreSQL.
_SIMILAR = """
SELECT i.reference FROM incidents_incident i
 WHERE i.status <> 'closed'
   AND i.id IN (SELECT s.incident_id FROM incidents_incidentsystem s WHERE s.system_id = ANY (%s))
 ORDER BY i.opened_at DESC
"""
_OPENED_SINCE = """
SELECT count(*) FROM incidents_incident i WHERE i.lead_id = %s AND i.opened_at > %s AND NOT i.exercise
"""


def _named_systems(opening: Opening, faults: list[Fault]) -> list[SharedSystem]:
    visible = {system.slug: system for system in SharedSystem.objects.filter(slug__in=opening.systems)}
    for nth, slug in enumerate(opening.systems):
        if slug not in visible:
            faults.append(Fault(f"/systems/{nth}", "No system of this name that you stand on, own or provide."))
    return list(visible.values())


def _vouching_systems(opening: Opening, faults: list[Fault]) -> list[SharedSystem]:
    """The systems that vouch for the named accounts, by what stands after the last `@`."""
    found: dict[UUID, SharedSystem] = {}
    for nth, account in enumerate(opening.accounts):
        realm = account.rpartition("@")[2].lower()
        systems = list(SharedSystem.objects.filter(account_realms__contains=[realm])) if realm else []
        if not systems:
            faults.append(Fault(f"/accounts/{nth}", "No system of yours vouches for this account: name the system."))
        found.update({system.pk: system for system in systems})
    return list(found.values())


def _named_organisations(
    opening: Opening, own_id: UUID, faults: list[Fault], *, by_key: bool
) -> tuple[list[UUID], dict[UUID, str]]:
    """Organisations that somebody else names (they count as direct), and the caller's own with who reported it."""
    if not opening.confirmed:
        return [], {}
    known = dict(
        Organisation.objects.filter(slug__in=[each.organisation for each in opening.confirmed]).values_list(
            "slug", "pk"
        )
    )
    named: list[UUID] = []
    confirmed: dict[UUID, str] = {}
    for nth, each in enumerate(opening.confirmed):
        if each.organisation not in known:
            faults.append(Fault(f"/confirmed/{nth}/organisation", "No organisation of this name."))
        elif known[each.organisation] == own_id:
            confirmed[own_id] = each.reported_by
        else:
            named.append(known[each.organisation])
    return named, confirmed


def _playbook(opening: Opening, faults: list[Fault]) -> Playbook | None:
    """The newest version that may be run, by whoever brought the playbook in first: nobody else's import takes its name
    over, a version that nobody has signed comes after one that somebody has, and none is run that is revoked or outside
    its days, or runs such a one within itself (`sec.playbook_to_run`). What is asked for and may not be run is refused:
    no other plan is run in its place."""
    found = to_run(opening.playbook).first()
    if found is None:
        faults.append(Fault("/playbook", _why_not(opening.playbook)))
    return found


def _why_not(asked: str) -> str:
    named = Playbook.objects.filter(slug=asked) if asked else Playbook.objects.all()
    if not named.exists():
        return "No playbook of this name." if asked else "No playbook has been imported yet."
    why = (
        "This playbook is revoked, or not valid today, or runs within itself one that is so or is not kept here: choose"
        " another one."
    )
    usual = to_run("").first() if asked else None
    return f"{why} The usual one is {usual.name} ({usual.slug})." if usual is not None else why


def _called(playbook: Playbook, faults: list[Fault]) -> dict[str, str]:
    """The playbooks that this one runs within itself, as they are known now."""
    try:
        pinned = newest_of(playbook).playbooks
    except CannotLink as trouble:
        faults.append(Fault("/playbook", str(trouble)))
        return {}
    return {path: own_id for path, own_id in pinned.items() if path}


def _opened_last_hour(organisation_id: UUID) -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(_OPENED_SINCE, [organisation_id, clock.now() - timedelta(hours=1)])
        return int(cursor.fetchone()[0])


def _insert_incident(
    incident_id: UUID,
    opening: Opening,
    reach: Reach,
    joining: list[Joining],
    *,
    actor: Actor,
    suspected: bool,
    now: datetime,
) -> Incident:
    me = actor.organisation_id
    deputy = choose_deputy(joining, lead_id=me)
    incident = Incident(
        id=incident_id,
        reference=new_reference(),
        title=opening.title,
        summary=opening.summary,
        status=Incident.Status.SUSPECTED if suspected else Incident.Status.OPEN,
        severity=opening.severity,
        tlp=opening.tlp,
        exercise=opening.exercise,
        lead=_organisation(reach.estate, me),
        deputy_lead=_organisation(reach.estate, deputy) if deputy else None,
        participants=[me],  # the policy is checked before any trigger runs; from then on triggers write both
        overseers=[me],
        playbook=reach.playbook,
        opened_at=now,
        declared_at=None if suspected else now,
        detected_at=opening.detected_at,
        techniques=list(opening.techniques),
        accounts=list(opening.accounts),
        source=dict(opening.source) if opening.source else None,
        # Whoever opens it is told too: the notice on one's own way is the proof that notices go out.
        tell_people=sorted({*opening.tell_people, *([actor.person_id] if actor.person_id else [])}, key=str),
        meeting_point=opening.meeting_point,
        next_update_at=opening.next_update_at,
        tasks_due_minutes=opening.tasks_due_minutes,
        tool_kind=opening.tool_kind,
    )
    incident.save(force_insert=True)
    return incident


def _organisation(estate: Estate, organisation_id: UUID) -> Organisation:
    """An organisation as the estate knows it, without asking the database again; its other columns are deferred."""
    known = estate.organisation[organisation_id]
    return Organisation.from_db(
        "default", ["id", "slug", "name", "kind"], [known.id, known.slug, known.name, known.kind]
    )


_INSERT_FROZEN = """
WITH named AS (
    INSERT INTO incidents_incidentsystem (id, incident_id, system_id, slug, name, named)
    SELECT gen_random_uuid(), %(incident)s, s.id, s.slug, s.name, true
      FROM partners_sharedsystem s WHERE s.id = ANY (%(systems)s)
), run AS (
    INSERT INTO incidents_run (incident_id, lead_id, due_at, claimed_by, called)
    VALUES (%(incident)s, %(lead)s, %(now)s, '', %(called)s::jsonb)
)
INSERT INTO incidents_radius (incident_id, computed_at, document, contain_first)
VALUES (%(incident)s, %(now)s, %(document)s::jsonb, %(first)s::jsonb)
"""


def _insert_frozen(incident: Incident, reach: Reach, *, now: datetime) -> None:
    """The systems by their names of today, the radius, and the run of the playbook: one statement."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            _INSERT_FROZEN,
            {
                "incident": incident.pk,
                "lead": incident.lead_id,
                "systems": [system.pk for system in reach.systems],
                "now": now,
                "called": orjson.dumps(reach.called).decode(),
                "document": orjson.dumps(reach.document).decode(),
                "first": orjson.dumps(contain_first(reach.document)).decode(),
            },
        )
