"""What the catalogue gate lets pass, a reason a line. A line that fits nothing any more fails the gate too.

Written by hand: a colleague who adds a function or an open policy explains it here, and a reviewer reads one line.
"""

from __future__ import annotations

from tests.gates.reviewed_access import ACCESS
from tests.gates.reviewed_advisories import ADVISORIES
from tests.gates.reviewed_incidents import INCIDENTS
from tests.gates.reviewed_messages import MESSAGES
from tests.gates.reviewed_register import REGISTER
from tests.gates.reviewed_roles import APP, AUTH, SEALER, WORKER, Function

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
    (WORKER, "monitoring_advisoryalias", "r"): "other names of software; names no organisation's rows",
    (WORKER, "monitoring_advisoryfeed", "rw"): "asks what is due of public addresses; holds nothing of anybody",
    (WORKER, "partners_chore", "rw"): "claims what is due by the clock; holds nothing of substance",
    (WORKER, "partners_importjob", "rw"): "claims the dry runs of files; holds nothing of substance",
    (WORKER, "incidents_rewalk", "rw"): "finds walks to make again, of every lead; holds nothing of substance",
    (WORKER, "incidents_run", "rw"): "finds the runs that are due, of every lead; holds nothing of substance",
    (WORKER, "notifications_delivery", "rw"): "claims and settles what is due; address and code are not granted",
    (WORKER, "notifications_receipt", "drw"): "settles what services report; their ids are not granted",
    (WORKER, "notifications_answer", "rw"): "settles what was said to a message; what it was is not granted",
    (WORKER, "notifications_ladderstep", "r"): "finds the ladders that are due; says why of none",
    (WORKER, "notifications_wayout", "irw"): "whether a transport works; names no organisation",
    (WORKER, "notifications_planning", "rw"): "claims what is to be planned; holds nothing of substance",
}

# Every function: who may call it, and why it may run as the owner (DEFINER) or need not (INVOKER).
DOOR_AND_LEDGER: dict[str, Function] = {
    "sec.me()": ((APP, WORKER), "whose ticket this is, or 42501"),
    "sec.mine()": ((APP, WORKER), "the same, also for whoever is limited to own tasks; named by few policies"),
    "sec.who()": ((APP, WORKER), "which person's ticket this is"),
    "sec.ticket()": ((APP,), "what is known of the ticket that is set, nothing of any other"),
    "sec.fresh()": ((APP,), "whether a passkey was used in this session just now"),
    "sec.mint(text,uuid,text,uuid,uuid,interval,text,text,uuid,uuid)": (
        (AUTH,),
        "makes a ticket of bounded life, never a job's",
    ),
    "sec.revoke(text)": ((AUTH,), "ends a ticket"),
    "sec.revoke_session(uuid)": ((AUTH,), "ends the tickets of a session"),
    "sec.step_up(text,uuid)": ((AUTH,), "notes that a passkey was used in a session"),
    "sec.narrow(text,interval)": ((AUTH,), "makes a session's ticket reach less, never more"),
    "sec.revoke_key(uuid)": ((AUTH,), "ends a key's tickets"),
    "sec.spend(text,interval)": ((AUTH,), "uses up a socket's ticket"),
    "sec.enter(uuid)": ((), "core of the enter functions; granted to nobody"),
    "sec.sweep_tickets()": ((WORKER,), "deletes spent tickets, answers a number"),
    "sec.sweep_replays()": ((WORKER,), "deletes old idempotent answers, answers a number"),
    "sec.beat(text)": ((APP, AUTH, WORKER), "a process says that it lives"),
    "sec.beats()": ((APP, AUTH, WORKER), "which processes live; names no organisation"),
    "sec.stream_head()": ((APP,), "the last number of its own stream"),
    "sec.tail(text[],bigint[],integer)": ((APP,), "new events of the tickets handed in, each checked"),
    "sec.migrations_applied()": ((AUTH,), "names of migrations, for the probe that says ready"),
    "sec.queues()": ((AUTH,), "counts and ages over all organisations, for the scraper; names none"),
    "sec.seal()": ((), "trigger: numbers events at commit"),
}
DEFINER = DOOR_AND_LEDGER | REGISTER | INCIDENTS | MESSAGES | ACCESS | ADVISORIES
INVOKER: dict[str, Function] = {
    "sec.board_has(uuid,uuid)": ((APP,), "of which things on a board the caller may see a row"),
    "sec.finding_weight(text[])": ((), "a number for reasons that are handed in"),
    "sec.findings_an_hour()": ((), "a number"),
    "sec.findings_a_list()": ((), "a number"),
    "sec.finding_stand(monitoring_finding)": ((), "numbers of the row handed in"),
    "sec.word_of(incidents_participant)": ((), "acting or contained, of the row handed in"),
    "sec.administers(partners_person)": ((), "an administrator who is there every day, of the row handed in"),
    "sec.hash(text)": ((), "a hash"),
    "sec.mail_host(text)": ((), "the domain of an address"),
    "sec.host_in(text,text)": ((), "whether a domain is in another"),
    "sec.thumbprint(text)": ((), "the hash of a public key that is handed in"),
    "sec.plain_words(text)": ((), "words that are handed in, without case, accents and shapes of signs"),
    "sec.plain_name(text)": ((), "a name that is handed in, without what nobody sees in it"),
    "sec.told_of_contract(jsonb)": ((), "the two of a contract's row"),
    "sec.duties_are_whole(jsonb)": ((), "whether a contract's responsibilities are whole"),
    "sec.told_of_own(jsonb)": ((), "the organisation that a row belongs to"),
    "sec.good_lines(text[])": ((), "whether lines that are handed in are at most ten and short"),
    "sec.word_speakers()": ((), "roles that say a word meant for the outside"),
    "sec.data_judges()": ((), "roles that judge personal data for their organisation"),
    "sec.data_writers()": ((), "roles that write down what was done"),
    "sec.account_pattern(text)": ((), "whether a text is a pattern of accounts"),
    "sec.told_of_permission(jsonb)": ((), "the two sides of the row handed in"),
    "sec.told_of_access(jsonb)": ((), "the two organisations of the row handed in"),
    "sec.wording_checked()": ((), "trigger on own words: no link and no name that the writer can read"),
    "sec.told_of(text,jsonb)": ((), "whom an event's kind concerns"),
    "sec.shared_kinds(incidents_guestgrant)": ((), "the kinds that a grant shares, as words"),
    "sec.append_only()": ((), "trigger: nobody rewrites the ledger"),
    "sec.delivery_moves()": ((), "trigger: the arrows of a delivery"),
    "sec.incident_moves()": ((), "trigger: the arrows of an incident"),
    "sec.reported_arrows(text,boolean)": ((), "where an answer by telephone may lead; reads nothing"),
    "sec.reported_reason(text,text)": ((), "which answers by telephone have a reason; reads nothing"),
    "sec.task_moves()": ((), "trigger: the arrows of a task, under the caller's own policies"),
    "sec.link_kept()": ((), "trigger on links: counts versions"),
    "sec.system_kept()": ((), "trigger on systems: a slug that nobody can guess, and who may say who runs it"),
    "sec.stand_kept()": ((), "trigger on participations: an organisation speaks for itself, by its own people"),
}

# Schemas that a role may look into; no role may create anything in any.
SCHEMAS = {"public": {APP, AUTH, WORKER, SEALER}, "sec": {APP, AUTH, WORKER}}
EXTENSIONS = {"plpgsql"}
