"""The register: organisations, people, the estate, contacts, assurance, permissions. See `matrix`."""

from __future__ import annotations

from tests.gates.matrix_rules import (
    ADMINISTERS,
    ANYBODY,
    EITHER_END,
    KEEPER,
    LINKS,
    MINE,
    NOBODY,
    NOTHING_SAID,
    OF_OURS,
    OF_OWN_FILE,
    OPEN,
    PERSON_OF_OURS,
    READS_FINDING,
    RUN_BY_ME,
    RUNS_IT,
    SHARED_WITH_ME,
    SIDES,
    SPOKEN_FOR_BY_ME,
    TOLD,
    UNTESTED,
    USED_BY_ME,
    VERSION_OF_MINE,
    Can,
    Row,
)

REGISTER: dict[str, Row] = {
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
    "partners_sealedaddress": NOBODY,
    # What a person wishes is for that person, and for the jobs that tell them; the arranged rows are of those two whose
    # tickets have a person, and of the others' people, whom no ticket is.
    "partners_reachpreference": Row(
        Can(f"{ADMINISTERS} AND x.first = 'sms'"),
        worker=Can(MINE),
    ),
    "partners_contractor": Row(
        Can(MINE, ADMINISTERS, ADMINISTERS, ADMINISTERS, updates="name number hours script"), worker=Can(MINE)
    ),
    "partners_dutyshift": Row(Can(MINE, f"{ADMINISTERS} AND {OF_OURS}", delete=ADMINISTERS), worker=Can(MINE)),
    "partners_dutyoverride": Row(Can(MINE, f"{ADMINISTERS} AND {OF_OURS}", delete=ADMINISTERS), worker=Can(MINE)),
    "partners_toldalongside": Row(
        Can(MINE, f"{ADMINISTERS} AND {PERSON_OF_OURS}", delete=ADMINISTERS), worker=Can(MINE)
    ),
    "partners_dutyentry": Row(Can(MINE)),
    # Whom the ladder calls, and after how long.
    "partners_ladderrung": Row(
        Can(
            MINE,
            # No machine, no guest and no break-glass account stands on a rung.
            f"{ADMINISTERS} AND {PERSON_OF_OURS} AND EXISTS (SELECT 1 FROM partners_person p WHERE p.id = x.person_id"
            " AND NOT p.break_glass AND p.role NOT IN ('service_account', 'guest'))",
            delete=ADMINISTERS,
        ),
        worker=Can(MINE),
    ),
    "partners_laddertime": Row(Can(MINE, ADMINISTERS, ADMINISTERS, ADMINISTERS, updates="minutes"), worker=Can(MINE)),
    # What an administrator has its own people told in its own words; a worker gets them with its messages.
    "notifications_wording": Row(Can(MINE, ADMINISTERS, ADMINISTERS, ADMINISTERS, updates="preface line")),
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
}
