"""Incidents, planned work, messages to people, alerts. See `matrix`."""

from __future__ import annotations

from tests.gates.matrix_rules import (
    ADMINISTERS,
    ANYBODY,
    DIRECTS,
    IN_BOTH,
    IN_IT,
    LEADS,
    LINKS_BOTH,
    MINE,
    OPEN,
    OVERSEES,
    PLANNED,
    SIDE,
    SPOKEN_FOR_BY_ME,
    THEY_TAKE_PART,
    TOGETHER,
    USED_BY_ME,
    Can,
    Row,
    takes_part,
)

USES_IT = USED_BY_ME.format("x.system_id")
# One's own answer to a task that waits to be done, in an incident that goes on.
ANSWERS = (
    f"{MINE} AND EXISTS (SELECT 1 FROM incidents_task t JOIN incidents_incident n ON n.id = t.incident_id"
    " WHERE t.id = x.task_id AND t.organisation_id = %(me)s AND t.incident_id = x.incident_id AND t.ready"
    " AND t.status NOT IN ('done', 'verified', 'declined', 'not_affected', 'cancelled')"
    " AND n.status <> 'closed' AND n.suspended_at IS NULL)"
)
FOR_A_TOOL = (
    "EXISTS (SELECT 1 FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id WHERE t.id = x.task_id"
    " AND t.organisation_id = %(me)s AND t.ready AND s.instructions <> '[]')"
)
# The same rule of the sign-off that a line belongs to.
OF_SIGN_OFF = (
    "EXISTS (SELECT 1 FROM incidents_signoff y WHERE y.id = x.sign_off_id AND ("
    + f"{MINE} OR {TOGETHER}".replace("x.organisation_id", "y.organisation_id").replace("x.cacao_id", "y.cacao_id")
    + "))"
)

# A planned cut is for its planner, those that oversee, and whoever is asked.
OF_CUT = (
    f"({IN_IT} AND (x.planner_id = %(me)s OR {OVERSEES} OR EXISTS (SELECT 1 FROM incidents_plannedcutside s"
    " WHERE s.cut_id = x.id AND s.organisation_id = %(me)s AND s.asked AND s.revision = x.revision)))"
)
ASKED = "EXISTS (SELECT 1 FROM incidents_statementask a WHERE {} = x.id AND a.organisation_id = %(me)s)"
SHARED = f"(x.shared = 'all' AND {IN_IT} OR x.shared = 'lead' AND {DIRECTS})"

