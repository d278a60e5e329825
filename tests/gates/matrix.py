"""Who may do what with which rows of every table: the rules as people agreed on them, written by hand in plain SQL.

Nothing is imported from the code that is judged, and no array that a trigger keeps is asked: who takes part is read
from the participants themselves. In a rule `x` is the row and `%(me)s` whoever asks; the owner evaluates it. `OPEN`
rows need no ticket. A table without a line here fails the gate.
"""

from __future__ import annotations

from dataclasses import dataclass

ANYBODY = "true"  # with any valid ticket
OPEN = "true /* without a ticket */"
MINE = "x.organisation_id = %(me)s"


def takes_part(incident: str = "x.incident_id", *, roles: str = "") -> str:
    """`me` has a side in the incident (of these roles, if said), or leads it and nobody has joined yet."""
    only = f" AND p.role IN ({roles})" if roles else ""
    return (
        f"(EXISTS (SELECT 1 FROM incidents_participant p WHERE p.incident_id = {incident}"
        f" AND p.organisation_id = %(me)s{only})"
        f" OR EXISTS (SELECT 1 FROM incidents_incident n WHERE n.id = {incident} AND n.lead_id = %(me)s))"
    )


IN_IT = takes_part()
OVERSEES = takes_part(roles="'lead', 'deputy_lead', 'provider'")
LEADS = "EXISTS (SELECT 1 FROM incidents_incident n WHERE n.id = x.incident_id AND n.lead_id = %(me)s)"
DIRECTS = takes_part(roles="'lead', 'deputy_lead'")
SIDE = f"({MINE} AND {IN_IT} OR {OVERSEES})"
THEY_TAKE_PART = (
    "EXISTS (SELECT 1 FROM incidents_participant p WHERE p.incident_id = x.incident_id"
    " AND p.organisation_id = x.organisation_id)"
)
RUN_BY_ME = (
    "EXISTS (SELECT 1 FROM partners_sharedsystem s WHERE s.id = {} AND (s.owner_id = %(me)s OR s.provider_id = %(me)s))"
)
USED_BY_ME = (
    "(EXISTS (SELECT 1 FROM partners_participation u WHERE u.system_id = {0} AND u.organisation_id = %(me)s)"
    " OR EXISTS (SELECT 1 FROM partners_sharedsystem s WHERE s.id = {0}"
    " AND (s.owner_id = %(me)s OR s.provider_id = %(me)s)))"
)
AUDIENCE_IN_IT = (
    "NOT EXISTS (SELECT 1 FROM unnest(x.audience) a WHERE NOT EXISTS (SELECT 1 FROM incidents_participant p"
    " WHERE p.incident_id = x.incident_id AND p.organisation_id = a))"
)
SIDES = "%(me)s IN (x.grantor_id, x.grantee_id)"
VERSION_OF_MINE = (
    "EXISTS (SELECT 1 FROM partners_integration n WHERE n.id = x.integration_id"
    " AND %(me)s IN (n.grantor_id, n.grantee_id))"
)
EITHER_END = "%(me)s IN (x.provider_id, x.council_id)"
# Messages are planned from events: only the lead says that an incident opened, moved or closed, or gives out tasks.
MINE_TO_SAY = (
    f"(NOT x.kind LIKE ANY (ARRAY['exposure.%%', 'incident.%%', 'radius.%%', 'tasks.%%', 'update.%%']) OR {LEADS})"
)
SAID_BY_FUNCTIONS = (
    "split_part(x.kind, '.', 1) IN ('assessment', 'file', 'finding', 'permission', 'planned', 'register',"
    " 'standing_access', 'work')"
)
RECORDS = (
    f"x.actor_organisation_id = %(me)s AND NOT {SAID_BY_FUNCTIONS}"
    " AND CASE WHEN x.incident_id IS NULL THEN x.audience = ARRAY[%(me)s]"
    f" ELSE {IN_IT} AND {AUDIENCE_IN_IT} AND {MINE_TO_SAY} END"
)


