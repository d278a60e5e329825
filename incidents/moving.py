"""How a radius moved, in sentences: versions and why they came, links that somebody named, what cuts have come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, LinkClaim, RadiusVersion, Rewalk
from incidents.paths import listed
from incidents.rewalk import versions_of
from partners import approvals
from partners.models import Dependency, Organisation, SharedSystem
from portal.pages import local_time

Document = Mapping[str, Any]
Said = Mapping[str, Mapping[str, str]]  # see `said_of_cuts`
What = Rewalk.What


def movement(incident: Incident, document: Document, *, me: UUID, manages: bool) -> dict[str, Any]:
    """What the page *How far* says beside the radius itself: `versions`, `claims`, and which acts the reader has."""
    open_now = incident.status != Incident.Status.CLOSED
    leads = open_now and manages and me == incident.lead_id
    claims = list(LinkClaim.objects.filter(incident=incident).select_related("said_by"))
    return {
        "versions": [version_in_words(each) for each in versions_of(incident)],
        "claims": [_claim(each, may_decide=leads) for each in claims],
        "may_walk": leads,
        "may_name": open_now and manages,
        "say_url": reverse("incident-radius-say", args=[incident.reference]),
        "from_systems": [
            (system["id"], system["name"])
            for system in document["systems"]
            if system["id"] in set(document["reached_systems"])
        ],
        "targets": sorted({*_organisations(), *_systems(document)}) if open_now and manages else [],
        "trouble": None,
        "opened_at": incident.opened_at,
    }


def version_in_words(version: RadiusVersion) -> dict[str, Any]:
    """One version: number, moment, why it was walked, and what differs from the one before."""
    return {
        "number": version.number,
        "at": version.at,
        "why": [cause_in_words(each) for each in version.causes],
        "changes": changes_in_words(version.changed) or [_("Nothing but the words of a path.")],
    }


def cause_in_words(cause: Mapping[str, Any]) -> str:
    """`Cut by both ends: File services to Finance ledger (Dunmere and Northgate IT Services)`."""
    words = str(What(cause["what"]).label)
    sentence = words[:1].upper() + words[1:]
    if cause["words"]:
        sentence = f"{sentence}: {cause['words']}"
    return f"{sentence} ({listed(cause['by'])})" if cause["by"] else sentence


def changes_in_words(changed: Mapping[str, Any]) -> list[str]:
    """The differences of `incidents.changes.difference` in sentences, the weightiest first."""

    def names(key: str) -> str:
        return listed(each["name"] if isinstance(each, Mapping) else each for each in changed[key])

    said = [
        ("joined", _("Newly reached: %s.")),
        ("left", _("No longer reached: %s.")),
        ("nearer", _("Nearer than before: %s.")),
        ("farther", _("Farther than before: %s.")),
        ("half_cut", _("Cut on one side, still walked: %s.")),
        ("links_out", _("Not walked any more: %s.")),
        ("links_in", _("Walked now: %s.")),
        ("systems_in", _("Systems reached now: %s.")),
        ("systems_out", _("Systems out of reach: %s.")),
    ]
    return [words % names(key) for key, words in said if changed[key]]


def _claim(claim: LinkClaim, *, may_decide: bool) -> dict[str, Any]:
    return {
        "id": claim.pk,
        "link": _("%(source)s to %(target)s") % {"source": claim.from_name, "target": claim.to_name},
        "words": claim.words,
        "by": claim.said_by.name,
        "at": claim.said_at,
        "state": str(claim.get_state_display()),
        "decision": claim.decision,
        "may_decide": may_decide and claim.state == LinkClaim.State.PROPOSED,
    }


def visible_links(document: Document) -> frozenset[str]:
    """Those links of the cuts that the reader may open in the register. One query."""
    nil = str(UUID(int=0))  # so that no cut at all asks as often as many
    wanted = {nil, *(edge for cut in document["cuts"] for edge in cut["edges"])}
    return frozenset(str(pk) for pk in Dependency.objects.filter(pk__in=wanted).values_list("pk", flat=True))


def figures(found: Mapping[str, int]) -> str:
    """`4 organisations, 1,200 people served, 1 safety-critical service`."""
    parts = (
        ngettext("%(n)s organisation", "%(n)s organisations", found["organisations"])
        % {"n": f"{found['organisations']:,}"},
        ngettext("%(n)s person served", "%(n)s people served", found["people"]) % {"n": f"{found['people']:,}"},
        ngettext("%(n)s safety-critical service", "%(n)s safety-critical services", found["critical"])
        % {"n": f"{found['critical']:,}"},
    )
    return ", ".join(parts)


def cut_standing(edge: Mapping[str, Any]) -> str:
    """Which ends have confirmed a cut, or nothing."""
    if edge["cut_source"] and edge["cut_target"]:
        return _("cut by both")
    return _("cut on one side") if edge["cut_source"] or edge["cut_target"] else ""


def ends_of_cut(
    document: Document, edges: Sequence[str], links: frozenset[str], said: Said | None = None
) -> list[dict[str, str]]:
    """Each link of a cut, what each of its ends says, and its page where the reader may open it and say it for one."""
    names = {system["id"]: system["name"] for system in document["systems"]}
    speak = {system["id"]: system["runs"] for system in document["systems"]}
    known = {edge["id"]: edge for edge in document["edges"]}
    rows = []
    for edge in (known[each] for each in edges if each in known):
        source, target = names[edge["source"]], names[edge["target"]]
        words = _("%(source)s to %(target)s") % {"source": source, "target": target}
        of_link = (said or {}).get(words, {})
        ends = (("source", source), ("target", target))
        rows.append(
            {
                "words": words,
                "confirmed": ", ".join(
                    end_says(system, speak[edge[end]], cut=edge[f"cut_{end}"], at=of_link) for end, system in ends
                ),
                "href": reverse("dependency-detail", args=[edge["id"]]) if edge["id"] in links else "",
            }
        )
    return rows


def end_says(system: str, speakers: Sequence[str], *, cut: bool, at: Mapping[str, str]) -> str:
    """ "Ashbourne says cut 08:40 (File services)" or "Ashbourne has not said (…)". `at`: who said it when."""
    who = next((name for name in speakers if name in at), "") or _(" or ").join(speakers) or _("Nobody who runs it")
    if not cut:
        return _("%(who)s has not said (%(system)s)") % {"who": who, "system": system}
    values = {"who": who, "system": system, "time": at.get(who, "")}
    form = _("%(who)s says cut %(time)s (%(system)s)") if values["time"] else _("%(who)s says cut (%(system)s)")
    return form % values


def said_of_cuts(versions: Sequence[RadiusVersion]) -> dict[str, dict[str, str]]:
    """Who said of which link when that it is cut, by what made the radius move: `{link in words: {name: "08:40"}}`."""
    said: dict[str, dict[str, str]] = {}
    for cause in (each for version in versions for each in version.causes):
        of_link = said.setdefault(cause["words"], {})
        if cause["what"] == "reconnected":
            of_link.clear()
        elif cause["what"] in {"half_cut", "cut"}:
            time = local_time(datetime.fromisoformat(cause["at"]))
            for name in cause["by"]:
                of_link.setdefault(name, time)
    return said


def _organisations() -> dict[str, UUID]:
    return dict(Organisation.objects.values_list("name", "id"))


def _systems(document: Document) -> dict[str, UUID]:
    """Systems that an overseer may name as an end: those that it sees in the register, and those reached already."""
    reached = set(document["reached_systems"])
    known = {system["name"]: UUID(system["id"]) for system in document["systems"] if system["id"] in reached}
    return {**known, **dict(SharedSystem.objects.values_list("name", "id"))}


def end_called(called: str, document: Document) -> tuple[str, UUID | None]:
    """What a typed name means: an organisation, else a system that one may name, else a new one (`kind`, id)."""
    for kind, names in (("organisation", _organisations()), ("system", _systems(document))):
        for name, found in names.items():
            if name.casefold() == called.casefold():
                return kind, found
    return "new", None


def name_link(incident: Incident, *, source: UUID, to: tuple[str, UUID | None], called: str) -> None:
    """An overseer names a link from a reached system. `to` is what `end_called` makes of the name `called`.

    Raises:
        approvals.NotAllowed: not an overseer's incident manager, no fresh passkey, not reached, or known already.
    """
    kind, target = to
    approvals.call("SELECT sec.name_link(%s, %s, %s, %s, %s, '')", [incident.pk, source, kind, target, called])


def propose_link(incident: Incident, *, source: str, words: str) -> None:
    """A participant says that it is connected to a system of this incident. Raises as `name_link`."""
    approvals.call("SELECT sec.propose_link(%s, %s, %s)", [incident.pk, source, words])


def decide_link(claim_id: UUID, *, counts: bool, words: str) -> None:
    """The lead takes a proposal, or refuses it with a reason. Raises as `name_link`."""
    approvals.call("SELECT sec.decide_link(%s, %s, %s)", [claim_id, counts, words])
