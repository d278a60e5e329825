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
    (AUTH, "auth_permission", "r"): "Django's own list, the same for everybody",
    (AUTH, "django_content_type", "r"): "Django's own list, the same for everybody",
    (AUTH, "django_session", "dirw"): "a session is what tells who asks",
    (AUTH, "partners_apikey", "irw"): "a key is what tells who asks",
    (AUTH, "partners_apikeysecret", "ir"): "its hash is compared before there is a ticket",
    (AUTH, "partners_authenticator", "dirw"): "a passkey or a code is checked before there is a ticket",
    (AUTH, "partners_credential", "dirw"): "a password is compared before there is a ticket",
    (AUTH, "partners_federatedidentity", "dirw"): "whose subject at the provider this is, before there is a ticket",
    (AUTH, "partners_identityprovider", "dirw"): "whom to ask, before there is a ticket",
    (AUTH, "partners_isolation", "r"): "the sign-in page says what is cut off",
    (AUTH, "partners_oidcflow", "dirw"): "a sign-in that has begun at a provider",
    (AUTH, "partners_organisation", "r"): "a person's organisation, before their ticket",
    (AUTH, "partners_person", "rw"): "the person behind a session, before their ticket; writes two dates alone",
    (AUTH, "partners_personsession", "dirw"): "a session is what tells who asks",
    (AUTH, "partners_recoverycode", "dirw"): "a code is compared before there is a ticket",
    (AUTH, "partners_signinpolicy", "r"): "how long a session may last, before there is a ticket",
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
    "sec.mine()": ((APP, WORKER), "the same, also for whoever is limited to own tasks; named by few policies"),
    "sec.who()": ((APP, WORKER), "which person's ticket this is"),
    "sec.ticket()": ((APP,), "what is known of the ticket that is set, nothing of any other"),
    "sec.fresh()": ((APP,), "whether a passkey was used in this session just now"),
    "sec.role()": ((APP,), "the role of the person whose ticket this is; policies ask it"),
    "sec.my_name()": ((APP,), "the name of the person whose ticket this is"),
    "sec.may_approve()": ((APP,), "whether that role may be one of two"),
    "sec.mint(text,uuid,text,uuid,uuid,interval,text,text,uuid,uuid)": (
        (AUTH,),
        "makes a ticket of bounded life, never a job's",
    ),
    "sec.revoke(text)": ((AUTH,), "ends a ticket"),
    "sec.revoke_session(uuid)": ((AUTH,), "ends the tickets of a session"),
    "sec.step_up(text,uuid)": ((AUTH,), "notes that a passkey was used in a session"),
    "sec.narrow(text,interval)": ((AUTH,), "makes a session's ticket reach less, never more"),
    "sec.tried(bytea,interval)": ((AUTH,), "counts a try by hash, answers the count"),
    "sec.record_at_door(text,uuid,jsonb)": ((AUTH,), "an event of a closed list, for the person's own organisation"),
    "sec.sweep_door()": ((WORKER,), "deletes what has lapsed at the door"),
    "sec.steps_in_force(uuid)": ((AUTH,), "which steps of isolation: the door must know"),
    "sec.in_open_incident(uuid)": ((AUTH,), "yes or no, so that own tasks stay signed in"),
    "sec.system_in_open_incident(uuid)": ((AUTH,), "yes or no, so that the passkey comes first"),
    "sec.approval_happened(partners_approval,text)": ((), "the event of an approval, for its audience"),
    "sec.request_approval(text,uuid,uuid,jsonb,text[],text,boolean,uuid[])": (
        (APP,),
        "asks as the ticket's person, with a fresh passkey; who asked cannot be claimed",
    ),
    "sec.decide(uuid,boolean,text)": ((APP,), "decides as the ticket's person, never the one who asked"),
    "sec.withdraw(uuid)": ((APP,), "takes back what the own organisation asked"),
    "sec.carry_out(uuid,text)": ((), "spends an approval; called by the function of the act"),
    "sec.registered_number(uuid,text)": ((APP,), "a number to call back, recorded for both"),
    "sec.record_call_back(uuid,text,text,text,text)": ((APP,), "what came of a call, recorded for both"),
    "sec.person_kept()": ((), "trigger on people: the last administrator stays; two break-glass accounts at most"),
    "sec.signs_in()": ((), "trigger on ways in: none to a service account, passkeys alone to a break-glass one"),
    "sec.key_kept()": ((), "trigger on keys: a service account of the same organisation"),
    "sec.ways_in()": ((APP,), "counts of how the ticket's organisation's own people get in, no secret"),
    "sec.liaison(uuid)": ((), "who looks after an organisation"),
    "sec.glass_broken(uuid,boolean)": ((), "the event of a break-glass account, for its organisation and its liaison"),
    "sec.break_glass_used(uuid)": ((AUTH,), "records that a break-glass account signed in"),
    "sec.break_glass_drilled()": ((APP,), "the account itself says that it is a drill"),
    "sec.emergency_enrol(uuid)": ((APP,), "a person for eight hours, as two of two others approved after a call"),
    "sec.lead_happened(incidents_handover,text)": ((), "the event of an offer, for its two sides and the overseers"),
    "sec.may_lead()": ((), "an incident manager or administrator with a passkey used just now"),
    "sec.offer_lead(uuid,uuid,text)": ((APP,), "the lead of an open incident asks one of its participants"),
    "sec.open_offer(uuid)": ((), "locks an open offer for one of its two sides"),
    "sec.pass_lead_tasks(incidents_handover)": ((), "the lead's own steps go with the lead"),
    "sec.accept_lead(uuid)": ((APP,), "the organisation that was asked takes the lead"),
    "sec.decline_lead(uuid,text)": ((APP,), "the organisation that was asked declines, the lead takes back"),
    "sec.silent_leads()": ((WORKER,), "ids of incidents whose lead is silent, nothing else"),
    "sec.offer_silent_lead(uuid)": ((WORKER,), "asks the next in the succession, once, after looking again"),
    "sec.display_happened(incidents_walldisplay,text)": ((), "the event of a wall screen, for its organisation"),
    "sec.make_display(uuid,text,bytea)": ((APP,), "a participant's incident manager makes a wall screen"),
    "sec.revoke_display(uuid)": ((APP,), "ends a wall screen of the own organisation"),
    "sec.pair_display(bytea)": ((AUTH,), "spends the code of a wall screen, once"),
    "sec.displays_end()": ((), "trigger on incidents: a closed one is on no wall"),
    "sec.wall()": ((APP,), "what a wall screen shows of its one incident; nothing for any other ticket"),
    "sec.next_lead(uuid,uuid[])": ((), "who takes over the lead"),
    "sec.hand_over_lead(uuid,uuid,boolean,text)": ((), "moves the lead; called by the acts that may"),
    "sec.settle_roles(uuid)": ((), "roles and overseers as lead and deputy now are; called by the acts that move them"),
    "sec.told_of_isolation(uuid,uuid)": ((), "who has to know that an organisation is cut off"),
    "sec.word_follows(uuid)": ((), "the one word of an organisation that was cut off or reconnected"),
    "sec.not_trusted(uuid)": ((APP,), "which steps are in force in an incident that the ticket's organisation is in"),
    "sec.know_of_isolation(uuid)": ((), "whom an appeal concerns; called by the functions of the call-back"),
    "sec.isolate(uuid,integer,text,timestamp with time zone,uuid,uuid)": (
        (APP,),
        "an administrator for the own organisation, or what two persons of two organisations approved",
    ),
    "sec.lift_isolation(uuid,uuid)": ((APP,), "another administrator within 15 minutes, or two persons of two"),
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
    "sec.page_head()": ((APP,), "the ticket's organisation's last number and three counts"),
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
    "sec.administers(partners_person)": ((), "an administrator who is there every day, of the row handed in"),
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
