"""Who reached whom: names, sources, sights, and what was taken of a log. See `reviewed`."""

from __future__ import annotations

from tests.gates.reviewed_roles import APP, WORKER, Function

BOTH = (APP, WORKER)
ACCESS: dict[str, Function] = {
    "sec.whose(text[],text[])": (BOTH, "whose names of a log are, each of which the caller must know already"),
    "sec.access_register()": (BOTH, "slugs of organisations, and of the systems that one has to do with"),
    "sec.access_permissions()": (BOTH, "permissions of which one is a side, or whose systems one runs"),
    "sec.has_aliases()": (BOTH, "whether there are own spellings"),
    "sec.claim_name(text,text,uuid,uuid)": ((APP,), "a name for oneself, or of a machine on a system that one runs"),
    "sec.drop_name(uuid)": ((APP,), "takes back a name of one's own, or one that one has claimed for another"),
    "sec.source_named(text,text)": (BOTH, "an own source, at most 200"),
    "sec.let_learn(uuid,timestamp with time zone)": ((APP,), "until when an own source only learns"),
    "sec.begin_blocks(uuid,bytea[])": (BOTH, "which blocks of an own source are new"),
    "sec.forget_blocks(uuid,bytea[])": (BOTH, "of an own source, the blocks that held nothing"),
    "sec.names_version()": (BOTH, "a digest over the names that sec.whose may answer"),
    "sec.take_sights(uuid,text[],text[],text[],text[],uuid[],uuid[],text[],uuid[],text[],timestamp with time zone[],"
    "uuid[])": (
        BOTH,
        "first sights of an own source, of which the account, the place or the system is the caller's",
    ),
    "sec.take_changes(uuid,text[],text[],text[],text[],text[],uuid[],uuid[],text[],uuid[],"
    "timestamp with time zone[])": (
        BOTH,
        "changes of accounts and rights, of those alone",
    ),
    "sec.learn_aliases(uuid[],text[],text[])": (BOTH, "spellings that own records prove; joins what oneself has told"),
    "sec.aliases_of(uuid[],text[])": (BOTH, "own spellings"),
    "sec.count_source(uuid,bigint,bigint,bigint,timestamp with time zone,timestamp with time zone,text,text,uuid[],"
    "bigint[],bigint[],timestamp with time zone[],timestamp with time zone[],timestamp with time zone[],text[],text[],"
    "text[],text[],bigint[],timestamp with time zone[],timestamp with time zone[])": (
        BOTH,
        "what an own source has told, of own systems, and own names that nobody knows",
    ),
    "sec.hand_over_intake(uuid,text,text,text,bigint,bigint,bigint,bigint[],jsonb)": (
        (APP,),
        "the rest of a body of an own source for a worker",
    ),
    "sec.open_intake(text,text,text,text,bigint,text)": ((WORKER,), "a file on this machine, for an organisation"),
    "sec.claim_intakes(text,integer)": ((WORKER,), "takes what is left of bodies, and names none"),
    "sec.name_of_another(text,text,uuid)": ((), "whether a name is another's already, for claim_name"),
    "sec.intake_of(uuid)": ((), "the row of a claim, for the two functions above"),
    "sec.enter_intake(uuid,text)": ((WORKER,), "enters the organisation of an intake whose claim it holds"),
    "sec.intake_reached(uuid,text,bigint,bigint,bigint[],jsonb)": ((WORKER,), "how far such an intake came"),
    "sec.end_intake(uuid,text,text)": ((WORKER,), "ends such an intake"),
    "sec.learned_sights(uuid[])": ((APP,), "which of the caller's own sights were learned, never by the other side"),
    "sec.sweep_access(integer)": ((WORKER,), "deletes what is older than is said, answers a count"),
    "sec.crossings_i_run(date,date)": ((APP,), "counts between organisations on systems that one runs; no account"),
    # Findings.
    "sec.finding_happened(monitoring_finding,text)": ((), "the event of a finding, for its organisation alone"),
    "sec.cuts()": ((), "when who was cut off, with who may know; for the functions below"),
    "sec.access_moments()": (BOTH, "times of cuts that the caller may know of, and of permissions that it may read"),
    "sec.take_passages(uuid,text[],uuid[],uuid[],text[],timestamp with time zone[])": (
        BOTH,
        "notes sights of which the account, the place or the system is the caller's; answers nothing",
    ),
    "sec.list_of_findings(uuid,text,uuid,uuid[])": ((), "the list of one organisation, for judge_access"),
    "sec.count_list(uuid)": ((), "counts what stands in it, for judge_access"),
    "sec.picture_changed(text,uuid,uuid[],jsonb)": ((), "the event of a name or of learning, for whom it is about"),
    "sec.name_changed(monitoring_identifier,text)": ((), "the event of a name, for its two organisations"),
    "sec.judge_access(integer)": ((WORKER,), "makes findings of each side's own sights and changes, answers a count"),
    "sec.access_waiting()": ((WORKER,), "whether anything waits to be judged; names nothing"),
    "sec.sweep_findings(integer)": ((WORKER,), "deletes what is older than is said, answers a count"),
    "sec.settle_finding(uuid,text,text,uuid,text)": ((APP,), "decides on an own finding, once, and says so at home"),
    "sec.suppression_happened(monitoring_suppression,text)": ((), "the event of a suppression, for its two sides"),
    "sec.ask_suppression(uuid,text,text,date,text[])": (
        (APP,),
        "asks the other side of an own finding, with a passkey used just now",
    ),
    "sec.agree_suppression(uuid)": ((APP,), "the side that was asked agrees, with a passkey used just now"),
    "sec.end_suppression(uuid)": ((APP,), "either side ends one"),
    "sec.log_coverage()": (
        (APP,),
        "when logs told last of the caller's systems; whose they are is for whoever runs one",
    ),
}
