"""What the catalogue gate lets pass, a reason a line. A line that fits nothing any more fails the gate too.

Written by hand: a colleague who adds a function or an open policy explains it here, and a reviewer reads one line.
"""

from __future__ import annotations

APP, AUTH, WORKER, SEALER = "portal_app", "portal_auth", "portal_worker", "portal_sealer"
ROLES = (APP, AUTH, WORKER, SEALER)

# Tables without row security. No role of the product may touch one in any way.
GRANTED_TO_NOBODY = {
    "public.django_migrations": "only the owner migrates",
    "sec.grant_token": "tickets: sec.me() and the door's functions are the only way in",
    "sec.heartbeat": "sec.beat() and sec.beats() are the only way in",
    "sec.org_state": "written by the trigger on organisations, read by sec.me()",
}

# Policies that ask for no ticket: (role, table, commands) and why these rows are nobody's.
OPEN_POLICIES = {
    (AUTH, "account_emailaddress", "dirw"): "who has this address is asked before sign-in",
    (AUTH, "account_emailconfirmation", "dirw"): "a link is followed before sign-in",
    (AUTH, "auth_permission", "r"): "Django's own list, the same for everybody",
    (AUTH, "django_content_type", "r"): "Django's own list, the same for everybody",
    (AUTH, "django_session", "dirw"): "a session is what tells who asks",
    (AUTH, "partners_apikey", "irw"): "a key is what tells who asks",
    (AUTH, "partners_apikeysecret", "ir"): "its hash is compared before there is a ticket",
    (AUTH, "partners_credential", "dirw"): "a password is compared before there is a ticket",
    (AUTH, "partners_organisation", "r"): "a person's organisation, before their ticket",
    (AUTH, "partners_person", "rw"): "the person behind a session, before their ticket; writes last_login alone",
    (AUTH, "partners_signinlink", "dirw"): "a link is what tells who asks",
    (AUTH, "vault_datakey", "ir"): "a TOTP seed is opened before there is a ticket; the key is wrapped",
    (WORKER, "incidents_run", "rw"): "finds the runs that are due, of every lead; holds nothing of substance",
    (WORKER, "notifications_delivery", "rw"): "claims and settles what is due; address and code are not granted",
    (WORKER, "notifications_planning", "rw"): "claims what is to be planned; holds nothing of substance",
}

# Every function: who may call it, and why it may run as the owner (DEFINER) or need not (INVOKER).
Function = tuple[tuple[str, ...], str]
DEFINER: dict[str, Function] = {
    "sec.me()": ((APP, WORKER), "whose ticket this is, or 42501"),
    "sec.who()": ((APP, WORKER), "which person's ticket this is"),
    "sec.mint(text,uuid,text,uuid,uuid,interval)": ((AUTH,), "makes a ticket of bounded life, never a job's"),
    "sec.revoke(text)": ((AUTH,), "ends a ticket"),
    "sec.revoke_key(uuid)": ((AUTH,), "ends a key's tickets"),
    "sec.spend(text,interval)": ((AUTH,), "uses up a socket's ticket"),
    "sec.enter(uuid)": ((), "core of the enter functions; granted to nobody"),
    "sec.enter_delivery(uuid,text)": ((WORKER,), "enters the organisation of a delivery whose claim it holds"),
    "sec.enter_planning(uuid,text)": ((WORKER,), "enters the organisation of a planning whose claim it holds"),
    "sec.enter_run(uuid,text)": ((WORKER,), "enters the lead's organisation of a run whose claim it holds"),
    "sec.claimed(text)": ((WORKER,), "what must be sent of the deliveries whose claim it holds"),
    "sec.reached_contact_points()": ((WORKER,), "the ticket's organisation's contact points on reached systems"),
    "sec.sweep_tickets()": ((WORKER,), "deletes spent tickets, answers a number"),
    "sec.sweep_replays()": ((WORKER,), "deletes old idempotent answers, answers a number"),
    "sec.beat(text)": ((APP, AUTH, WORKER), "a process says that it lives"),
    "sec.beats()": ((APP, AUTH, WORKER), "which processes live; names no organisation"),
    "sec.my_systems()": ((APP, WORKER), "ids of the systems that the ticket's organisation stands on; policies ask it"),
    "sec.systems_i_run()": ((APP, WORKER), "ids of the systems that it owns or provides; policies ask it"),
    "sec.neighbours()": ((APP, WORKER), "names of the systems next to its own, and nothing else of them"),
    "sec.shared_with(uuid[])": ((APP,), "which of its own systems others stand on too"),
    "sec.edges_from(uuid[],text)": ((APP,), "the walk of a radius from its own systems, recorded for all it shows"),
    "sec.who_would_be_told(uuid[])": ((APP,), "counts for a preview from its own systems, no name and no address"),
    "sec.page_head()": ((APP,), "the ticket's organisation's last number and two counts"),
    "sec.stream_head()": ((APP,), "the last number of its own stream"),
    "sec.tail(text[],bigint[],integer)": ((APP,), "new events of the tickets handed in, each checked"),
    "sec.silence(uuid)": ((APP,), "a count, for a participant who may not see whose silence it is"),
    "sec.migrations_applied()": ((AUTH,), "names of migrations, for the probe that says ready"),
    "sec.queues()": ((AUTH,), "counts and ages over all organisations, for the scraper; names none"),
    "sec.seal()": ((), "trigger: numbers events at commit"),
    "sec.planning_wanted()": ((), "trigger on stream entries: the planning queue's rows"),
    "sec.organisation_made()": ((), "trigger on organisations: its row of ticket state"),
    "sec.incident_opened()": ((), "trigger on incidents: the lead's telephone number"),
    "sec.participant_joins()": ((), "trigger on participants: the duty desk as it was then"),
    "sec.participants_joined()": ((), "trigger on participants: the incident's two arrays and the standings"),
    "sec.tasks_counted()": ((), "trigger on tasks: kept counters and the one word"),
}
INVOKER: dict[str, Function] = {
    "sec.hash(text)": ((), "a hash"),
    "sec.told_of(text,jsonb)": ((), "whom an event's kind concerns"),
    "sec.append_only()": ((), "trigger: nobody rewrites the ledger"),
    "sec.delivery_moves()": ((), "trigger: the arrows of a delivery"),
    "sec.incident_moves()": ((), "trigger: the arrows of an incident"),
    "sec.task_moves()": ((), "trigger: the arrows of a task, under the caller's own policies"),
}

# Schemas that a role may look into; no role may create anything in any.
SCHEMAS = {"public": {APP, AUTH, WORKER, SEALER}, "sec": {APP, AUTH, WORKER}}
EXTENSIONS = {"plpgsql"}
