"""What is known of each signature of a playbook, in words, for one reader: whether it is right, and who vouches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from incidents.cacao.signatures import Verdict, out_of_force
from incidents.kept_signatures import in_force
from incidents.models import Playbook, PlaybookSignature, SigningKey, TrustedKey
from portal import clock
from portal.pages import local_time

State = Literal["trusted", "right", "not_checked", "wrong", "key_exposed", "revoked", "expired", "early"]
ALARMING = frozenset({"wrong", "key_exposed", "revoked"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One signature as a reader sees it. `signee` is what the file says; only `words` says who vouches for that."""

    id: str
    signee: str
    algorithm: str
    thumbprint: str
    state: State
    words: str
    at: str
    countersigned: bool = False  # by another signature within it, which is not checked

    @property
    def alarm(self) -> bool:
        return self.state in ALARMING


def states_of(playbook: Playbook) -> list[Shown]:
    """In the order in which they came; three queries, however many there are."""
    rows = list(PlaybookSignature.objects.filter(playbook=playbook).select_related("key__organisation"))
    if not rows:
        return []
    now = clock.now()
    judged = in_force(playbook, rows)
    prints = {each.verdict.thumbprint for each in judged}
    listed = list(
        TrustedKey.objects.filter(thumbprint__in=prints)
        .select_related("added_by", "vouched_by")
        .order_by("for_all")  # what everybody trusts has the last word
    )
    trusted = {each.thumbprint: each for each in listed if each.ended_at is None}
    # Whoever made a key here says of it that it is no longer secret; how a signature by it came in is all the same. A
    # key that stood on the list as somebody else's before is not theirs to say that of.
    ended = SigningKey.objects.filter(thumbprint__in=prints, ended=SigningKey.Ended.EXPOSED)
    exposed = {
        key.thumbprint: key
        for key in ended.select_related("organisation")
        if not any(
            each.thumbprint == key.thumbprint
            and each.owner_organisation_id != key.organisation_id
            and each.since < key.made_at
            for each in listed
        )
    }
    return [_shown(each.row, each.verdict, exposed, trusted, now) for each in judged]


def _shown(
    row: PlaybookSignature,
    verdict: Verdict,
    exposed: dict[str, SigningKey],
    trusted: dict[str, TrustedKey],
    now: datetime,
) -> Shown:
    state, words = _state(row, verdict, exposed, trusted, now)
    said = row.document if isinstance(row.document, dict) else {}
    if "signature" in said:
        inner = said["signature"] if isinstance(said["signature"], dict) else {}
        by = {"name": str(inner.get("signee", ""))[:200] or _("somebody")}
        words += " " + _("Countersigned, not checked: the file says by %(name)s, and nobody has looked at it.") % by
    return Shown(
        id=row.signature_id,
        signee=str(said.get("signee", "")),
        algorithm=str(said.get("algorithm", "")),
        thumbprint=verdict.thumbprint,
        state=state,
        words=words,
        at=str(said.get("created", "")),
        countersigned="signature" in said,
    )


def _state(
    row: PlaybookSignature,
    verdict: Verdict,
    exposed: dict[str, SigningKey],
    trusted: dict[str, TrustedKey],
    now: datetime,
) -> tuple[State, str]:
    if verdict.state == "wrong":
        return "wrong", _("Wrong. %(why)s") % {"why": verdict.because}
    if verdict.state == "unchecked":
        return "not_checked", _("Kept but not checked. %(why)s") % {"why": verdict.because}
    if key := exposed.get(verdict.thumbprint):
        said = {"owner": key.organisation.name, "on": _day(key.ended_at)}
        return "key_exposed", _(
            "Counts for nothing: %(owner)s said on %(on)s that this key is no longer secret."
        ) % said
    trust = trusted.get(verdict.thumbprint)
    words = _who(row, verdict, trust)
    match out_of_force(row.document, now):
        case "revoked":
            return "revoked", words + " " + _("Whoever signed has taken it back since.")
        case "expired":
            return "expired", words + " " + _("It has expired.")
        case "early":
            return "early", words + " " + _("It does not hold yet.")
    return ("trusted" if trust else "right"), words


def _who(row: PlaybookSignature, verdict: Verdict, trust: TrustedKey | None) -> str:
    if trust is not None and trust.vouched_by is not None:
        said = {"owner": trust.owner, "on": _day(trust.since), "a": trust.added_by.name, "b": trust.vouched_by.name}
        words = _("Signed by %(owner)s. Trusted since %(on)s: %(a)s and %(b)s vouch for the key.") % said
        return words + _outside(trust)
    if trust is not None:
        said = {"owner": trust.owner, "on": _day(trust.since)}
        return _("Signed by %(owner)s. Trusted since %(on)s, by your organisation alone.") % said + _outside(trust)
    key = row.key
    if key is not None and key.thumbprint == verdict.thumbprint and key.organisation_id == row.organisation_id:
        said = {"owner": key.organisation.name}
        return _("Right, by the key that %(owner)s made here. Nobody vouched for this key.") % said
    return _("The signature is right, but nobody vouched for this key.")


def _outside(trust: TrustedKey) -> str:
    if trust.owner_organisation_id is not None:
        return ""
    return " " + _("%(owner)s takes no part here.") % {"owner": trust.owner}


def _day(at: datetime | None) -> str:
    return local_time(at, "%-d %B %Y") if at else ""