# The person of the ticket that asks (`arranged_names.ticket`), who is nobody but for two administrators.
MY_OWN = (
    f"{MINE} AND x.person_id = (SELECT g.person_id FROM sec.grant_token g WHERE g.token_hash = sha256(convert_to("
    "'gate-ticket-of-' || (SELECT o.slug FROM partners_organisation o WHERE o.id = %(me)s), 'UTF8')))"
)
INCIDENTS: dict[str, Row] = {
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
    # Whoever reads a playbook reads who signed it; a key is its owner's until it was used, its private half nobody's.
    "incidents_playbooksignature": Row(
        Can(
            ANYBODY,
            f"{MINE} AND (x.key_id IS NULL OR EXISTS (SELECT 1 FROM incidents_signingkey k WHERE k.id = x.key_id"
            " AND k.organisation_id = %(me)s))",
        )
    ),
    "incidents_signingkey": Row(Can(f"({MINE} OR x.used_at IS NOT NULL OR x.ended = 'exposed')")),
    "incidents_signingsecret": Row(),
    "incidents_trustedkey": Row(Can("(x.added_by_id = %(me)s OR x.for_all)")),
    # Functions write these; read by those who run the playbook together, by whoever is on the system, by the overseers.
    "incidents_signoff": Row(Can(f"({MINE} OR {TOGETHER})"), worker=Can(f"({MINE} OR {TOGETHER})")),
    "incidents_signoffstep": Row(Can(OF_SIGN_OFF)),
    "incidents_playbooksystem": Row(Can(USES_IT), worker=Can(USES_IT)),
    "incidents_signedatopening": Row(Can(f"({MINE} OR {OVERSEES})")),
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
    # Who is left untold is between those who oversee; itself never reads it, not even once it takes part.
    # Two incidents of one campaign: whoever takes part in both, and nobody by one of them.
    "incidents_campaignlink": Row(Can(IN_BOTH, LINKS_BOTH, delete=LINKS_BOTH)),
    # A view of the list is its person's alone: not even a colleague reads it.
    "incidents_savedview": Row(Can(MY_OWN, MY_OWN, delete=MY_OWN)),
    "incidents_untold": Row(
        Can(
            f"x.organisation_id <> %(me)s AND {OVERSEES}",
            f"x.organisation_id <> %(me)s AND {LEADS} AND x.told_at IS NULL AND length(x.because) <= 500",
            f"x.organisation_id <> %(me)s AND {LEADS} AND x.told_at IS NULL",
            updates="told_at",
        ),
        worker=Can(f"x.organisation_id <> %(me)s AND {OVERSEES}"),
    ),
    "incidents_outside": Row(Can(OVERSEES), worker=Can(OVERSEES)),
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
    "incidents_updaterequest": Row(Can(SIDE)),
    # A technique's state is every participant's to read, and what the lead says of it; who saw it is for itself and the
    # overseers, and its evidence stays at home until it is shared with those.
    "incidents_incidenttechnique": Row(Can(IN_IT)),
    "incidents_techniquesaying": Row(
        Can(f"({MINE} OR {OVERSEES} OR x.about_id = %(me)s OR x.said IN ('hypothesised', 'ruled_out') AND {IN_IT})")
    ),
    "incidents_techniqueevidence": Row(Can(f"({MINE} OR x.shared_at IS NOT NULL AND {OVERSEES})")),
    # Personal data: the newest of a position and a report cross where their owner shares them; a notice is two's alone.
    "incidents_dataposition": Row(Can(f"({MINE} OR x.newest AND {SHARED})")),
    "incidents_datanotice": Row(Can("%(me)s IN (x.sender_id, x.addressee_id)")),
    "incidents_outsidereport": Row(Can(f"({MINE} OR {SHARED})")),
    "incidents_outsidereportnote": Row(Can(MINE)),
    # Decisions are one's own until they are shared; what is known is for everybody who takes part.
    "incidents_logentry": Row(Can(f"({MINE} OR x.shared = 'all' AND {IN_IT} OR x.shared = 'lead' AND {OVERSEES})")),
    "incidents_knowncard": Row(Can(IN_IT)),
    # A statement is its author's, whoever's was asked, issued everybody's; what each said is the author's and its own.
    "incidents_statement": Row(
        Can(f"({MINE} OR ({ASKED.format('a.statement_id')} OR x.issued_at IS NOT NULL) AND {IN_IT})")
    ),
    "incidents_statementversion": Row(Can(f"({MINE} OR ({ASKED.format('a.version_id')} OR x.issued) AND {IN_IT})")),
    "incidents_statementask": Row(Can("%(me)s IN (x.organisation_id, x.author_id)")),
    "incidents_plannedcut": Row(Can(OF_CUT)),
    "incidents_plannedcutside": Row(Can(f"({IN_IT} AND (x.planner_id = %(me)s OR {OVERSEES} OR {MINE} AND x.asked))")),
    "incidents_plannedcutchange": Row(
        Can(f"EXISTS (SELECT 1 FROM incidents_plannedcut c WHERE c.id = x.cut_id AND {OF_CUT.replace('x.', 'c.')})")
    ),
    # A situation report is one's own until the lead may read it; what it costs nobody else ever reads.
    "incidents_situationreport": Row(Can(f"({MINE} OR x.shared = 'lead' AND {DIRECTS})")),
    "incidents_cost": Row(Can(MINE)),
    # How a service stands now is for overseers too; a note stays at home unless it is shared.
    "incidents_servicestatus": Row(Can(f"({MINE} OR x.newest AND {OVERSEES})")),
    "incidents_servicenote": Row(
        Can(
            f"({MINE} OR x.shared AND {OVERSEES} AND EXISTS (SELECT 1 FROM incidents_servicestatus s"
            " WHERE s.id = x.status_id AND s.newest))"
        )
    ),
    # Read by the worker that plans the message, inside the lead that it reminds.
    "incidents_updatereminder": Row(worker=Can("x.lead_id = %(me)s")),
    # What comes in an exercise is the lead's until its minute; how one did is one's own.
    "incidents_inject": Row(Can(LEADS)),
    "incidents_score": Row(Can(MINE)),
    # A word to members outside: its words and times for those who got it. Which incident, and who else, for nobody.
    "incidents_headsup": Row(Can("%(me)s = ANY (x.recipients)", selects="id text exercise sent_at ended_at")),
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
            updates="told_at told_by delivered_at seen_at people_told people_seen not_told_because said said_by"
            " said_at next_step next_step_at times_climbed",
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
            " finish_by reason version changed_at previous_status previous_reason path turn asked_around",
            updates="ready acknowledge_by finish_by",
        ),
    ),
    "incidents_tasknote": Row(
        Can(
            MINE,
            f"{MINE} AND EXISTS (SELECT 1 FROM incidents_task t WHERE t.id = x.task_id AND t.organisation_id = %(me)s)",
        )
    ),
    # Functions write these: of what was done without being asked the title crosses, and of an answer by telephone all
    # but who said it on which number, which is for its organisation and the one that rang.
    "incidents_ownaction": Row(Can(f"({MINE} OR {OVERSEES})")),
    "incidents_ownactionnote": Row(Can(MINE)),
    "incidents_reportedanswer": Row(Can(f"({MINE} OR {OVERSEES})")),
    "incidents_reportedvoice": Row(Can(f"({MINE} OR x.reporter_id = %(me)s)")),
    # Typed before a service stops: stays at home, like a note.
    "incidents_stopconfirmation": Row(
        Can(
            MINE,
            f"{MINE} AND EXISTS (SELECT 1 FROM incidents_task t WHERE t.id = x.task_id AND t.organisation_id = %(me)s)",
        )
    ),
    # What an organisation's own tool took and answered, of a task whose step has a command for it; final once answered.
    "incidents_workorder": Row(
        Can(
            MINE,
            f"{MINE} AND {FOR_A_TOOL}",
            f"{MINE} AND x.outcome = ''",
            updates="lease lease_until former_leases taken_at key_id key_name outcome result out_args answered_at late",
        )
    ),
    "incidents_orderagain": Row(Can(MINE)),  # a function gives an order again; what was said is kept
    # A playbook that is being written is its organisation's alone.
    "incidents_playbookdraft": Row(
        Can(MINE, ADMINISTERS, ADMINISTERS, ADMINISTERS, updates="name content version changed_at changed_by_id")
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
    # A duty is its owner's, and whoever's it shares it with; what was said of it stays at home. Functions write both.
    "incidents_duty": Row(Can(f"({MINE} OR x.shared = 'all' AND {IN_IT} OR x.shared = 'lead' AND {LEADS})")),
    "incidents_dutyrevision": Row(Can(MINE)),
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
        worker=Can(OPEN, update=OPEN, updates="due_at claimed_by claimed_until ended_at"),
    ),
    # Where a run stands is the overseers' to see, the worker's to move inside the lead. An answer goes to the lead
    # alone, and only one that a condition of the plan asks about leaves home at all.
    "incidents_runstep": Row(
        Can(OVERSEES),
        worker=Can(LEADS, LEADS, LEADS, updates="state outcome due_at began_at ended_at open rounds"),
    ),
    "incidents_decision": Row(
        Can(OVERSEES),
        worker=Can(LEADS, f"{LEADS} AND x.chosen IS NULL AND x.why = ''", LEADS, updates="withdrawn_at"),
    ),
    "incidents_runanswer": Row(
        Can(
            f"({MINE} OR {LEADS})",
            f"{ANSWERS} AND x.name = '__asked__'",
            ANSWERS,
            updates="kind value at",
        ),
        worker=Can(LEADS),
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
    # What was said to a message without signing in: at home; the worker sees that one waits.
    "notifications_answer": Row(
        Can(MINE), worker=Can(OPEN, update=OPEN, selects="id due_at settled_at", updates="due_at settled_at")
    ),
    "notifications_delivery": Row(
        Can(
            f"(x.incident_id IS NULL AND {MINE} OR {MINE} AND {IN_IT} OR {OVERSEES}"
            " AND x.message NOT IN ('data_notice', 'duty_due', 'statement_asked'))",
            selects="id organisation_id incident_id incident_reference exercise event_id contact_point_id person_id way"
            " message state created_at due_at attempts transport error accepted_at delivered_at answered_at step_id",
        ),
        worker=Can(
            OPEN,
            f"{MINE} AND (x.incident_id IS NULL OR {IN_IT}) AND x.state IN ('pending', 'skipped')"
            " AND (EXISTS (SELECT 1 FROM partners_contactpoint c WHERE c.id = x.contact_point_id"
            " AND c.organisation_id = %(me)s AND c.person_id IS NOT DISTINCT FROM x.person_id)"
            " OR x.contact_point_id IS NULL AND x.person_id IS NULL AND x.way = 'phone' AND x.incident_id IS NOT NULL)",
            OPEN,
            selects="id organisation_id incident_id event_id contact_point_id person_id way message state created_at"
            " due_at attempts claimed_by claimed_until accepted_at delivered_at step_id exercise next_way"
            " host_key quiet",
            inserts="id organisation_id incident_id incident_reference exercise event_id contact_point_id person_id way"
            " message code idempotency_key state error created_at due_at step_id",
            updates="state due_at attempts claimed_by claimed_until transport provider_ref error accepted_at"
            " delivered_at answered_at next_way",
        ),
    ),
    # A call is known to whoever was rung and to whoever rang; functions write it.
    "notifications_callattempt": Row(Can("%(me)s IN (x.organisation_id, x.caller_organisation_id)")),
    # Who was called when: for a side and its overseers; the worker finds what is due of every organisation.
    "notifications_ladderstep": Row(
        Can(
            SIDE,
            selects="id incident_id organisation_id nth round rung person_id passed_by_id quiet begun_at due_at"
            " ended_at state because",
        ),
        worker=Can(
            OPEN,
            f"{MINE} AND {IN_IT}",
            MINE,
            selects="id incident_id organisation_id nth round rung person_id passed_by_id quiet begun_at due_at"
            " ended_at state attempts claimed_by",
            inserts="id incident_id organisation_id nth round rung person_id passed_by_id quiet begun_at due_at"
            " ended_at state because attempts claimed_by",
            updates="state due_at ended_at begun_at quiet because claimed_by",
        ),
    ),
    # Whether a transport to a host works: of everybody's messages, and so of nobody's.
    "notifications_wayout": Row(
        worker=Can(
            OPEN,
            OPEN,
            OPEN,
            inserts="id transport host recent",
            updates="recent opened_at probe_at because canary_due_at canary_tried_at canary_accepted_at used_up_until",
        )
    ),
    # A test that has not begun is nobody's to see; the hash of a link is no use to the organisation.
    # Webhooks: an organisation's own, without the address, the keys and who holds what; functions write and send.
    "notifications_webhook": Row(
        Can(
            MINE,
            selects="id organisation_id label host kinds answers state because made_at made_by_id failures"
            " failing_since rests_until",
        )
    ),
    "notifications_webhooksecret": Row(Can(MINE, selects="id webhook_id organisation_id made_at ends_at")),
    "notifications_webhookdelivery": Row(
        Can(
            MINE,
            selects="id webhook_id organisation_id seq event_id kind state made_at queued_at due_at attempts tries"
            " tried_at settled_at status error replayed",
        )
    ),
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
    "monitoring_alertrule": Row(
        Can(
            MINE,
            ADMINISTERS,
            ADMINISTERS,
            ADMINISTERS,
            updates="position name source tool conditions mapping severities hosts action playbook dedupe joins"
            " window_minutes is_active version",
        )
    ),
    "monitoring_alert": Row(
        Can(
            MINE,
            f"{MINE} AND (x.rule_id IS NULL OR EXISTS (SELECT 1 FROM monitoring_alertrule r WHERE r.id = x.rule_id"
            f" AND r.organisation_id = %(me)s)) AND (x.incident_id IS NULL OR {IN_IT})",
            f"{MINE} AND (x.incident_id IS NULL OR {IN_IT})",
            updates="times last_seen_at resolved_at outcome reason incident_id",
        )
    ),
}
