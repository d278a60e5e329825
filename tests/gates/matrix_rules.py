"""The words that the rows of `matrix` are written in: rules in plain SQL, and what a row says of each role."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    "(split_part(x.kind, '.', 1) IN ('access', 'advisory', 'assessment', 'call', 'cut', 'data_notice', 'data_position',"
    " 'decision', 'duty', 'exercise', 'file', 'finding', 'headsup', 'known_card', 'mail', 'outside_report',"
    " 'permission', 'planned', 'register', 'service', 'signing_key', 'signoff', 'situation_report',"
    " 'standing_access', 'statement', 'technique', 'webhook', 'work')"
    " OR x.kind IN ('playbook.signed', 'update.asked', 'update.given', 'update.due', 'answer.reported'))"
)
# What a tool did with a work order is said at home; that one is ready, by the lead to one organisation.
OF_ORDERS = (
    "(split_part(x.kind, '.', 1) <> 'work_order' OR x.audience = ARRAY[%(me)s]"
    f" OR x.kind = 'work_order.ready' AND cardinality(x.audience) = 1 AND {LEADS})"
)
RECORDS = (
    f"x.actor_organisation_id = %(me)s AND NOT {SAID_BY_FUNCTIONS} AND {OF_ORDERS}"
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
IN_BOTH = f"{takes_part('x.one_id')} AND {takes_part('x.other_id')}"
LINKS_BOTH = f"x.made_by_id = %(me)s AND {IN_BOTH}"
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
# Those who run a playbook together: who has signed it, who is on a system that it is for, who kept it first.
TOGETHER = (
    "(EXISTS (SELECT 1 FROM incidents_signoff o WHERE o.cacao_id = x.cacao_id AND o.organisation_id = %(me)s"
    " AND o.ended_at IS NULL)"
    f" OR EXISTS (SELECT 1 FROM incidents_playbooksystem c WHERE c.cacao_id = x.cacao_id"
    f" AND {USED_BY_ME.format('c.system_id')})"
    " OR %(me)s = (SELECT b.created_by_organisation_id FROM incidents_playbook b WHERE b.cacao_id = x.cacao_id"
    " ORDER BY b.imported_at LIMIT 1))"
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
# What only a worker does: read an answer by message, climb a ladder.
LEDGER_OF_PEOPLE = replace(LEDGER, insert=f"{RECORDS} AND split_part(x.kind, '.', 1) NOT IN ('answer', 'ladder')")
