"""Reading a file of names, sources and sights into the database, as the owner: what a demonstration begins with.

The real ones come by the log; this writes what a log would have left, and has findings made of it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from monitoring.models import Coverage, Identifier, Sight, Source, Unattributed
from partners.models import IntegrationVersion, Organisation, SharedSystem
from portal import clock
from portal.documents import Problem, Refused, read_json

SECTIONS = ("identifiers", "sources", "sights", "unattributed")
NIGHT = time(22, 10, tzinfo=UTC)


class AccessRefused(Refused):
    """The file cannot be loaded; nothing was written."""


def is_wanted() -> bool:
    """Whether nothing of access is here yet."""
    return not (Source.objects.exists() or Identifier.objects.exists())


@transaction.atomic
def load_access(path: Path | str) -> Counter[str]:
    """Write what the file says; counts by section, and the findings made of it.

    Raises:
        AccessRefused: the file cannot be read, or names something that is not here.
    """
    try:
        document = read_json(Path(path).read_bytes())
    except OSError as error:
        raise AccessRefused([Problem("", f"The file cannot be read: {error.strerror}.")]) from None
    except Refused as refused:
        raise AccessRefused(refused.problems) from None
    if not isinstance(document, dict) or set(document) - set(SECTIONS):
        raise AccessRefused([Problem("", f"An object of {', '.join(SECTIONS)}.")])
    try:
        done = _Loading().write(document)
    except (KeyError, ValueError) as unknown:
        raise AccessRefused([Problem("", f"Missing, or not here: {unknown}.")]) from None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.judge_access(%s)", [2000])
    return done


class _Loading:
    def __init__(self) -> None:
        self.now = clock.now()
        self.organisations = dict(Organisation.objects.values_list("slug", "pk"))
        self.systems = dict(SharedSystem.objects.values_list("slug", "pk"))
        self.permissions = dict(IntegrationVersion.objects.values_list("name", "integration_id"))
        self.sources: dict[str, Source] = {}

    def write(self, document: dict[str, Any]) -> Counter[str]:
        done: Counter[str] = Counter()
        for section in ("identifiers", "sources", "sights", "unattributed"):
            for entry in document.get(section, []):
                getattr(self, f"_{section}")(entry)
                done[section] += 1
        return done

    def _system(self, entry: dict[str, Any]) -> UUID | None:
        return self.systems[entry["system"]] if "system" in entry else None

    def _identifiers(self, entry: dict[str, Any]) -> None:
        Identifier.objects.create(
            kind=entry["kind"],
            value=entry["value"].lower(),
            organisation_id=self.organisations[entry["organisation"]],
            system_id=self._system(entry),
            said_for_id=self.organisations[entry["said_for"]],
            at=self.now,
        )

    def _sources(self, entry: dict[str, Any]) -> None:
        counts = {name: entry.get(name, 0) for name in ("accepted", "duplicates", "rejected")}
        began, last = self.now - timedelta(days=150), self.now - timedelta(minutes=3)
        source = Source.objects.create(
            organisation_id=self.organisations[entry["organisation"]],
            name=entry["name"],
            format=entry["format"],
            made_at=began,
            first_at=began,
            last_at=last,
            received_at=last,
            refused_because=entry.get("refused_because", ""),
            **counts,
        )
        self.sources[source.name] = source
        for told in entry.get("coverage", []):
            Coverage.objects.create(
                source=source,
                system_id=self.systems[told["system"]],
                sign_ins=told["sign_ins"],
                privileged=told["privileged"],
                first_at=began,
                last_at=last,
                last_privileged_at=last if told["privileged"] else None,
            )

    def _sights(self, entry: dict[str, Any]) -> None:
        """On `days`, at night; or so many `minutes_ago`."""
        if "minutes_ago" in entry:
            first = last = self.now - timedelta(minutes=entry["minutes_ago"])
            days = [first.date()]
        else:
            days = sorted(date.fromisoformat(each) for each in entry["days"])
            first, last = (datetime.combine(each, NIGHT) for each in (days[0], days[-1]))
        source = self.sources[entry["source"]]
        covered = "permission" in entry and entry["kind"] != "lapsed"
        Sight.objects.create(
            kind=entry["kind"],
            account=entry["account"],
            shown=entry["account"],
            account_kind=entry["account_kind"],
            home_id=self.organisations[entry["home"]],
            organisation_id=self.organisations[entry["organisation"]],
            place=entry.get("system", entry["resource"]),
            system_id=self._system(entry),
            resource=entry["resource"],
            first_at=first,
            last_at=last,
            days=days,
            source=source,
            reporter_id=source.organisation_id,
            permission_id=self.permissions[entry["permission"]] if "permission" in entry else None,
            noted_at=self.now if covered else None,
        )

    def _unattributed(self, entry: dict[str, Any]) -> None:
        Unattributed.objects.create(
            organisation_id=self.organisations[entry["organisation"]],
            source=self.sources[entry["source"]],
            first_at=self.now - timedelta(days=20),
            last_at=self.now - timedelta(hours=2),
            **{name: entry[name] for name in ("side", "kind", "value", "example", "times")},
        )
