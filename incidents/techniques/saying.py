"""Saying something of a technique on an incident: supposed, seen at one's own side, taken back, ruled out.

Functions of the database check who may, keep what was said before, and record it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connections

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import Incident, Participant, TechniqueEvidence, TechniqueSaying
from incidents.planned import missing_right
from incidents.techniques.facts import facts, technique
from partners import approvals
from portal.ledger.signals import announce

LONGEST = 2000
Said = TechniqueSaying.Said
NEEDS_WORDS = {
    Said.OBSERVED: "Say what was seen, and where.",
    Said.WITHDRAWN: "Say why it is taken back: the lead and the provider read it.",
    Said.RULED_OUT: "Say why it is ruled out: everybody who takes part reads it.",
    Said.SET_ASIDE: "Say why their words are set aside: they read it, and lead, deputy and provider.",
}


def say(
    incident: Incident, key: str, *, said: str, words: str = "", share: bool = False, about: str | None = None
) -> bool:
    """Say something of a technique for one's own organisation; whether that changed anything.

    `words`: the evidence of what was seen, which stays at home unless `share`; else why, for those who read the state.
    `about`: whose words the lead sets aside, by slug; of no other saying.

    Raises:
        NotYours: neither lead nor deputy, for what only they say; or a role that answers nothing.
        WrongMoment: the incident is over or put aside, somebody says that they saw it, or nobody here did.
        Invalid: no technique of the list, or no words where they are needed.
    """
    words = words.strip()
    known = technique(key)
    faults = []
    # What an opening named by a newer list can be answered all the same.
    on_it = key if known is None and incident.on_techniques.filter(technique=key).exists() else None
    if (known is None or known.family != "attack") and on_it is None:
        faults.append(Fault("/technique", f"No technique of MITRE ATT&CK {facts().attack_version} has this id."))
    if len(words) > LONGEST:
        faults.append(Fault("/words", f"At most {LONGEST} characters."))
    elif not words and said in NEEDS_WORDS:
        faults.append(Fault("/words", NEEDS_WORDS[Said(said)]))
    if share and said != Said.OBSERVED:
        faults.append(Fault("/share", "Only evidence of what was seen is shared."))
    whose = None
    if about is not None:
        whose = (
            Participant.objects.filter(incident=incident, slug=about).values_list("organisation_id", flat=True).first()
        )
    if (said == Said.SET_ASIDE) != (whose is not None):
        faults.append(
            Fault("/organisation", "Name a participant that is cut off, to set aside what it saw, and only then.")
        )
    if faults:
        raise Invalid(faults)
    which = on_it or (known.id if known else key)
    if said == Said.SET_ASIDE:
        return _asked("SELECT sec.set_sightings_aside(%s, %s, %s, %s)", [incident.pk, which, whose, words])
    return _asked(
        "SELECT sec.say_technique(%s, %s, %s, %s, %s, %s)",
        [incident.pk, which, facts().attack_version, said, words, share],
    )


def share(saying_id: UUID) -> bool:
    """Let lead, deputy and provider read one's evidence, for good; whether that is new.

    Raises:
        NotYours: it is not the organisation's own, or a role that answers nothing.
        WrongMoment: the exercise is put aside.
    """
    return _asked("SELECT sec.share_evidence(%s)", [saying_id])


def evidence_of(saying: TechniqueSaying) -> TechniqueEvidence | None:
    """What was seen, as far as the reader may read it. With `select_related("evidence")` it asks nothing more."""
    try:
        return saying.evidence
    except TechniqueEvidence.DoesNotExist:
        return None


def suppose_at_opening(incident: Incident, named: Sequence[str]) -> None:
    """What an opening named is supposed by its lead. After everybody has joined. No query when nothing was named."""
    if named:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT sec.suppose_at_opening(%s, %s, %s)", [incident.pk, list(named), facts().attack_version]
            )
        announce(connections["default"], {"technique.named"})


def _asked(sql: str, params: list[object]) -> bool:
    try:
        changed: bool = approvals.call(sql, params)
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused
    if changed:
        announce(connections["default"], {"technique.changed"})
    return changed