# Two of the tickets are of administrators who have used their passkey just now (`arranged.py`).
ADMINISTERS = (
    f"{MINE} AND %(me)s IN (SELECT o.id FROM partners_organisation o WHERE o.slug IN ('coldharbour', 'gravenhurst'))"
)
PERSON_OF_OURS = (
    "EXISTS (SELECT 1 FROM partners_person p WHERE p.id = x.person_id AND p.organisation_id = %(me)s AND p.is_active)"
)
OF_OURS = (
    f"(x.person_id IS NULL OR {PERSON_OF_OURS}) AND (x.contractor_id IS NULL OR EXISTS (SELECT 1"
    " FROM partners_contractor c WHERE c.id = x.contractor_id AND c.organisation_id = %(me)s))"
)
TOLD = "%(me)s = ANY (x.audience)"
# The same two look after the register; an organisation speaks for a system that it runs, and for one that nobody runs.
KEEPER = "%(me)s IN (SELECT o.id FROM partners_organisation o WHERE o.slug IN ('coldharbour', 'gravenhurst'))"
SPOKEN_FOR_BY_ME = (
    "EXISTS (SELECT 1 FROM partners_sharedsystem s WHERE s.id = {0} AND (%(me)s IN (s.owner_id, s.provider_id)"
    " OR s.owner_id IS NULL AND s.provider_id IS NULL AND EXISTS (SELECT 1 FROM partners_participation u"
    " WHERE u.system_id = s.id AND u.organisation_id = %(me)s)))"
)
RUNS_IT = RUN_BY_ME.format("x.system_id")
# A link that exists is one that whoever speaks for its target knows; from the source alone the target must be seen.
LINKS = (
    f"{KEEPER} AND ({SPOKEN_FOR_BY_ME.format('x.target_id')} OR {SPOKEN_FOR_BY_ME.format('x.source_id')}"
    f" AND ({USED_BY_ME.format('x.target_id')} OR NOT (x.cut_source_at IS NOT NULL AND x.cut_target_at IS NOT NULL)"
    " AND NOT (x.barrier = 'tested' AND x.tested_on IS NOT NULL AND coalesce(x.valid_until >= current_date, true))))"
)
UNTESTED = (
    "x.barrier <> 'tested' AND x.tested_on IS NULL AND x.valid_until IS NULL AND x.tested_by = ''"
    " AND x.test_method = '' AND x.cut_source_at IS NULL AND x.cut_target_at IS NULL AND x.version = 1"
)
NOTHING_SAID = (
    "x.services = '{}' AND x.people_served IS NULL AND NOT x.safety_critical AND x.fallback IS NULL"
    " AND x.data_categories = '{}'"
    " AND coalesce(x.decision_owner_id, x.decision_deputy_id, x.isolation_orderer_id) IS NULL"
    " AND coalesce(x.confirmed_at, x.denied_at) IS NULL"
)
OF_OWN_FILE = (
    f"{ADMINISTERS} AND EXISTS (SELECT 1 FROM partners_import f WHERE f.id = x.file_id AND f.organisation_id = %(me)s)"
)
SHARED_WITH_ME = (
    "EXISTS (SELECT 1 FROM partners_assessmentshare s JOIN partners_assessment a ON a.id = s.assessment_id"
    " WHERE s.organisation_id = %(me)s AND {})"
)
PLANNED = (
    "(EXISTS (SELECT 1 FROM incidents_plannedwork w WHERE w.id = {0} AND w.announced_by_id = %(me)s)"
    " OR EXISTS (SELECT 1 FROM incidents_plannedside p WHERE p.work_id = {0} AND p.organisation_id = %(me)s))"
)
READS_FINDING = (
    f"({MINE} OR x.provider_id = %(me)s"
    f" OR {SHARED_WITH_ME.format('a.id = x.assessment_id AND a.organisation_id = x.organisation_id')})"
)


@dataclass(frozen=True)
class Can:
    """Rules a command; '' is never. Columns by name where not all are granted (of a table to which anything is)."""

    select: str = ""
    insert: str = ""
    update: str = ""
    delete: str = ""
    selects: str = ""
    inserts: str = ""
    updates: str = ""


@dataclass(frozen=True)
class Row:
    app: Can = Can()
    auth: Can = Can()
    worker: Can = Can()

    def of(self, role: str) -> Can:
        return {"portal_app": self.app, "portal_auth": self.auth, "portal_worker": self.worker}.get(role, Can())


NOBODY = Row()
DOOR = Row(auth=Can(OPEN, OPEN, OPEN, OPEN))

