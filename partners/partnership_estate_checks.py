"""What no single field of a partnership file can show of systems, their parts, and the services that stand on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from partners.critical_dates import read_line
from partners.models import DataCategory
from partners.partnership_entries import ComponentEntry, ParticipationEntry, ServiceEntry, SystemEntry
from partners.software_names import NotAName, cpe_of, purl_of
from portal.documents import Problem, pointer

CATEGORIES = frozenset(DataCategory.values)
Contradictions = Iterable[tuple[str, str]]  # field, what is wrong with it


def of_categories(entry: SystemEntry | ParticipationEntry) -> Contradictions:
    unknown = sorted(set(entry.data_categories) - CATEGORIES)
    if unknown:
        yield "data_categories", f"Unknown kinds of data: {', '.join(unknown)}."


def of_component(entry: ComponentEntry) -> Contradictions:
    for field, read in (("cpe", cpe_of), ("purl", purl_of)):
        try:
            read(getattr(entry, field))
        except NotAName as wrong:
            yield field, f"{str(wrong).rstrip('.')}."


def of_service(entry: ServiceEntry) -> Contradictions:
    for line in entry.critical_dates:
        try:
            read_line(line)
        except ValueError as wrong:
            yield "critical_dates", f"{str(wrong).rstrip('.')}."


def summary_of(services: Sequence[Any]) -> dict[str, Any]:
    """What a participation says when these are its services; `sec.services_summed` keeps the same in the database."""
    critical = [each for each in services if each.safety_critical]
    matter = critical or services
    said = {each.fallback for each in matter}
    if said <= {None} or any(each.fallback is None for each in critical):
        fallback = None
    elif len(said) == 1:
        (fallback,) = said
    else:
        fallback = "; ".join(f"{each.name}: {each.fallback or 'none recorded'}" for each in matter)
    return {
        "services": tuple(each.name for each in services),
        "safety_critical": bool(critical),
        "people_served": max((each.people_served for each in services if each.people_served is not None), default=None),
        "fallback": fallback,
    }


def check_estate(read: dict[str, tuple[Any, ...]], problems: list[Problem]) -> None:
    """People who decide are of that organisation, and services are those that their participation names."""
    homes = {each.email: each.organisation for each in read["people"]}
    stands = {(each.organisation, each.system): at for at, each in enumerate(read["participations"])}
    services: dict[int, list[ServiceEntry]] = {}
    for at, each in enumerate(read["public_services"]):
        found = stands.get((each.organisation, each.system))
        if found is None:
            _wrong(("public_services", at, "system"), "This organisation does not stand on this system.", problems)
        else:
            services.setdefault(found, []).append(each)
    for at, stand in enumerate(read["participations"]):
        for field in ("decision_owner", "decision_deputy", "isolation_orderer"):
            who = getattr(stand, field)
            if who is not None and homes.get(who) != stand.organisation:
                _wrong(("participations", at, field), "No person of this organisation has this e-mail.", problems)
        for field, value in summary_of(services[at]).items() if at in services else []:
            if getattr(stand, field) != value:
                _wrong(("participations", at, field), f"Its services sum up to {value!r} here.", problems)


def _wrong(at: tuple[str | int, ...], detail: str, problems: list[Problem]) -> None:
    problems.append(Problem(pointer(*at), detail))
