"""Messages: planning, deliveries, receipts, answers, calls, webhooks. See `reviewed`."""

from __future__ import annotations

from tests.gates.reviewed_roles import APP, AUTH, WORKER, Function

MESSAGES: dict[str, Function] = {
    "sec.ways_in_reach(uuid[],integer,text[])": ((), "ways of whoever would be told, for counting alone"),
    "sec.how_they_would_be_told(uuid[],integer,text[])": ((APP,), "counts by way for the preview, on own systems"),
    "sec.enter_delivery(uuid,text)": ((WORKER,), "enters the organisation of a delivery whose claim it holds"),
    "sec.enter_planning(uuid,text)": ((WORKER,), "enters the organisation of a planning whose claim it holds"),
    "sec.claimed(text)": ((WORKER,), "what must be sent of the deliveries whose claim it holds"),
    "sec.own_words(text)": ((WORKER,), "own words of the organisations whose deliveries it holds, for those alone"),
    "sec.reached_contact_points()": ((WORKER,), "the ticket's organisation's contact points on reached systems"),
    "sec.contact_answered(uuid,timestamp with time zone,text)": ((), "an answer to a test, once, within a day"),
    "sec.contact_link_waits(bytea,timestamp with time zone)": ((AUTH,), "whether a link by its hash waits, yes or no"),
    "sec.answer_contact_link(bytea,timestamp with time zone)": ((AUTH,), "spends a link by its hash, once"),
    "sec.answer_contact_test(uuid,timestamp with time zone)": ((APP,), "whoever was asked says that it arrived"),
    "sec.take_receipt(uuid,text,text,timestamp with time zone)": (
        (AUTH,),
        "keeps what a service reports of a message; says nothing of whether there is one",
    ),
    "sec.webhooks_wanted()": (
        (),
        "trigger on stream entries: who subscribed to what was recorded for its organisation",
    ),
    "sec.webhook_said(uuid,text,jsonb)": ((), "records of a webhook for its organisation alone"),
    "sec.own_webhook(uuid)": ((), "an own webhook, for an administrator with a passkey used just now, or 42501"),
    "sec.put_webhook(uuid,text,text,text,text[],uuid,bytea)": (
        (APP,),
        "an administrator with a passkey used just now makes or changes an own webhook; ten at most",
    ),
    "sec.rotate_webhook(uuid,uuid,bytea)": ((APP,), "the same person gives an own webhook a second key"),
    "sec.end_old_webhook_key(uuid)": ((APP,), "the same person ends the first of two keys"),
    "sec.switch_webhook(uuid,text)": ((APP,), "the same person switches an own webhook on or off, or ends it"),
    "sec.test_webhook(uuid)": ((APP,), "the same person has a test sent; twenty an hour"),
    "sec.replay_webhook(uuid,uuid,timestamp with time zone,timestamp with time zone,boolean)": (
        (APP,),
        "the same person sends again what an own webhook has in its log; recorded",
    ),
    "sec.let_webhook_answer(uuid,boolean)": (
        (APP,),
        "the same person says whether the tool of an own webhook may answer",
    ),
    "sec.answers_now(uuid)": ((), "whether a webhook may answer, for other functions alone"),
    "sec.answering_keys(uuid)": ((AUTH,), "sealed keys of a webhook that may answer now, to look at a signature"),
    "sec.take_webhook_answer(uuid,text,text,text,text,text)": (
        (AUTH,),
        "keeps what a tool said of an incident in which its own organisation has tasks; the same for all others",
    ),
    "sec.webhooks_due()": ((), "webhooks with something due, without those of whom is cut off"),
    "sec.webhooks_waiting()": ((WORKER,), "for how many seconds the longest due has waited; names nobody"),
    "sec.claim_webhooks(text,integer,interval)": (
        (WORKER,),
        "claims what is due and answers what it claimed, as its organisation's stream has it",
    ),
    "sec.webhook_keys(text,uuid[])": ((WORKER,), "addresses and sealed keys of webhooks of which it holds a claim"),
    "sec.webhooks_open(uuid[])": ((WORKER,), "which of these webhooks may be sent to now"),
    "sec.settle_webhooks(text,uuid[],integer[],text[],integer[],text[],double precision[],boolean[],"
    "double precision[])": (
        (WORKER,),
        "settles what it holds by claim and attempt; a webhook that is gone is switched off and its people told",
    ),
    "sec.webhook_failed(uuid,double precision)": ((), "lets a failing webhook rest, and tells its people after a day"),
    "sec.webhook_gone(uuid)": ((), "switches a webhook off that says it is gone, and tells its people"),
    "sec.sweep_webhooks()": ((WORKER,), "deletes the log after ninety days, and keys that have ended"),
    "sec.enter_late(uuid)": (
        (WORKER,),
        "enters the organisation of a message that waits too long, or whose way is shut",
    ),
    "sec.answered_elsewhere()": ((), "ends what waits for a person of the row that was answered"),
    "sec.send_again(uuid)": ((APP,), "a dead message of the caller's own organisation, by a role that answers"),
    "sec.ways_out()": ((APP, AUTH), "which transports work; names no organisation and no host"),
    "sec.enter_receipt(uuid)": ((WORKER,), "enters the organisation of a message that a kept report fits by both ids"),
    "sec.may_be_answered(uuid)": ((), "whether a message waits for an answer: for other functions alone"),
    "sec.message_waits(uuid)": ((AUTH,), "what the page behind a link shows, once the link's signature was checked"),
    "sec.take_answer(uuid,text,text,text,text)": ((AUTH,), "keeps an answer, once a message; says whether it did"),
    "sec.message_answered(text,text)": ((AUTH,), "which message a text answers: by its code and the number it went to"),
    "sec.enter_answer(uuid)": ((WORKER,), "enters the organisation of an answer that waits, and for nothing else"),
    "sec.accept_by_message(uuid)": ((WORKER,), "accepts one waiting task for an answer that waits"),
    "sec.message_sent(text,text,timestamp with time zone)": (
        (AUTH,),
        "when a message with this code went to this organisation, or null; the same for a wrong code and a wrong name",
    ),
    "sec.want_contact_test(uuid,timestamp with time zone,text[])": (
        (APP,),
        "a test of an own contact, six an hour, none while an incident is open",
    ),
    "sec.take_bounce(uuid,text,text,timestamp with time zone)": (
        (WORKER,),
        "keeps that mail came back; says nothing of whether there was such a message",
    ),
    "sec.write_call(uuid,uuid,text,uuid[],boolean,text[],text,text,boolean)": (
        (),
        "the next number of a participant on the call list; called by the two below, which check who asks",
    ),
    "sec.want_call(uuid,text,uuid[],boolean,text[],text,text)": (
        (WORKER,),
        "a job puts a call to the organisation that it has entered on the list",
    ),
    "sec.ask_call(uuid,uuid,text[],text)": (
        (APP,),
        "an overseer has a participant rung, anybody else their own colleagues",
    ),
    "sec.may_ring(uuid)": ((), "whether this person oversees the call's incident or is of the organisation"),
    "sec.claim_call(uuid)": ((APP,), "holds a call for ten minutes, for whoever may ring; recorded for both sides"),
    "sec.call_said(uuid,text,jsonb)": ((), "an event about a call, for both sides and the overseers"),
    "sec.call_number(uuid,text)": (
        (APP,),
        "the number of a call that this person holds; a private one as sec.reveal_number gives it",
    ),
    "sec.settle_call(uuid,integer,text,boolean,text)": (
        (APP,),
        "what came of a call that this person holds, by its attempt",
    ),
    "sec.calls(uuid)": ((APP,), "calls that wait: of overseen incidents without names, and of the own organisation"),
    "sec.planned_told(uuid)": ((APP,), "one word an organisation of how far the messages are, for the announcer"),
    "sec.quiet_from(uuid,timestamp with time zone)": ((WORKER,), "when an organisation may be disturbed by day"),
    "sec.end_ladder(uuid,uuid,text,text)": ((), "ends one organisation's ladder and takes back what it has not sent"),
    "sec.ladder_answered()": ((), "trigger on participants: the first answer ends that organisation's ladder"),
    "sec.ladders_closed()": ((), "trigger on incidents: closing ends every ladder"),
    "sec.ladder_over()": ((), "trigger on deliveries: a ladder that has ended sends nothing more"),
    "sec.one_in_ten_minutes()": ((), "trigger on deliveries: a person is told at most once in ten minutes"),
    "sec.claim_ladder(text)": ((WORKER,), "takes one step that is due, by the database's clock, and enters its side"),
    "sec.put_off_ladder(uuid)": ((WORKER,), "a step over which a worker stumbled comes again within a minute"),
    "sec.may_steer_ladder(uuid,uuid)": ((), "whether the ticket's is the organisation or an overseer, who may answer"),
    "sec.numbers_to_ring(uuid,uuid,text[])": ((), "numbers that a person may ring: for the two ways to the call list"),
    "sec.people_to_ring(uuid,text[])": ((WORKER,), "which people of the entered organisation have such a number"),
    "sec.stop_ladder(uuid,uuid,text)": ((WORKER,), "inside an organisation or an overseer: ends a ladder"),
    "sec.climb_ladder(uuid,uuid,text)": ((WORKER,), "the same give a rung no more time"),
    "sec.pass_ladder_on(uuid,uuid)": ((APP,), "whoever was told has a colleague of their own called, once a rung"),
    "sec.kept_quiet()": ((), "trigger on deliveries: none of planned work is due at night"),
    "sec.planning_wanted()": ((), "trigger on stream entries: the planning queue's rows"),
}
