"""A frozen radius as pages want it: paths as chains of names and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, Participant
from incidents.moving import Said, cut_standing, ends_of_cut, figures
from incidents.reach_words import outside_in_words, path_in_words, why_in_words
from incidents.words import EXPOSURES, ROLES, exposure
from partners.models import Dependency

Document = Mapping[str, Any]
KINDS = dict(Dependency.Kind.choices)


def radius_page(
    document: Document,
    *,
    incident: Incident | None,
    links: frozenset[str] = frozenset(),
    said: Said | None = None,
    untold: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """What `incidents/radius.html` wants, from `incidents.frozen`; `links` have a page for the reader.

    `said`: see `said_of_cuts`. `untold`: why an organisation is not told, by its slug; it has no page.
    """
    names = {system["id"]: system["name"] for system in document["systems"]}
    stopped = [edge for edge in document["edges"] if edge["stopped"]]
    return {
        "starts": [names[start] for start in document["starts"]],
        "assumed": document["assumed"],
        "summary": summary_of(document),
        "organisations": [
            {
                "slug": each["slug"],
                "name": each["name"],
                "href": reverse("incident-participant", args=[incident.reference, each["slug"]])
                if incident and each["slug"] not in untold
                else "",
                "untold": untold.get(each["slug"], ""),
                "exposure": exposure(each["exposure"]),
                "distance": each["distance"] or 0,
                "because": _why(each["because"], each["distance"]),
                "paths": _paths(document, each),
            }
            for each in document["organisations"]
        ],
        "outside": [
            {"name": each["name"], "reason": outside_in_words(each["because"].partition(": ")[2])}
            for each in document["outside"]
        ]
        + [{"name": names[edge["target"]], "reason": barrier_in_words(edge)} for edge in stopped],
        "cuts": [
            {
                "words": cut["title"][:1].upper() + cut["title"][1:],
                "protects": _sentence(cut["words"].partition("; ")[0]),
                "stops": _sentence(cut["words"].partition("; ")[2]),
                "best": nth == 0 and bool(cut["protects"]),
                "gain": figures(cut["gain"]),
                "loss": figures(cut["loss"]),
                "links": ends_of_cut(document, cut["edges"], links, said),
            }
            for nth, cut in enumerate(document["cuts"])
        ],
        "register_checked": _("From the register of shared systems as it stood on %(day)s.")
        % {"day": _day(document["on"])},
        "legend": [exposure(key) for key in EXPOSURES],
    }


def summary_of(document: Document) -> str:
    """`1 organisation where it was seen, 2 that use it, 3 that could be reached, 1 with no path known …`"""
    counts = Counter(each["exposure"] for each in document["organisations"])
    parts = []
    if counts["confirmed"]:
        parts.append(
            ngettext(
                "%(n)s organisation where it was seen", "%(n)s organisations where it was seen", counts["confirmed"]
            )
            % {"n": counts["confirmed"]}
        )
    parts.append(
        ngettext("%(n)s that uses or runs it", "%(n)s that use or run it", counts["direct"]) % {"n": counts["direct"]}
    )
    parts.append(_("%(n)s that could be reached") % {"n": counts["reachable"]})
    parts.append(_("%(n)s with no path known to the register") % {"n": len(document["outside"])})
    return ", ".join(parts) + "."


def participant_page(incident: Incident, side: Participant, document: Document | None) -> dict[str, Any]:
    """What `incidents/participant.html` wants, less its tasks. Without the document there are sentences only."""
    if document is None:
        paths = [{"stops": [], "links": [], "sentence": _path(each)} for each in side.other_paths]
    else:
        found = next((each for each in document["organisations"] if each["slug"] == side.slug), None)
        paths = _paths(document, found) if found is not None else []
    return {
        "name": side.name,
        "slug": side.slug,
        "role": str(ROLES[side.role]),
        "exposure": exposure(side.exposure),
        "because": _why(side.because, side.distance),
        "pathless": side.exposure in {"none", "cleared"},
        "reported": "",
        "paths": paths,
        "register_checked": _("From the register of shared systems as it stood at the newest walk."),
        "provider_note": "",
        "ladder_rows": [],
        "duty": {"name": side.duty_name, "number": side.duty_phone} if side.duty_phone else None,
    }


def _paths(document: Document, organisation: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = organisation["path"]
    if not path:
        return []
    names = {system["id"]: system["name"] for system in document["systems"]}
    edges = {edge["id"]: edge for edge in document["edges"]}
    systems = [names[system] for system in path["systems"]]
    stops = [{"name": name, "kind": "attacked" if nth == 0 else ""} for nth, name in enumerate(systems)]
    stops.append({"name": organisation["name"], "kind": "organisation"})
    links = [{"words": link_in_words(edges[edge]), "certainty": _certainty(edges[edge])} for edge in path["edges"]]
    links.append({"words": _("runs it") if organisation["role"] == "provider" else _("uses"), "certainty": "known"})
    chain = {"stops": stops, "links": links, "sentence": _why(organisation["because"], organisation["distance"])}
    return [chain, *({"stops": [], "links": [], "sentence": _path(words)} for words in organisation["other_paths"])]


def link_in_words(edge: Mapping[str, Any]) -> str:
    """`Data feed: rent feed (cut on one side …)`"""
    kind = str(KINDS.get(edge["kind"], edge["kind"]))
    words = f"{kind}: {edge['label']}" if edge["label"] and edge["label"].lower() != kind.lower() else kind
    standing = cut_standing(edge)
    return f"{words} ({standing})" if standing else words


def _certainty(edge: Mapping[str, Any]) -> str:
    if edge["stopped"]:
        return "stops"
    return {"none": "known", "claimed": "claimed", "tested": "unknown"}[edge["barrier"]]


def barrier_in_words(edge: Mapping[str, Any]) -> str:
    """Why a link stops an intruder."""
    if edge["tested_on"]:
        return _("the barrier was tested on %(day)s and stops") % {"day": _day(edge["tested_on"])}
    return _("cut by both ends")


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


def _why(because: str, distance: int | None) -> str:
    return _ended(why_in_words(because, walked=distance is not None))


def _path(words: str) -> str:
    return _ended(path_in_words(words))


def _ended(words: str) -> str:
    return words if not words or words.endswith(".") else f"{words}."


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""