EVENT = (
    "id kind at actor_organisation_id actor_kind actor_person_id actor_key_id incident_id incident_reference subject_id"
    " audience data"
)
LEDGER = Can("%(me)s = ANY (x.audience)", RECORDS, selects=f"{EVENT} pos text leaf nonce", inserts=EVENT)

MATRIX: dict[str, Row] = {
    # The partnership: everybody its members by name; an organisation its own; a system who uses or runs it.
    "partners_organisation": Row(Can(ANYBODY), Can(OPEN), Can(ANYBODY)),
    "partners_person": Row(
        Can(
            MINE,
            ADMINISTERS,
            ADMINISTERS,
            updates="name role duty is_active break_glass drilled_at access_ends_at drill_until",
        ),
        Can(OPEN, update=OPEN, updates="last_login drilled_at"),
        Can(MINE),
    ),
    "partners_dutydesk": Row(Can(MINE), worker=Can(MINE)),
    "partners_contactpoint": Row(
        Can(MINE), worker=Can(MINE, update=MINE, updates="trust trust_since trust_because failed_at")
    ),
    # A private number is nobody's to read but through functions; who is on duty is for the organisation, and changed by
    # those who look after it.
    "partners_privatenumber": NOBODY,
    "partners_contractor": Row(
        Can(MINE, ADMINISTERS, ADMINISTERS, ADMINISTERS, updates="name number hours script"), worker=Can(MINE)
    ),
    "partners_dutyshift": Row(Can(MINE, f"{ADMINISTERS} AND {OF_OURS}", delete=ADMINISTERS), worker=Can(MINE)),
    "partners_dutyoverride": Row(Can(MINE, f"{ADMINISTERS} AND {OF_OURS}", delete=ADMINISTERS), worker=Can(MINE)),
    "partners_toldalongside": Row(
        Can(MINE, f"{ADMINISTERS} AND {PERSON_OF_OURS}", delete=ADMINISTERS), worker=Can(MINE)
    ),
    "partners_offlinepack": Row(
        Can(MINE, selects="organisation_id built_at checked_at"),
        worker=Can(MINE, MINE, MINE, updates="built_at checked_at digest page"),
    ),
    "partners_sharedsystem": Row(
        Can(
            USED_BY_ME.format("x.id"),
            f"{KEEPER} AND %(me)s IN (x.owner_id, x.provider_id) AND NOT x.is_portal AND x.version = 1",
            f"{KEEPER} AND {RUN_BY_ME.format('x.id')}",
            updates="name spoken description people_dependent provider_id owner_id hosting administered_by status"
            " safety_critical cut_stops account_realms data_categories recovery_time_hours recovery_point_hours"
            " reviewed_on reviewed_by",
        ),
        worker=Can(USED_BY_ME.format("x.id")),
    ),
    "partners_participation": Row(
        Can(
            f"{MINE} OR {RUNS_IT}",
            f"{KEEPER} AND {RUNS_IT} AND ({MINE} OR {NOTHING_SAID}) AND x.version = 1",
            f"{KEEPER} AND ({MINE} OR {RUNS_IT})",
            updates="status left_on data_categories decision_owner_id decision_deputy_id isolation_orderer_id"
            " confirmed_at denied_at",
        ),
        worker=Can(f"{MINE} OR {RUNS_IT}"),
    ),
    "partners_dependency": Row(
        Can(
            f"{USED_BY_ME.format('x.source_id')} OR {USED_BY_ME.format('x.target_id')}",
            f"{LINKS} AND {UNTESTED}",
            LINKS,
            updates="kind label phrase stops carries group reviewed_on reviewed_by note",
        ),
        worker=Can(f"{USED_BY_ME.format('x.source_id')} OR {USED_BY_ME.format('x.target_id')}"),
    ),
    # What a system is made of is for everybody on it, its segments for whoever runs it, services for their own.
    "partners_component": Row(
        Can(
            USED_BY_ME.format("x.system_id"),
            f"{KEEPER} AND {RUNS_IT}",
            f"{KEEPER} AND {RUNS_IT}",
            f"{KEEPER} AND {RUNS_IT}",
            updates="vendor product product_version cpe purl note",
        ),
        worker=Can(USED_BY_ME.format("x.system_id")),
    ),
    "partners_segment": Row(
        Can(
            RUNS_IT,
            f"{KEEPER} AND {RUNS_IT}",
            f"{KEEPER} AND {RUNS_IT}",
            f"{KEEPER} AND {RUNS_IT}",
            updates="note name",
        )
    ),
    "partners_publicservice": Row(
        Can(
            f"{MINE} OR {RUNS_IT}",
            f"{KEEPER} AND {MINE}",
            f"{KEEPER} AND {MINE}",
            f"{KEEPER} AND {MINE}",
            updates="position category name safety_critical people_served fallback critical_dates",
        ),
        worker=Can(f"{MINE} OR {RUNS_IT}"),
    ),
    # The register's history is for whom it concerned when it happened; work is its organisation's; chores are a queue.
    "partners_change": Row(
        Can(TOLD, selects="id kind object_id what before after at organisation_id person_id import_id"),
    ),
    "partners_workitem": Row(Can(MINE), worker=Can(MINE)),
    "partners_chore": Row(worker=Can(OPEN, update=OPEN, updates="due_at claimed_by claimed_until ran_at")),
    # Files of rows are their organisation's; who looks after the register brings them, the worker says what becomes of
    # each row. Dry runs are a queue.
    "partners_import": Row(
        Can(
            MINE,
            ADMINISTERS,
            ADMINISTERS,
            updates="state mapping checked_count counts checked_at written_at written_by written_count emptied_at",
        ),
        worker=Can(MINE, update=MINE, updates="state checked_count counts checked_at emptied_at"),
    ),
    "partners_importrow": Row(
        Can(MINE, OF_OWN_FILE, delete=ADMINISTERS),
        worker=Can(MINE, update=MINE, delete=MINE, updates="fate key duplicate_of object_id changes troubles values"),
    ),
    "partners_importmapping": Row(Can(MINE, ADMINISTERS, ADMINISTERS, updates="columns used_at")),
    "partners_importjob": Row(
        Can(MINE, OF_OWN_FILE, delete=ADMINISTERS),
        worker=Can(OPEN, update=OPEN, updates="due_at attempts claimed_by claimed_until"),
    ),
    # Assurance: the owner's until it is shared; a finding is the provider's too; a contract is the two's alone.
    "partners_assessment": Row(Can(f"{MINE} OR {SHARED_WITH_ME.format('a.id = x.id')}")),
    "partners_assessmentshare": Row(
        Can(
            f"{MINE} OR EXISTS (SELECT 1 FROM partners_assessment a WHERE a.id = x.assessment_id"
            " AND a.organisation_id = %(me)s)"
        )
    ),
    "partners_finding": Row(Can(READS_FINDING), worker=Can("x.provider_id = %(me)s")),
    "partners_findingmove": Row(
        Can(f"x.finding_id IN (SELECT f.id FROM partners_finding f WHERE {READS_FINDING.replace('x.', 'f.')})")
    ),
    "partners_contract": Row(Can(f"{MINE} OR x.provider_id = %(me)s"), worker=Can(f"{MINE} OR x.provider_id = %(me)s")),
    # Uploaded files: the name on the disk is for nobody to read; who else reads one is as its assessment says.
    "files_storedfile": Row(
        Can(
            f"{MINE} OR x.purpose = 'assessment' AND {SHARED_WITH_ME.format('a.id = x.owner_id')}",
            selects="id organisation_id purpose owner_id name size sha256 content_type state uploaded_by uploaded_at"
            " removed_at",
        )
    ),
    "files_usage": NOBODY,
    # What is asked of an organisation's people and what they answered is its own; functions write it.
    "partners_factreview": Row(Can(MINE)),
    "partners_reviewcard": Row(Can(MINE)),
    # What both ends of a link said is for whoever runs one of them.
    # What both ends of a link said is for whoever speaks for one of them.
    "partners_edgemove": Row(
        Can(
            "EXISTS (SELECT 1 FROM partners_dependency d WHERE d.id = x.dependency_id"
            f" AND ({SPOKEN_FOR_BY_ME.format('d.source_id')} OR {SPOKEN_FOR_BY_ME.format('d.target_id')}))"
        )
    ),
    # A permission is its two sides'; standing access is theirs who have it and theirs whom it is into.
    "partners_integration": Row(Can(SIDES), worker=Can(SIDES)),
    "partners_integrationversion": Row(Can(VERSION_OF_MINE), worker=Can(VERSION_OF_MINE)),
    "partners_standingaccess": Row(Can(EITHER_END), worker=Can(EITHER_END)),
    "partners_attestation": Row(Can(MINE)),
    # The door.
    "partners_apikey": Row(Can(MINE), Can(OPEN, OPEN, OPEN, updates="last_used_at revoked_at")),
    "partners_apikeysecret": Row(auth=Can(OPEN, OPEN)),
    "partners_credential": DOOR,
    "partners_signinlink": DOOR,
    "vault_datakey": Row(auth=Can(OPEN, OPEN), worker=Can(MINE)),
    "django_session": DOOR,
    # Signing in: the organisation may know what its people sign in with and where, never with which secret.
    "partners_authenticator": Row(
        Can(
            MINE,
            selects="id organisation_id person_id kind label rides_on_id rides_on_words created_at last_used_at"
            " backed_up",
        ),
        DOOR.auth,
    ),
    "partners_recoverycode": DOOR,
    "partners_signinpolicy": Row(
        Can(MINE, ADMINISTERS, ADMINISTERS, updates="idle_minutes absolute_hours allow_password"), Can(OPEN)
    ),
    "partners_personsession": Row(Can(ADMINISTERS), DOOR.auth),
    "partners_attempts": NOBODY,
    "partners_identityprovider": Row(
        Can(
            MINE,
            selects="organisation_id issuer client_id rides_on_id pinned_at changed_at checked_at trouble is_active",
        ),
        DOOR.auth,
    ),
    "partners_federatedidentity": Row(Can(MINE), DOOR.auth),
    "partners_oidcflow": DOOR,
    # Two persons: whoever is told reads it, and functions alone write it.
    "partners_approval": Row(Can(TOLD)),
    "partners_callback": Row(Can(TOLD)),
    "partners_isolation": Row(Can(f"{TOLD} OR {MINE}"), Can(OPEN), Can(f"{TOLD} OR {MINE}")),
    "django_content_type": Row(auth=Can(OPEN)),
    "auth_permission": Row(auth=Can(OPEN)),
    "auth_group": NOBODY,
    "auth_group_permissions": NOBODY,
    "django_migrations": NOBODY,
    "api_replay": Row(Can(MINE, MINE, delete=MINE)),
    # The ledger: those who were told; written by whoever acts, of an incident to its participants alone.
    "ledger_event": Row(LEDGER, worker=LEDGER),
    "ledger_streamentry": Row(Can(MINE), worker=Can(MINE)),
    "ledger_organisationhead": Row(Can(MINE)),
    "ledger_head": NOBODY,
    # Incidents: participants know of it, overseers see every side, the lead adds, everybody keeps its own at home.
    "incidents_playbook": Row(Can(ANYBODY, "x.created_by_organisation_id = %(me)s"), worker=Can(ANYBODY)),
    "incidents_step": Row(
        Can(
            ANYBODY,
            "EXISTS (SELECT 1 FROM incidents_playbook b WHERE b.id = x.playbook_id"
            " AND b.created_by_organisation_id = %(me)s)",
        ),
        worker=Can(ANYBODY),
    ),
    "incidents_incident": Row(
        Can(
            takes_part("x.id"),
            # Whoever opens puts itself into both arrays and nobody else.
            "x.lead_id = %(me)s AND x.participants = ARRAY[%(me)s] AND x.overseers = ARRAY[%(me)s]",
            "x.lead_id = %(me)s",
            updates="title summary status severity tlp declared_at closed_at outcome meeting_point next_update_at",
        ),
        worker=Can(takes_part("x.id")),
    ),
    "incidents_incidentsystem": Row(Can(IN_IT, LEADS), worker=Can(IN_IT)),
    # The opening radius stays; functions write every later one, and what people say of links and of themselves.
    "incidents_radius": Row(Can(OVERSEES, LEADS), worker=Can(OVERSEES)),
    "incidents_radiusversion": Row(Can(OVERSEES), worker=Can(OVERSEES)),
    "incidents_rewalk": Row(
        worker=Can(
            OPEN,
            update=OPEN,
            selects="id incident_id at claimed_by claimed_until done_at",
            updates="claimed_by claimed_until done_at",
        )
    ),
    "incidents_linkclaim": Row(Can(f"({OVERSEES} OR x.said_by_id = %(me)s AND {IN_IT})")),
    "incidents_clearing": Row(Can(f"({MINE} OR {OVERSEES})")),
    "incidents_linkdispute": Row(
        Can(
            "(x.said_by_id = %(me)s OR EXISTS (SELECT 1 FROM partners_dependency d WHERE d.id = x.dependency_id"
            f" AND ({SPOKEN_FOR_BY_ME.format('d.source_id')} OR {SPOKEN_FOR_BY_ME.format('d.target_id')})))"
        )
    ),
    # Functions write these; whoever announced the work sees all of it, whoever it reaches its own side.
    "incidents_plannedwork": Row(Can(PLANNED.format("x.id"))),
    "incidents_plannedsystem": Row(Can(PLANNED.format("x.work_id"))),
    "incidents_plannedchange": Row(Can(PLANNED.format("x.work_id"))),
    "incidents_plannedside": Row(
        Can(
            f"({MINE} OR EXISTS (SELECT 1 FROM incidents_plannedwork w WHERE w.id = x.work_id"
            " AND w.announced_by_id = %(me)s))"
        )
    ),
    "incidents_concentrationsnapshot": Row(Can(MINE), worker=Can(MINE, MINE)),
    "incidents_participant": Row(
        # Whoever lets others join says nothing in their stead: no answer, no count, nobody told.
        Can(
            SIDE,
            f"{LEADS} AND x.tasks_total = 0 AND x.people_told = 0 AND x.people_seen = 0 AND x.told_by = ''",
            MINE,
            inserts="id incident_id organisation_id slug name kind role is_provider exposure distance because"
            " other_paths joined_at duty_name duty_phone tasks_total tasks_open tasks_waiting tasks_settled"
            " tasks_blocked containing_open told_by people_told people_seen not_told_because",
            updates="seen_at people_seen",
        ),
        worker=Can(
            SIDE,
            f"{LEADS} AND x.tasks_total = 0 AND x.people_told = 0 AND x.people_seen = 0 AND x.told_by = ''",
            update=MINE,
            inserts="id incident_id organisation_id slug name kind role is_provider exposure distance because"
            " other_paths joined_at duty_name duty_phone tasks_total tasks_open tasks_waiting tasks_settled"
            " tasks_blocked containing_open told_by people_told people_seen not_told_because",
            updates="told_at told_by delivered_at seen_at people_told people_seen not_told_because",
        ),
    ),
    "incidents_standing": Row(Can(IN_IT), worker=Can(IN_IT)),
    "incidents_update": Row(Can(IN_IT, f"{LEADS} AND x.author_organisation_id = %(me)s")),
    "incidents_task": Row(
        Can(
            SIDE,
            f"{LEADS} AND {THEY_TAKE_PART} AND x.status = 'waiting' AND x.reason = ''",
            f"({MINE} OR {DIRECTS})",
            inserts="id incident_id organisation_id step_id position title containing status ready acknowledge_by"
            " finish_by reason version changed_at previous_status previous_reason",
            updates="status reason changed_by_id",
        ),
        worker=Can(
            SIDE,
            f"{LEADS} AND {THEY_TAKE_PART} AND x.status = 'waiting' AND x.reason = ''",
            LEADS,
            inserts="id incident_id organisation_id step_id position title containing status ready acknowledge_by"
            " finish_by reason version changed_at previous_status previous_reason",
            updates="ready acknowledge_by finish_by",
        ),
    ),
    "incidents_tasknote": Row(
        Can(
            MINE,
            f"{MINE} AND EXISTS (SELECT 1 FROM incidents_task t WHERE t.id = x.task_id AND t.organisation_id = %(me)s)",
        )
    ),
    "incidents_ownreference": Row(
        Can(
            MINE,
            f"{MINE} AND {IN_IT} AND (x.task_id IS NULL OR EXISTS (SELECT 1 FROM incidents_task t"
            " WHERE t.id = x.task_id AND t.incident_id = x.incident_id AND t.organisation_id = %(me)s))",
            MINE,
            MINE,
            updates="text",
        )
    ),
    "incidents_duty": Row(
        Can(
            MINE,
            f"{LEADS} AND {THEY_TAKE_PART} AND x.decision = ''",
            MINE,
            inserts="id incident_id organisation_id kind hours decision",
            updates="aware_at due_at settled_at decision",
        ),
        # Whoever is newly reached joins by the worker's hand, inside the lead.
        worker=Can(
            insert=f"{LEADS} AND {THEY_TAKE_PART} AND x.decision = ''",
            inserts="id incident_id organisation_id kind hours decision",
        ),
    ),
    # An offer of the lead is for its two sides and the overseers; functions write it.
    "incidents_handover": Row(
        Can(f"({IN_IT} AND %(me)s IN (x.from_organisation_id, x.to_organisation_id) OR {OVERSEES})")
    ),
    # A wall screen is its organisation's own; the hash of its code is for nobody to read.
    "incidents_walldisplay": Row(
        Can(
            f"{MINE} AND {IN_IT}",
            selects="id incident_id organisation_id label made_by made_at expires_at code_expires_at paired_at"
            " revoked_at",
        )
    ),
    "incidents_guestgrant": Row(Can(MINE)),
    "incidents_run": Row(
        Can(insert=f"x.lead_id = %(me)s AND {LEADS}"),
        worker=Can(OPEN, update=OPEN, updates="due_at claimed_by claimed_until"),
    ),
    # Telling people: facts for a side and its overseers; the worker's queue columns across all; the code for nobody.
    "notifications_planning": Row(
        worker=Can(
            OPEN,
            update=OPEN,
            selects="id event_id organisation_id incident_id kind subject_id state due_at attempts claimed_by"
            " claimed_until",
            updates="state due_at attempts claimed_by claimed_until",
        )
    ),
    # Reports of services: the worker settles them; what the service calls a message is nobody's to read.
    "notifications_receipt": Row(
        worker=Can(OPEN, update=OPEN, delete=OPEN, selects="id delivery_id status at taken_at due_at", updates="due_at")
    ),
    "notifications_delivery": Row(
        Can(
            f"(x.incident_id IS NULL AND {MINE} OR {SIDE})",
            selects="id organisation_id incident_id incident_reference exercise event_id contact_point_id person_id way"
            " message state created_at due_at attempts transport error accepted_at delivered_at answered_at",
        ),
        worker=Can(
            OPEN,
            f"{MINE} AND (x.incident_id IS NULL OR {IN_IT}) AND x.state IN ('pending', 'skipped')"
            " AND EXISTS (SELECT 1 FROM partners_contactpoint c WHERE c.id = x.contact_point_id"
            " AND c.organisation_id = %(me)s AND c.person_id IS NOT DISTINCT FROM x.person_id)",
            OPEN,
            selects="id organisation_id incident_id event_id contact_point_id person_id way message state created_at"
            " due_at attempts claimed_by claimed_until accepted_at delivered_at",
            inserts="id organisation_id incident_id incident_reference exercise event_id contact_point_id person_id way"
            " message code idempotency_key state error created_at due_at",
            updates="state due_at attempts claimed_by claimed_until transport provider_ref error accepted_at"
            " delivered_at answered_at",
        ),
    ),
    # A test that has not begun is nobody's to see; the hash of a link is no use to the organisation.
    "notifications_contacttest": Row(
        Can(f"{MINE} AND x.state <> 'planned'"),
        worker=Can(MINE, MINE, MINE, updates="due_at state because begun_at ended_at"),
    ),
    "notifications_contacttestask": Row(
        Can(
            MINE,
            selects="id test_id organisation_id contact_point_id person_id asked_at answered_at answered_by failed_at",
        ),
        worker=Can(MINE, MINE, MINE, updates="failed_at"),
    ),
    # Alerts: an organisation's own, by its own rule, about an incident that it may see.
    "monitoring_alertrule": Row(Can(MINE)),
    "monitoring_alert": Row(
        Can(
            MINE,
            f"{MINE} AND (x.rule_id IS NULL OR EXISTS (SELECT 1 FROM monitoring_alertrule r WHERE r.id = x.rule_id"
            f" AND r.organisation_id = %(me)s)) AND (x.incident_id IS NULL OR {IN_IT})",
        )
    ),
}
