"""Where records come from and which shared systems they tell of; names of which nobody knows whose they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.errors import Fault, Invalid
from monitoring.access.kept_names import is_kept, kept_as
from monitoring.access.limits import PROGRAM_LIMIT
from monitoring.access.whose import CLIMBED, MOST_OCTETS, MOST_PARTS
from monitoring.findings.deciding import organisations_by_id
from monitoring.models import Identifier, Source, Unattributed
from monitoring.records.names import low
from partners.models import Participation, SharedSystem
from portal import clock

MOST_DAYS = 92
NAMES_SHOWN, KNOWN_SHOWN = 50, 200
SILENT_AFTER = timedelta(days=1)
CLAIMABLE = ("tenant", "cloud-account", "sid", "issuer", "realm", "domain", "netbios", "host", "app")
OF_SYSTEMS = ("host", "app")
KINDS = {
    "organisation": gettext_lazy("organisation"),
    "tenant": gettext_lazy("Microsoft Entra tenant"),
    "cloud-account": gettext_lazy("cloud account"),
    "sid": gettext_lazy("Windows domain, by its SID"),
    "issuer": gettext_lazy("identity provider"),
    "realm": gettext_lazy("Kerberos realm"),
    "domain": gettext_lazy("domain of addresses"),
    "netbios": gettext_lazy("short name of a Windows domain"),
    "host": gettext_lazy("machine"),
    "app": gettext_lazy("application"),
}


def sources_page() -> dict[str, Any]:
    """One's own sources, and for each shared system whose logs tell of it; one without any heads the list."""
    now = clock.now()
    names = organisations_by_id()
    told: dict[UUID, list[dict[str, Any]]] = {}
    for system, organisation, first, last, privileged in _coverage():
        told.setdefault(system, []).append(
            {
                "by": names[organisation].name if organisation else _("another organisation"),
                "first_at": first,
                "last_at": last,
                "privileged_at": privileged,
            }
        )
    systems: list[dict[str, Any]] = [
        {"name": each.name, "told": sorted(told.get(each.pk, []), key=lambda one: one["last_at"], reverse=True)}
        for each in SharedSystem.objects.only("name").order_by("name")
    ]
    systems.sort(key=lambda each: (bool(each["told"]), each["told"][0]["last_at"] if each["told"] else now))
    return {
        "sources": [source_row(each, now=now) for each in Source.objects.all()],
        "systems": systems,
        "bare": sum(not each["told"] for each in systems),
    }


def _coverage() -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT system_id, organisation_id, first_at, last_at, last_privileged_at FROM sec.log_coverage()"
        )
        return cursor.fetchall()


def source_row(source: Source, *, now: Any) -> dict[str, Any]:
    learning = source.learning_until is not None and source.learning_until > now
    return {
        "id": source.pk,
        "name": source.name,
        "format": source.format,
        "accepted": source.accepted,
        "duplicates": source.duplicates,
        "rejected": source.rejected,
        "refused_because": source.refused_because,
        "clock": source.clock,
        "last_at": source.last_at,
        "received_at": source.received_at,
        "silent": source.received_at is not None and source.received_at < now - SILENT_AFTER,
        "learning_until": source.learning_until if learning else None,
        "would_alert": source.would_alert,
    }


def let_learn(source_id: UUID, days: int) -> bool:
    """Let one's own source learn for so many days from now; 0 ends it. False: no source of one's own.

    Raises:
        Invalid: more than `MOST_DAYS` days.
    """
    if not 0 <= days <= MOST_DAYS:
        raise Invalid([Fault("/days", _("At most %(n)s days.") % {"n": MOST_DAYS})])
    until = clock.now() + timedelta(days=days) if days else None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.let_learn(%s, %s)", [source_id, until])
        return bool(cursor.fetchone()[0])


def names_page() -> dict[str, Any]:
    """Names to say whose they are, the most frequent first, and the names that are known."""
    waiting = Unattributed.objects.filter(set_aside_at=None)
    names = organisations_by_id()
    others = Participation.objects.values_list("organisation_id", flat=True).distinct()
    return {
        "waiting": [name_row(each) for each in waiting.select_related("source")[:NAMES_SHOWN]],
        "count": waiting.count(),
        "systems": list(SharedSystem.objects.order_by("name").values_list("pk", "name")),
        "others": sorted(((pk, names[pk].name) for pk in others if pk in names), key=lambda each: each[1]),
        "known": [
            {
                "id": each.pk,
                "kind": str(KINDS[each.kind]),
                "value": each.value,
                "whose": names[each.organisation_id].name,
                "system": each.system.name if each.system else "",
            }
            for each in Identifier.objects.select_related("system")[:KNOWN_SHOWN]
        ],
    }


def name_row(name: Unattributed) -> dict[str, Any]:
    return {
        "id": name.pk,
        "side": _("an account's organisation") if name.side == "home" else _("whose a machine is"),
        "kind": str(KINDS.get(name.kind, name.kind)),
        "value": name.value,
        "example": name.example,
        "times": name.times,
        "last_at": name.last_at,
        "source": name.source.name if name.source else "",
        "claimable": name.kind in CLAIMABLE and not _is_no_domain(name.kind, name.value),
        "no_domain": _is_no_domain(name.kind, name.value),
        "of_system": name.kind in OF_SYSTEMS,
    }


def claim(*, kind: str, value: str, whose: UUID, system: UUID | None) -> UUID:
    """Say whose a name is: one's own, or of a machine on a system that one runs. The same again is the same.

    Raises:
        Invalid: it is somebody else's to say, or somebody else's name, or no domain, or one has claimed as many as one
            may.
    """
    value = value if is_kept(value) else low(value)
    if not value:
        raise Invalid([Fault("/value", _("Write the name as the log has it."))])
    if _is_no_domain(kind, value):
        raise Invalid([Fault("/value", _("No domain is as long: it has at most 253 octets and 20 parts."))])
    try:
        with transaction.atomic(using="default"), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.claim_name(%s, %s, %s, %s)", [kind, kept_as(value), whose, system])
            made: UUID = cursor.fetchone()[0]
    except DatabaseError as refused:
        state = getattr(refused.__cause__, "sqlstate", "")
        if state == PROGRAM_LIMIT:
            raise Invalid(
                [Fault("/value", _("An organisation claims at most 20,000 names: take some back."))]
            ) from None
        if state == "23505":
            raise Invalid([Fault("/value", _("This name is taken: ask whoever runs the portal."))]) from None
        if state in {"42501", "23514"}:
            words = _("Only a name of your own, or of a machine on a system that you run.")
            raise Invalid([Fault("/value", words)]) from None
        raise
    return made


def _is_no_domain(kind: str, value: str) -> bool:
    return kind in CLIMBED and (len(value.encode()) > MOST_OCTETS or value.count(".") >= MOST_PARTS)


def drop(identifier_id: UUID) -> bool:
    """Take back a name that is one's own, or that one has said for another."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.drop_name(%s)", [identifier_id])
        return bool(cursor.fetchone()[0])
