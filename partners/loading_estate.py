"""Writes systems, what they are made of, who stands on them and what leads where: a partnership file's estate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Any

from partners.critical_dates import read_line
from partners.models import (
    Component,
    Dependency,
    Organisation,
    Participation,
    Person,
    PublicService,
    Segment,
    SharedSystem,
)
from partners.partnership_entries import PartnershipFile, ServiceEntry
from partners.software_names import cpe_of, purl_of

Put = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], Any]


def load_estate(
    file: PartnershipFile,
    *,
    organisations: Mapping[str, Organisation],
    people: Mapping[str, Person],
    put: Put,
    added: Counter[str],
) -> dict[str, SharedSystem]:
    """Write it all by `put(model, key, values)`, which writes what differs and counts; the systems by slug."""
    systems = {
        entry.slug: put(
            SharedSystem,
            {"slug": entry.slug},
            fields_of(
                entry,
                "slug",
                provider=organisations.get(entry.provider or ""),
                owner=organisations.get(entry.owner or ""),
                account_realms=list(entry.account_realms),
                data_categories=list(entry.data_categories),
            ),
        )
        for entry in file.systems
    }
    for part in file.components:
        key = {"system": systems[part.system], "product": part.product, "product_version": part.product_version}
        values = {"vendor": part.vendor, "note": part.note, "cpe": cpe_of(part.cpe), "purl": purl_of(part.purl)}
        put(Component, key, values)
    for segment in file.segments:
        put(Segment, {"system": systems[segment.system], "name": segment.name}, {"note": segment.note})
    stands = {
        (entry.organisation, entry.system): put(
            Participation,
            {"organisation": organisations[entry.organisation], "system": systems[entry.system]},
            fields_of(
                entry,
                "organisation",
                "system",
                "confirmed_on",
                services=list(entry.services),
                data_categories=list(entry.data_categories),
                decision_owner=people.get(entry.decision_owner or ""),
                decision_deputy=people.get(entry.decision_deputy or ""),
                isolation_orderer=people.get(entry.isolation_orderer or ""),
                confirmed_at=_noon(entry.confirmed_on),
            ),
        )
        for entry in file.participations
    }
    _load_services(file.public_services, stands, put=put, added=added)
    for edge in file.dependencies:
        key = {"source": systems[edge.source], "target": systems[edge.target], "kind": edge.kind, "label": edge.label}
        put(Dependency, key, fields_of(edge, "source", "target", "kind", "label"))
    return systems


def _load_services(
    entries: Sequence[ServiceEntry],
    stands: Mapping[tuple[str, str], Participation],
    *,
    put: Put,
    added: Counter[str],
) -> None:
    """New ones in one statement, so that a participation's summary is made once and not once for each service."""
    there = set(PublicService.objects.values_list("participation_id", "name"))
    new = []
    count: Counter[Any] = Counter()
    for entry in entries:
        stand = stands[(entry.organisation, entry.system)]
        count[stand.pk] += 1
        nth = count[stand.pk]
        if (stand.pk, entry.name) in there:
            put(PublicService, {"participation": stand, "name": entry.name}, _service(entry, nth))
        else:
            new.append(PublicService(participation=stand, name=entry.name, **_service(entry, nth)))
    PublicService.objects.bulk_create(new)
    if new:
        added[str(PublicService._meta.verbose_name_plural)] += len(new)


def _service(entry: ServiceEntry, nth: int) -> dict[str, Any]:
    dates = [read_line(line) for line in entry.critical_dates]
    return fields_of(entry, "organisation", "system", "name", critical_dates=dates, position=nth)


def _noon(day: date | None) -> datetime | None:
    return datetime.combine(day, time(12), tzinfo=UTC) if day else None


def fields_of(entry: Any, *leave_out: str, **instead: Any) -> dict[str, Any]:
    """The entry's fields by name, some left out, some replaced."""
    return {name: value for name, value in {**asdict(entry), **instead}.items() if name not in leave_out}
