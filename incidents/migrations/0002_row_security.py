"""Who may see and change what of an incident. The incident carries two arrays: `participants` may know that it exists,
`overseers` (lead, deputy lead, provider) see every side. Children ask their incident and inherit its policy."""

from django.db import migrations

from portal.tenancy.policies import ME, MINE, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {MINE}"
ANYONE = f"{MINE} IS NOT NULL"


def incident(table: str, condition: str = "") -> str:
    """The parent is visible to the reader, and meets the condition on `i`."""
    also = f" AND ({condition})" if condition else ""
    return f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {table}.incident_id{also})"


def side(table: str) -> str:
    """One's own side, or any side for an overseer."""
    return incident(table, f"{table}.organisation_id = {MINE} OR {ME} = ANY (i.overseers)")


def led(table: str, condition: str = "") -> str:
    return incident(table, f"i.lead_id = {ME}" + (f" AND {condition}" if condition else ""))


# Foreign keys look past row security, so the policy looks whether the writer sees the task that is named.
SEEN_TASK = (
    "task_id IS NULL OR EXISTS (SELECT 1 FROM incidents_task t WHERE t.id = incidents_ownreference.task_id"
    " AND t.incident_id = incidents_ownreference.incident_id)"
)
LEAD_ADDS = f"{ME} = lead_id AND participants = ARRAY[{ME}] AND overseers = ARRAY[{ME}]"
LEAD_CHANGES = f"{ME} = lead_id"
INCIDENT_CHANGES = (
    "title", "summary", "status", "severity", "tlp", "declared_at", "closed_at", "outcome",
    "meeting_point", "next_update_at",
)  # fmt: skip
# What an organisation says and what is true of it is never given by whoever lets it join: no column for it, or blank.
NEW_SIDE = (
    "id", "incident_id", "organisation_id", "slug", "name", "kind", "role", "is_provider", "exposure", "distance",
    "because", "other_paths", "joined_at", "duty_name", "duty_phone", "tasks_total", "tasks_open", "tasks_waiting",
    "tasks_settled", "tasks_blocked", "containing_open", "told_by", "people_told", "people_seen", "not_told_because",
)  # fmt: skip
BLANK_SIDE = (
    "(tasks_total, tasks_open, tasks_waiting, tasks_settled, tasks_blocked, containing_open, people_told, people_seen)"
    " = (0, 0, 0, 0, 0, 0, 0, 0) AND told_by = '' AND not_told_because = ''"
)
NEW_TASK = (
    "id", "incident_id", "organisation_id", "step_id", "position", "title", "containing", "status", "ready",
    "acknowledge_by", "finish_by", "reason", "version", "changed_at", "previous_status", "previous_reason",
)  # fmt: skip
BLANK_TASK = "status = 'waiting' AND version = 1 AND reason = '' AND previous_status = '' AND previous_reason = ''"
NEW_DUTY = ("id", "incident_id", "organisation_id", "kind", "hours", "decision")
REACHED = (
    "told_at", "told_by", "delivered_at", "seen_at", "people_told", "people_seen", "not_told_because",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
        ("partners", "0002_row_security"),
        ("ledger", "0002_seal"),
    ]
    operations = [
        protect(
            "incidents_playbook",
            Allow(APP, "select", ANYONE),
            Allow(WORKER, "select", ANYONE),
            Allow(APP, "insert", f"created_by_organisation_id = {ME}"),
        ),
        protect(
            "incidents_step",
            Allow(APP, "select", ANYONE),
            Allow(WORKER, "select", ANYONE),
            Allow(
                APP,
                "insert",
                "EXISTS (SELECT 1 FROM incidents_playbook p WHERE p.id = incidents_step.playbook_id"
                f" AND p.created_by_organisation_id = {ME})",
            ),
        ),
        protect(
            "incidents_incident",
            Allow(APP, "select", f"{MINE} = ANY (participants)"),
            Allow(APP, "insert", LEAD_ADDS),
            Allow(APP, "update", LEAD_CHANGES, f"{LEAD_CHANGES} AND {ME} = ANY (participants)", INCIDENT_CHANGES),
            Allow(WORKER, "select", f"{ME} = ANY (participants)"),
        ),
        protect(
            "incidents_incidentsystem",
            Allow(APP, "select", incident("incidents_incidentsystem", f"{ME} IS NOT NULL")),
            Allow(
                APP,
                "insert",
                led(
                    "incidents_incidentsystem",
                    "incidents_incidentsystem.system_id = ANY ((SELECT sec.my_systems())::uuid[])",
                ),
            ),
            Allow(WORKER, "select", incident("incidents_incidentsystem")),
        ),
        protect(
            "incidents_radius",
            Allow(APP, "select", incident("incidents_radius", f"{ME} = ANY (i.overseers)")),
            Allow(APP, "insert", led("incidents_radius")),
            Allow(APP, "update", led("incidents_radius"), columns=("computed_at", "document")),
            Allow(WORKER, "select", incident("incidents_radius", f"{ME} = ANY (i.overseers)")),
        ),
        protect(
            "incidents_participant",
            Allow(APP, "select", side("incidents_participant")),
            Allow(APP, "insert", f"{led('incidents_participant')} AND {BLANK_SIDE}", columns=NEW_SIDE),
            Allow(APP, "update", OWN, OWN, columns=("seen_at", "people_seen")),
            Allow(WORKER, "select", side("incidents_participant")),
            Allow(WORKER, "update", OWN, OWN, columns=REACHED),
        ),
        protect(
            "incidents_standing",
            Allow(APP, "select", incident("incidents_standing", f"{ME} IS NOT NULL OR incidents_standing.{OWN}")),
            Allow(WORKER, "select", incident("incidents_standing")),
        ),
        protect(
            "incidents_update",
            Allow(APP, "select", incident("incidents_update", f"{ME} IS NOT NULL")),
            Allow(APP, "insert", led("incidents_update", f"incidents_update.author_organisation_id = {ME}")),
        ),
        protect(
            "incidents_task",
            Allow(APP, "select", side("incidents_task")),
            Allow(
                APP,
                "insert",
                led("incidents_task", "incidents_task.organisation_id = ANY (i.participants)") + f" AND {BLANK_TASK}",
                columns=NEW_TASK,
            ),
            Allow(
                APP,
                "update",
                incident(
                    "incidents_task",
                    f"incidents_task.organisation_id = {MINE} OR {ME} IN (i.lead_id, i.deputy_lead_id)",
                ),
                columns=("status", "reason", "changed_by_id"),
            ),
            Allow(WORKER, "select", side("incidents_task")),
            Allow(WORKER, "update", led("incidents_task"), columns=("ready", "acknowledge_by", "finish_by")),
        ),
        protect(
            "incidents_tasknote",
            Allow(APP, "select", OWN),
            Allow(
                APP,
                "insert",
                f"{OWN} AND EXISTS (SELECT 1 FROM incidents_task t WHERE t.id = incidents_tasknote.task_id"
                f" AND t.organisation_id = {MINE})",
            ),
        ),
        protect(
            "incidents_ownreference",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", f"{OWN} AND {incident('incidents_ownreference')} AND ({SEEN_TASK})"),
            Allow(APP, "update", OWN, f"{OWN} AND {incident('incidents_ownreference')}", columns=("text",)),
            Allow(APP, "delete", OWN),
        ),
        protect(
            "incidents_duty",
            Allow(APP, "select", OWN),
            # The lead's opening makes the row for everybody; from then on it is its owner's alone.
            Allow(
                APP,
                "insert",
                led("incidents_duty", "incidents_duty.organisation_id = ANY (i.participants)") + " AND decision = ''",
                columns=NEW_DUTY,
            ),
            Allow(APP, "update", OWN, OWN, columns=("aware_at", "due_at", "settled_at", "decision")),
        ),
        protect(
            "incidents_run",
            Allow(APP, "insert", f"lead_id = {ME} AND {led('incidents_run')}"),
            Allow(WORKER, "select", "true"),
            Allow(WORKER, "update", "true", "true", columns=("due_at", "claimed_by", "claimed_until")),
        ),
    ]
