"""Advisories: keeping documents and matching them with the register. See `reviewed`."""

from __future__ import annotations

from tests.gates.reviewed_roles import APP, WORKER, Function

ADVISORIES: dict[str, Function] = {
    "sec.advisories_kept(uuid,uuid,jsonb)": ((), "core of the two below, and the operator's own way"),
    "sec.keep_advisories(jsonb)": ((APP,), "documents as the caller's own, when it looks after the register"),
    "sec.keep_feed(uuid,jsonb,boolean)": ((WORKER,), "what a configured feed answered; belongs to nobody, clear alone"),
    "sec.match_again()": ((), "trigger on the register: which systems are to be matched again"),
    "sec.systems_to_watch(integer)": ((WORKER,), "components of systems that changed, and names behind them"),
    "sec.watch(jsonb)": ((WORKER,), "the index of those systems; granted to nobody to read"),
    "sec.advisories_to_match(integer)": ((WORKER,), "ids of documents that are new"),
    "sec.pairs_to_judge(uuid[],uuid[])": ((WORKER,), "what documents say of components that share a key with them"),
    "sec.readers_of(monitoring_exposure)": ((), "who reads an exposure, for the two below"),
    "sec.tell_of_exposures()": ((WORKER,), "an event for each organisation with urgent exposures; answers a number"),
    "sec.exposure_decided()": ((), "trigger on decisions: the event that owner and provider read"),
    "sec.feed_hosts()": ((APP,), "hosts of the public addresses that are asked, for whoever is signed in"),
    "sec.settle_exposures(jsonb)": ((WORKER,), "writes what was judged; answers a number"),
}
