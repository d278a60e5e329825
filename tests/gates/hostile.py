"""Statements that somebody who can send any SQL would try. None may succeed: each is refused, or reaches no row.

`%(…)s` are filled in by the test: `me` and `other` are organisations, `task` is the other's, `own` one's own finished
one, `incident` is Ashbourne's, `apart` one of which the asker knows nothing, `system` one that the asker does not stand on.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERYBODY = ("ashbourne", "brackenfield", "dunmere", "northgate", "gravenhurst", "forged", "nobody")
MEMBERS = EVERYBODY[:5]  # with a ticket
INSIDE = EVERYBODY[:4]  # take part in Ashbourne's incident
LEAD, NOT_LEAD = ("ashbourne",), ("brackenfield", "dunmere", "northgate", "gravenhurst")

EVENT = (
    "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_id, incident_reference, audience)"
    " VALUES (gen_random_uuid(), {kind}, now(), {actor}, 'person', {incident}, 'INC-X', {audience})"
)
TASK = (
    "INSERT INTO incidents_task (id, incident_id, organisation_id, step_id, position, title, containing, status, ready,"
    " reason, version, changed_at, previous_status, previous_reason{more}) SELECT gen_random_uuid(), %(incident)s, {who}, s.id,"
    " 99, 'Planted', true, {status}, {ready}, {reason}, 1, now(), {previous}, ''{values} FROM incidents_step s"
    " WHERE NOT EXISTS (SELECT 1 FROM incidents_task t WHERE t.incident_id = %(incident)s AND t.step_id = s.id"
    " AND t.organisation_id = {who}) LIMIT 1"
)
PARTICIPANT = (
    "INSERT INTO incidents_participant (id, incident_id, organisation_id, slug, name, kind, role, is_provider, exposure,"
    " because, other_paths, joined_at, duty_name, duty_phone, tasks_total, tasks_open, tasks_waiting, tasks_settled,"
    " tasks_blocked, containing_open, told_by, people_told, people_seen, not_told_because{more}) VALUES"
    " (gen_random_uuid(), {incident}, {who}, 's', 'S', 'council', 'participant', false, 'none', 'so', '[]', now(), '', '',"
    " {counts}, '', 0, {seen}, ''{values})"
)


def task(who: str = "%(other)s", *, status: str = "'waiting'", reason: str = "''", previous: str = "''",
         ready: str = "true", more: str = "", values: str = "") -> str:  # fmt: skip
    return TASK.format(who=who, status=status, reason=reason, previous=previous, ready=ready, more=more, values=values)


def participant(who: str, incident: str = "%(incident)s", *, counts: str = "0, 0, 0, 0, 0, 0", seen: str = "0",
                more: str = "", values: str = "") -> str:  # fmt: skip
    return PARTICIPANT.format(who=who, incident=incident, counts=counts, seen=seen, more=more, values=values)


@dataclass(frozen=True)
class Attempt:
    """`answers`: it may answer something, as EXPLAIN does, but nothing may be different afterwards."""

    what: str
    sql: str
    by: tuple[str, ...] = EVERYBODY
    role: str = "portal_app"
    answers: bool = False


TICKETS = [
    Attempt("reads tickets", "SELECT token_hash FROM sec.grant_token"),
    Attempt("reads who is isolated", "SELECT org_id FROM sec.org_state"),
    Attempt("isolates another", "UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %(other)s"),
    Attempt("writes itself a ticket", "INSERT INTO sec.grant_token (token_hash, org_id, kind, expires_at)"
            " VALUES (sha256('mine'), %(other)s, 'session', now() + interval '1 day')"),  # fmt: skip
    Attempt("prolongs its ticket", "UPDATE sec.grant_token SET expires_at = 'infinity'"),
    Attempt("forges a ticket", "SELECT set_config('app.ticket', %(other)s::text, true); SELECT id FROM incidents_incident"),
    Attempt("forges a ticket for the session", "SET app.ticket = 'forged'; SELECT id FROM partners_organisation"),
    Attempt("forgets its ticket", "RESET app.ticket; SELECT id FROM partners_organisation"),
    Attempt("enters another", "SELECT sec.enter(%(other)s)"),
    Attempt("enters by a run", "SELECT sec.enter_run(%(incident)s, 'x')"),
    Attempt("enters by a planning", "SELECT sec.enter_planning(gen_random_uuid(), 'x')"),
    Attempt("enters by a delivery", "SELECT sec.enter_delivery(gen_random_uuid(), 'x')"),
    Attempt("mints", "SELECT sec.mint('mine', %(other)s, 'session', NULL, NULL, interval '1 day')"),
    Attempt("revokes", "SELECT sec.revoke('x')"),
    Attempt("revokes a key's tickets", "SELECT sec.revoke_key(id) FROM partners_apikey"),
    Attempt("spends a socket's ticket", "SELECT sec.spend('x', interval '1 year')"),
    Attempt("sweeps", "SELECT sec.sweep_tickets()"),
    Attempt("hashes", "SELECT sec.hash('x')"),
    Attempt("replaces sec.me()", "CREATE OR REPLACE FUNCTION sec.me() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'"),
    Attempt("moves sec.me()", "ALTER FUNCTION sec.me() SECURITY INVOKER"),
    Attempt("seals by hand", "SELECT sec.seal()"),
]  # fmt: skip

SERVER = [
    Attempt("becomes the owner", "SET ROLE portal_owner"),
    Attempt("becomes the door", "SET ROLE portal_auth"),
    Attempt("becomes the worker", "SET SESSION AUTHORIZATION portal_worker"),
    Attempt("turns row security off", "SET row_security = off; SELECT id FROM incidents_incident"),
    Attempt("turns triggers off", "SET session_replication_role = replica"),
    Attempt("turns the ledger's triggers off", "ALTER TABLE ledger_event DISABLE TRIGGER ALL"),
    Attempt("drops a trigger", "DROP TRIGGER task_moves ON incidents_task"),
    Attempt("hangs a trigger", "CREATE TRIGGER x BEFORE UPDATE ON incidents_task FOR EACH ROW EXECUTE FUNCTION sec.append_only()"),
    Attempt("switches a table open", "ALTER TABLE incidents_task DISABLE ROW LEVEL SECURITY"),
    Attempt("drops a policy", "DROP POLICY portal_app_select ON incidents_task"),
    Attempt("adds a policy", "CREATE POLICY x ON incidents_task USING (true)"),
    Attempt("grants itself more", "GRANT ALL ON incidents_task TO portal_app", answers=True),
    Attempt("grants itself a role", "GRANT portal_owner TO portal_app"),
    Attempt("makes a temporary table", "CREATE TEMP TABLE x AS SELECT 1"),
    Attempt("makes a table", "CREATE TABLE x AS SELECT 1"),
    Attempt("makes a view", "CREATE VIEW x AS SELECT 1"),
    Attempt("makes a schema", "CREATE SCHEMA x"),
    Attempt("makes a leaky function", "CREATE FUNCTION pg_temp.x(uuid) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT true'"),
    Attempt("installs an extension", "CREATE EXTENSION dblink"),
    Attempt("truncates", "TRUNCATE ledger_event, ledger_streamentry"),
    Attempt("locks the ledger", "LOCK TABLE ledger_event IN ACCESS EXCLUSIVE MODE"),
    Attempt("locks incidents", "LOCK TABLE incidents_incident IN ACCESS EXCLUSIVE MODE"),
    Attempt("locks tasks", "LOCK TABLE incidents_task IN SHARE MODE"),
    Attempt("holds the head", "SELECT pos FROM ledger_head FOR UPDATE"),
    Attempt("reads a file", "SELECT pg_read_file('PG_VERSION')"),
    Attempt("lists a folder", "SELECT pg_ls_dir('.')"),
    Attempt("imports a file", "SELECT lo_import('/etc/hostname')"),
    Attempt("copies to a file", "COPY incidents_task TO '/dev/null'"),
    Attempt("copies to a program", "COPY incidents_task TO PROGRAM 'cat'"),
    Attempt("copies in", "COPY incidents_tasknote FROM STDIN"),
    Attempt("reads statistics", "SELECT 1 FROM pg_stats WHERE schemaname IN ('public', 'sec')"),
    Attempt("reads raw statistics", "SELECT 1 FROM pg_statistic"),
    Attempt("reads password hashes", "SELECT rolpassword FROM pg_authid"),
    Attempt("reads the ledger's sequence", "SELECT last_value FROM ledger_event_ordinal_seq"),
    Attempt("reads its current value", "SELECT currval('ledger_event_ordinal_seq')"),
    Attempt("reads its last value", "SELECT 1 FROM pg_sequences WHERE last_value IS NOT NULL"),
    Attempt("moves it", "SELECT setval('ledger_event_ordinal_seq', 1)"),
    Attempt("takes from it", "SELECT nextval('ledger_event_ordinal_seq')"),
    Attempt("ends another's connection", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal_auth'"),
]  # fmt: skip

LEDGER = [
    Attempt("rewrites an event", "UPDATE ledger_event SET data = '{}'"),
    Attempt("deletes an event", "DELETE FROM ledger_event"),
    Attempt("deletes from a stream", "DELETE FROM ledger_streamentry"),
    Attempt("adds to a stream", "INSERT INTO ledger_streamentry VALUES (%(other)s, 9999, gen_random_uuid())"),
    Attempt("sets the head back", "UPDATE ledger_head SET pos = 0"),
    Attempt("sets a stream's head back", "UPDATE ledger_organisationhead SET seq = 0"),
    Attempt("explains a deletion", "EXPLAIN ANALYZE DELETE FROM ledger_event"),
    Attempt("numbers its event itself", "INSERT INTO ledger_event (id, kind, at, actor_kind, audience, pos)"
            " VALUES (gen_random_uuid(), 'x.y', now(), 'person', ARRAY[%(me)s::uuid], 1)"),
    Attempt("gives it its place itself", "INSERT INTO ledger_event (id, kind, at, actor_kind, audience, ordinal)"
            " OVERRIDING SYSTEM VALUE VALUES (gen_random_uuid(), 'x.y', now(), 'person', ARRAY[%(me)s::uuid], -1)"),
    Attempt("acts as another", EVENT.format(kind="'task.completed'", actor="%(other)s", incident="%(incident)s",
            audience="ARRAY[%(other)s::uuid]")),
    Attempt("acts as nobody", EVENT.format(kind="'task.completed'", actor="NULL", incident="%(incident)s",
            audience="ARRAY[%(me)s::uuid]")),
    Attempt("tells a stranger", EVENT.format(kind="'task.completed'", actor="%(me)s", incident="%(incident)s",
            audience="ARRAY[%(me)s, %(stranger)s]::uuid[]")),
    Attempt("tells another at home", EVENT.format(kind="'contact.changed'", actor="%(me)s", incident="NULL",
            audience="ARRAY[%(me)s, %(other)s]::uuid[]")),
    Attempt("tells only another at home", EVENT.format(kind="'contact.changed'", actor="%(me)s", incident="NULL",
            audience="ARRAY[%(other)s]::uuid[]")),
    Attempt("records of an incident not its own", EVENT.format(kind="'task.completed'", actor="%(me)s", incident="%(apart)s",
            audience="ARRAY[%(me)s]::uuid[]")),
    Attempt("closes by an event alone", EVENT.format(kind="'incident.closed'", actor="%(me)s", incident="%(incident)s",
            audience="(SELECT participants FROM incidents_incident WHERE id = %(incident)s)"), NOT_LEAD),
    Attempt("gives out tasks by an event alone", EVENT.format(kind="'tasks.assigned'", actor="%(me)s",
            incident="%(incident)s", audience="(SELECT participants FROM incidents_incident WHERE id = %(incident)s)"), NOT_LEAD),
    Attempt("plans", "INSERT INTO notifications_planning (id, event_id, organisation_id, incident_id, kind)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), %(other)s, %(incident)s, 'incident.closed')"),
]  # fmt: skip

ESTATE = [
    Attempt("walks from a foreign system", "SELECT sec.edges_from(ARRAY[%(system)s::uuid], 'x')"),
    Attempt("walks from a foreign system and its own", "SELECT sec.edges_from(sec.my_systems() || %(system)s::uuid, 'x')"),
    Attempt("counts from a foreign system", "SELECT * FROM sec.who_would_be_told(ARRAY[%(system)s::uuid])"),
    Attempt("asks who shares a foreign system", "SELECT 1 FROM sec.shared_with(ARRAY[%(other)s::uuid]) x"
            " WHERE x = %(system)s"),
    Attempt("takes part in a foreign system", "INSERT INTO partners_participation (id, organisation_id, system_id)"
            " VALUES (gen_random_uuid(), %(me)s, %(system)s)"),
    Attempt("moves a contact point", "UPDATE partners_contactpoint SET address = 'mine'"),
    Attempt("trusts a contact point", "UPDATE partners_contactpoint SET trust = 'trusted'"),
    Attempt("reads password hashes of people", "SELECT password FROM partners_credential"),
    Attempt("reads keys' hashes", "SELECT digest FROM partners_apikeysecret"),
    Attempt("reads sessions", "SELECT session_data FROM django_session"),
    Attempt("reads links", "SELECT digest FROM partners_signinlink"),
    Attempt("makes itself administrator", "UPDATE partners_person SET role = 'administrator'"),
    Attempt("makes a key", "INSERT INTO partners_apikey (id, organisation_id, label, scopes, created_at, expires_at)"
            " VALUES (gen_random_uuid(), %(other)s, 'x', '{open}', now(), 'infinity')"),
    Attempt("widens its keys", "UPDATE partners_apikey SET scopes = '{open}'"),
    Attempt("reads what waits to be told", "SELECT id FROM notifications_planning"),
    Attempt("reads codes", "SELECT code FROM notifications_delivery"),
    Attempt("settles a delivery", "UPDATE notifications_delivery SET state = 'dead'"),
    Attempt("tells somebody", "INSERT INTO notifications_delivery (id) VALUES (gen_random_uuid())"),
    Attempt("claims", "SELECT * FROM sec.claimed('x')"),
    Attempt("reads others' replays", "SELECT body FROM api_replay WHERE organisation_id <> %(me)s", MEMBERS),
    Attempt("deletes others' replays", "DELETE FROM api_replay WHERE organisation_id <> %(me)s", MEMBERS),
]  # fmt: skip

INCIDENTS = [
    Attempt("adds itself to the arrays", "UPDATE incidents_incident SET participants = participants || %(me)s::uuid"),
    Attempt("makes itself overseer", "UPDATE incidents_incident SET overseers = participants"),
    Attempt("takes the lead", "UPDATE incidents_incident SET lead_id = %(me)s"),
    Attempt("makes a real one an exercise", "UPDATE incidents_incident SET exercise = true"),
    Attempt("renames another's", "UPDATE incidents_incident SET title = 'x' WHERE lead_id <> %(me)s", MEMBERS),
    Attempt("closes another's", "UPDATE incidents_incident SET status = 'closed', outcome = 'duplicate', closed_at = now()"
            " WHERE lead_id <> %(me)s", MEMBERS),
    Attempt("makes itself deputy", "UPDATE incidents_incident SET deputy_lead_id = %(me)s WHERE lead_id <> %(me)s", MEMBERS),
    Attempt("deletes incidents", "DELETE FROM incidents_incident"),
    Attempt("joins", participant("%(me)s"), NOT_LEAD),
    Attempt("joins what it knows nothing of", participant("%(me)s", "%(apart)s"), MEMBERS),
    Attempt("lets a friend join", participant("%(stranger)s"), NOT_LEAD),
    Attempt("adds somebody who has been told", participant("%(stranger)s", more=", told_at", values=", now()"), LEAD),
    Attempt("adds somebody who has answered", participant("%(stranger)s", more=", acknowledged_at", values=", now()"), LEAD),
    Attempt("adds somebody who has looked", participant("%(stranger)s", seen="1", more=", seen_at", values=", now()"), LEAD),
    Attempt("adds somebody with settled tasks", participant("%(stranger)s", counts="9, 0, 0, 9, 0, 0"), LEAD),
    Attempt("says that another has looked", "UPDATE incidents_participant SET seen_at = now() WHERE organisation_id <> %(me)s", MEMBERS),
    Attempt("says that it has answered", "UPDATE incidents_participant SET acknowledged_at = now()"),
    Attempt("says that it was told", "UPDATE incidents_participant SET told_at = now(), told_by = 'me'"),
    Attempt("throws somebody out", "DELETE FROM incidents_participant"),
    Attempt("says that it is contained", "UPDATE incidents_standing SET word = 'contained'"),
    Attempt("writes an update", "INSERT INTO incidents_update (id, incident_id, author_organisation_id, author_name, text, at)"
            " VALUES (gen_random_uuid(), %(incident)s, %(me)s, 'x', 'x', now())", NOT_LEAD),
    Attempt("writes an update as another", "INSERT INTO incidents_update (id, incident_id, author_organisation_id, author_name,"
            " text, at) VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x', 'x', now())", MEMBERS),
    Attempt("rewrites an update", "UPDATE incidents_update SET text = 'x'"),
    Attempt("redraws the radius", "UPDATE incidents_radius SET document = '{}' WHERE incident_id = %(incident)s", NOT_LEAD),
    Attempt("reads a foreign radius", "SELECT document FROM incidents_radius WHERE incident_id = %(apart)s", MEMBERS),
    Attempt("runs it", "UPDATE incidents_run SET due_at = now()"),
    Attempt("changes a playbook", "UPDATE incidents_playbook SET document = '{}'"),
    Attempt("adds a step to another's playbook", "INSERT INTO incidents_step (id, playbook_id, cacao_step_id, position, title,"
            " audience, acknowledge_minutes, finish_minutes, containing, confirmed_by_council, \"join\", do_this, why, who, stops,"
            " worked, undo, cannot, d3fend, instructions, after) SELECT gen_random_uuid(), p.id, 'x', 99, 'x', 'all', 1, 1, false,"
            " false, 'all', '', '', '', '', '', '', '', '[]', '[]', '{}' FROM incidents_playbook p"
            " WHERE p.created_by_organisation_id <> %(me)s", MEMBERS),
    Attempt("decides another's duty", "INSERT INTO incidents_duty (id, incident_id, organisation_id, kind, hours, decision)"
            " VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x', 72, 'Not notifiable')", MEMBERS),
    Attempt("settles another's duty", "INSERT INTO incidents_duty (id, incident_id, organisation_id, kind, hours, decision,"
            " settled_at) VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x', 72, '', now())", MEMBERS),
    Attempt("makes another aware", "UPDATE incidents_duty SET aware_at = now() WHERE organisation_id <> %(me)s", MEMBERS),
    Attempt("reads another's duties", "SELECT 1 FROM incidents_duty WHERE organisation_id <> %(me)s", MEMBERS),
]  # fmt: skip

TASKS = [
    Attempt("answers for another", "UPDATE incidents_task SET status = 'acknowledged' WHERE id = %(task)s"),
    Attempt("finishes for another", "UPDATE incidents_task SET status = 'done' WHERE id = %(task)s"),
    Attempt("declines for another", "UPDATE incidents_task SET status = 'declined', reason = 'x' WHERE id = %(task)s"),
    Attempt("calls off another's", "UPDATE incidents_task SET status = 'cancelled' WHERE id = %(task)s", NOT_LEAD),
    Attempt("calls off its own", "UPDATE incidents_task SET status = 'cancelled' WHERE id = %(own)s", NOT_LEAD),
    Attempt("gives another's reason", "UPDATE incidents_task SET reason = 'x' WHERE id = %(task)s"),
    Attempt("verifies its own", "UPDATE incidents_task SET status = 'verified' WHERE id = %(own)s"),
    Attempt("verifies another's", "UPDATE incidents_task SET status = 'verified' WHERE organisation_id = %(done_by)s"
            " AND status = 'done'", NOT_LEAD),
    Attempt("jumps to verified", "UPDATE incidents_task SET status = 'verified' WHERE id = %(task)s"),
    Attempt("says who answered another's", "UPDATE incidents_task SET changed_by_id = gen_random_uuid() WHERE id = %(task)s"),
    Attempt("takes back what it did not answer", "UPDATE incidents_task SET changed_by_id = gen_random_uuid() WHERE id = %(own)s"),
    Attempt("moves due times", "UPDATE incidents_task SET finish_by = 'infinity'"),
    Attempt("makes it ready", "UPDATE incidents_task SET ready = true"),
    Attempt("hides its history", "UPDATE incidents_task SET version = 1, previous_status = ''"),
    Attempt("gives it away", "UPDATE incidents_task SET organisation_id = %(other)s"),
    Attempt("deletes tasks", "DELETE FROM incidents_task"),
    Attempt("explains an answer for another", "EXPLAIN ANALYZE UPDATE incidents_task SET status = 'acknowledged'"
            " WHERE id = %(task)s", answers=True),
    Attempt("gives out tasks", task(), NOT_LEAD),
    Attempt("gives itself a task", task("%(me)s"), NOT_LEAD),
    Attempt("gives a stranger a task", task("%(stranger)s"), INSIDE),
    Attempt("adds a verified task", task(status="'verified'"), MEMBERS),
    Attempt("adds a task of its own that is verified", task("%(me)s", status="'verified'"), MEMBERS),
    Attempt("adds a task that was answered", task(more=", acknowledged_at", values=", now()"), MEMBERS),
    Attempt("adds a task that was done", task(more=", done_at", values=", now()"), MEMBERS),
    Attempt("adds a task with a reason", task(reason="'they refuse'"), MEMBERS),
    Attempt("adds a task with somebody's answer", task(more=", changed_by_id", values=", gen_random_uuid()"), MEMBERS),
    Attempt("adds a task that can be undone to done", task("%(me)s", previous="'done'"), MEMBERS),
    Attempt("reads another's notes", "SELECT 1 FROM incidents_tasknote WHERE organisation_id <> %(me)s", MEMBERS),
    Attempt("notes on another's task", "INSERT INTO incidents_tasknote (id, task_id, organisation_id, text, answers, at)"
            " VALUES (gen_random_uuid(), %(task)s, %(me)s, 'x', '{}', now())"),
    Attempt("notes as another", "INSERT INTO incidents_tasknote (id, task_id, organisation_id, text, answers, at)"
            " VALUES (gen_random_uuid(), %(task)s, %(other)s, 'x', '{}', now())"),
    Attempt("rewrites notes", "UPDATE incidents_tasknote SET text = 'x'"),
    Attempt("refers as another", "INSERT INTO incidents_ownreference (id, incident_id, organisation_id, text)"
            " VALUES (gen_random_uuid(), %(incident)s, %(other)s, 'x')"),
    Attempt("refers to a task that it does not see", "INSERT INTO incidents_ownreference (id, incident_id, organisation_id,"
            " task_id, text) VALUES (gen_random_uuid(), %(incident)s, %(me)s, %(task)s, 'x')", ("brackenfield", "dunmere", "gravenhurst")),
    Attempt("refers to an incident that it knows nothing of", "INSERT INTO incidents_ownreference (id, incident_id,"
            " organisation_id, text) VALUES (gen_random_uuid(), %(apart)s, %(me)s, 'x')", MEMBERS),
    Attempt("reads others' references", "SELECT 1 FROM incidents_ownreference WHERE organisation_id <> %(me)s", MEMBERS),
    Attempt("changes others' references", "UPDATE incidents_ownreference SET text = 'x' WHERE organisation_id <> %(me)s", MEMBERS),
    Attempt("deletes others' references", "DELETE FROM incidents_ownreference WHERE organisation_id <> %(me)s", MEMBERS),
]  # fmt: skip

WORKER = [
    Attempt(what, sql, by, "portal_worker")
    for what, sql, by in (
        ("the worker enters without a claim", "SELECT sec.enter_planning(id, 'x') FROM notifications_planning", EVERYBODY),
        ("the worker enters without a name", "SELECT sec.enter_planning(id, '') FROM notifications_planning", EVERYBODY),
        ("the worker enters a delivery", "SELECT sec.enter_delivery(id, 'x') FROM notifications_delivery", EVERYBODY),
        ("the worker enters a run", "SELECT sec.enter_run(incident_id, 'x') FROM incidents_run", EVERYBODY),
        ("the worker enters an organisation", "SELECT sec.enter(%(other)s)", EVERYBODY),
        ("the worker sends what it has not claimed", "SELECT 1 FROM sec.claimed('x')", EVERYBODY),
        ("the worker sends for nobody", "SELECT 1 FROM sec.claimed('')", EVERYBODY),
        ("the worker reads codes", "SELECT code FROM notifications_delivery", EVERYBODY),
        ("the worker reads others' addresses", "SELECT 1 FROM partners_contactpoint WHERE organisation_id <> %(me)s", MEMBERS),
        ("the worker moves addresses", "UPDATE partners_contactpoint SET address = 'x'", EVERYBODY),
        ("the worker distrusts others'", "UPDATE partners_contactpoint SET trust = 'doubtful' WHERE organisation_id <> %(me)s", MEMBERS),
        ("the worker answers", "UPDATE incidents_task SET status = 'done'", EVERYBODY),
        ("the worker moves due times", "UPDATE incidents_task SET finish_by = now() WHERE incident_id = %(incident)s", NOT_LEAD),
        ("the worker says that another was told", "UPDATE incidents_participant SET told_at = now() WHERE organisation_id <> %(me)s", MEMBERS),
        ("the worker moves a run", "UPDATE incidents_run SET lead_id = %(me)s", EVERYBODY),
        ("the worker reads notes", "SELECT 1 FROM incidents_tasknote", EVERYBODY),
        ("the worker reads duties", "SELECT 1 FROM incidents_duty", EVERYBODY),
        ("the worker reads passwords", "SELECT 1 FROM partners_credential", EVERYBODY),
        ("the worker mints", "SELECT sec.mint('x', %(other)s, 'session', NULL, NULL, interval '1 day')", EVERYBODY),
        ("the worker changes where a delivery goes", "UPDATE notifications_delivery SET contact_point_id = NULL", EVERYBODY),
        ("the worker writes to another's people", "INSERT INTO notifications_delivery (id, organisation_id, incident_id,"
         " incident_reference, exercise, event_id, contact_point_id, person_id, way, message, code, idempotency_key, state)"
         " SELECT gen_random_uuid(), %(me)s, %(incident)s, 'x', false, gen_random_uuid(), d.contact_point_id, d.person_id,"
         " 'email', 'opened', 'x', uuid_send(gen_random_uuid()), 'pending' FROM notifications_delivery d"
         " WHERE d.organisation_id <> %(me)s", MEMBERS),
        ("the worker rewrites the ledger", "UPDATE ledger_event SET data = '{}'", EVERYBODY),
        ("the worker walks", "SELECT sec.edges_from(sec.my_systems(), 'x')", EVERYBODY),
    )
]  # fmt: skip

DOOR = [
    Attempt(what, sql, EVERYBODY, role)
    for role in ("portal_auth", "portal_sealer")
    for what, sql in (
        ("the door reads incidents", "SELECT 1 FROM incidents_incident"),
        ("the door reads tasks", "SELECT 1 FROM incidents_task"),
        ("the door reads the ledger", "SELECT 1 FROM ledger_event"),
        ("the door reads contacts", "SELECT 1 FROM partners_contactpoint"),
        ("the door reads tickets", "SELECT 1 FROM sec.grant_token"),
        ("the door asks who it is", "SELECT sec.me()"),
        ("the door enters", "SELECT sec.enter(%(other)s)"),
        ("the door promotes somebody", "UPDATE partners_person SET role = 'administrator'"),
        ("the door moves somebody", "UPDATE partners_person SET organisation_id = %(other)s"),
        ("the door widens keys", "UPDATE partners_apikey SET scopes = '{open}'"),
        ("the door mints a job's ticket", "SELECT sec.mint('x', %(other)s, 'job', NULL, NULL, interval '1 day')"),
        ("the door mints for ever", "SELECT sec.mint('x', %(other)s, 'session', NULL, NULL, interval '10 years')"),
        ("the door reads streams", "SELECT 1 FROM sec.tail(ARRAY['x'], ARRAY[0], 1)"),
        ("the door isolates", "UPDATE sec.org_state SET isolated_at = now()"),
    )
]  # fmt: skip

ATTEMPTS = [*TICKETS, *SERVER, *LEDGER, *ESTATE, *INCIDENTS, *TASKS, *WORKER, *DOOR]
