"""Why an organisation is in reach, or is not: the clauses of which such a reason is made, and how it is read.

It is kept in English, in the row of a side and in the frozen picture, because the record seals it; the API gives it so.
Pages put it through `why_in_words`, as `portal.reasons` does for a worker's sentences. What a person typed stays as it
is: the reason for letting somebody in, and the register's own words of how one system depends on another.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.translation import get_language, gettext

from portal.reasons import LONGEST, clause, clause_in_words

NO_PATH_KNOWN = clause("no path known to the register")
NAMED = clause("named as affected")
SEEN_BY = clause("intruder activity seen here, reported by %(who)s")
OPENED_THIS = clause("opened this incident")
MERGED = clause("it takes part in another incident of the same lead, which goes on in this one")
ENDED = clause("was reachable until %(when)s; no path is known to the register since")
ENDED_BY = clause("was reachable until %(when)s, when %(names)s confirmed the cut")
WITHOUT_A_PATH = (NO_PATH_KNOWN, NAMED, SEEN_BY, OPENED_THIS, MERGED, ENDED, ENDED_BY)

USES, RUNS = clause("uses %(system)s"), clause("runs %(system)s")
LEFT = clause("left, but is still connected to %(system)s")
STANDS = (USES, RUNS, LEFT)
ATTACKED, ASSUMED = clause("the attacked system"), clause("assumed to be attacked")
WHICH = clause("which %(how)s")
LINKS = {
    "identity_trust": clause("trusts log-ins from %(source)s"),
    "shared_administrators": clause("shares administrators with %(source)s"),
    "replication": clause("is copied from %(source)s"),
    "network_route": clause("can be reached over the network from %(source)s"),
    "hosting": clause("is hosted on %(source)s"),
    "data_feed": clause("takes data from %(source)s"),
    "unknown": clause("is said to be linked with %(source)s"),
}
ANY_LINK = clause("depends on %(source)s")
HALF_CUT = clause("cut on one side")
RAN_OUT = clause("barrier test ran out on %(day)s")
CLAIMED = clause("barrier claimed, never tested")

CUT_OFF = clause("%(target)s is cut off from %(source)s")
BEHIND = clause("%(target)s is behind a barrier to %(source)s, tested on %(day)s")

_ONWARDS = ", which "
_REMARKED = re.compile(r"(.+) \(([^()]+)\)", re.DOTALL)
_MOST = 12  # parts: names may hold any sign, and each is tried as an end


def why_in_words(because: str, *, walked: bool) -> str:
    """The reason of a side in the reader's language, with or without `Name: ` before it.

    `walked`: it is in by a path (its distance is known); of any other a person may have typed the reason.
    """
    return _in_words(because, walked, get_language())


@lru_cache(2048)
def _in_words(because: str, walked: bool, language: str | None) -> str:
    name, found, why = because.partition(": ")
    if found and (said := _said(why, walked)) is not None:
        return gettext("%(name)s: %(why)s") % {"name": name, "why": said}
    said = _said(because, walked)
    return because if said is None else said


def path_in_words(words: str) -> str:
    """A path in the reader's language."""
    return _path(words) or words


def outside_in_words(why: str) -> str:
    """Why an organisation is not in reach, without its name before it."""
    parts = [clause_in_words(part, (NO_PATH_KNOWN, BEHIND, CUT_OFF)) or part for part in why.split("; ")]
    return "; ".join(parts)


def is_known(because: str, *, walked: bool) -> bool:
    """Whether the reason of a side is made of marked clauses alone."""
    return _said(because.partition(": ")[2], walked) is not None


def _said(why: str, walked: bool) -> str | None:
    if len(why) > LONGEST or why.count("; ") > _MOST:
        return None
    for found in re.finditer("; ", why):
        first = _one(why[: found.start()], walked)
        if first is not None and (rest := _said(why[found.end() :], walked)) is not None:
            return f"{first}; {rest}"
    return _one(why, walked)


def _one(why: str, walked: bool) -> str | None:
    found = _path(why) if walked else None  # most are paths
    return clause_in_words(why, WITHOUT_A_PATH) if found is None else found


def _path(words: str) -> str | None:
    stand, *links = words.split(_ONWARDS)
    end = next((each for each in (ATTACKED, ASSUMED) if not links and stand.endswith(f", {each}")), "")
    said = clause_in_words(stand.removesuffix(f", {end}") if end else stand, STANDS)
    if said is None:
        return None
    after = [gettext(end)] if end else [gettext(WHICH) % {"how": _link(each)} for each in links]
    return ", ".join([said, *after])


def _link(words: str) -> str:
    """One link with what makes it doubtful; the register's own words of it stay as they were typed."""
    remarks = ""
    if found := _REMARKED.fullmatch(words):
        known = [clause_in_words(each, (HALF_CUT, RAN_OUT, CLAIMED)) for each in found[2].split("; ")]
        if None not in known:
            words, remarks = found[1], f" ({'; '.join(map(str, known))})"
    return f"{clause_in_words(words, (*LINKS.values(), ANY_LINK)) or words}{remarks}"
