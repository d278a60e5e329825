"""What callers get: each shape as the document describes it, and the function that makes it from rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework import serializers
from rest_framework.reverse import reverse

from incidents.from_above import rule_of
from incidents.left_untold import still_untold
from incidents.models import Incident, IncidentSystem, OwnReference, Participant, Standing
from portal.api.etags import etag_of

Row = Mapping[str, Any]
NULL: Any = {"allow_null": True}
COUNTERS = ("total", "waiting", "open", "blocked", "settled")


class PlaybookNamed(serializers.Serializer):
    slug = serializers.CharField()
    version = serializers.CharField()


class TaskCounters(serializers.Serializer):
    """Over the tasks that the caller may see."""

    total = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Nobody has answered yet.")
    open = serializers.IntegerField(help_text="Not settled.")
    blocked = serializers.IntegerField()
    settled = serializers.IntegerField(help_text="Done, checked, refused, not needed or called off.")


class LeftUntoldShown(serializers.Serializer):
    because = serializers.CharField()
    at = serializers.DateTimeField()
    decided_by = serializers.CharField(help_text="Name and organisation; a key has no name.")


UNTOLD = "untold"


class ParticipantShort(serializers.Serializer):
    """One's own side and those that lead, deputy lead and provider see have `exposure`, `distance` and `because`;
    of the others there is one `word`."""

    organisation = serializers.CharField()
    role = serializers.ChoiceField(
        [*Participant.Role.values, UNTOLD], help_text="`untold`: in reach, takes no part; the overseers alone see it."
    )
    exposure = serializers.ChoiceField(Participant.Exposure.values, required=False)
    distance = serializers.IntegerField(required=False, **NULL)
    because = serializers.CharField(required=False)
    word = serializers.ChoiceField(Standing.Word.values, required=False)
    untold = LeftUntoldShown(required=False, help_text="Why it is not told, and since when.")


class SourceShown(serializers.Serializer):
    name = serializers.CharField()
    reference = serializers.CharField(required=False)
    url = serializers.CharField(required=False)


class IncidentListed(serializers.Serializer):
    reference = serializers.CharField()
    url = serializers.URLField()
    title = serializers.CharField()
    status = serializers.ChoiceField(Incident.Status.values)
    severity = serializers.IntegerField(**NULL)
    tlp = serializers.ChoiceField(Incident.Tlp.values)
    exercise = serializers.BooleanField()
    lead = serializers.CharField()
    deputy_lead = serializers.CharField(**NULL)
    opened_at = serializers.DateTimeField()
    declared_at = serializers.DateTimeField(**NULL)
    closed_at = serializers.DateTimeField(**NULL)
    outcome = serializers.ChoiceField(Incident.Outcome.values, **NULL)
    next_update_at = serializers.DateTimeField(**NULL)
    systems = serializers.ListField(child=serializers.CharField())
    tasks = TaskCounters()
    playbook = PlaybookNamed()
    own_reference = serializers.CharField(**NULL)


class OpenedByTool(serializers.Serializer):
    """The tool whose alert opened it. Until a person has looked, every message says so too."""

    tool = serializers.ChoiceField([Incident.Tool.SIEM, Incident.Tool.MONITORING, Incident.Tool.TOOL])
    organisation = serializers.CharField(help_text="Whose tool it is, by name.")
    rule = serializers.CharField(help_text="By which rule: for the organisation whose rule it is.", **NULL)
    looked_at = serializers.DateTimeField(help_text="Since when a person has looked; null: not confirmed yet.", **NULL)


class IncidentShown(IncidentListed):
    """`accounts` and `source` are there for lead, deputy lead and provider."""

    summary = serializers.CharField()
    detected_at = serializers.DateTimeField(**NULL)
    meeting_point = serializers.CharField()
    techniques = serializers.ListField(
        child=serializers.CharField(),
        help_text="As named at opening; see `techniques/` for what is said of them since.",
    )
    accounts = serializers.ListField(child=serializers.CharField(), required=False)
    source = SourceShown(required=False, **NULL)  # type: ignore[assignment]
    opened_by_tool = OpenedByTool(help_text="Null: a person or a key of a person opened it.", **NULL)
    participants = ParticipantShort(many=True)


class IncidentOpened(IncidentShown):
    similar = serializers.ListField(
        child=serializers.CharField(), help_text="Open incidents on the same systems that you may see."
    )


def incidents_shown() -> QuerySet[Incident]:
    """Incidents with what their shapes need of other tables."""
    own = OwnReference.objects.filter(incident=OuterRef("pk"), task__isnull=True).values("text")[:1]
    return (
        Incident.objects.select_related("lead", "deputy_lead", "playbook")
        .defer("playbook__document", "playbook__warnings", "playbook__blockers", "playbook__description")
        .annotate(own_reference=Subquery(own))
    )


def incident_named(reference: str) -> Incident:
    """Raises: Incident.DoesNotExist, answered as 404."""
    return incidents_shown().get(reference=reference.upper())


def systems_of(incidents: Sequence[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    rows = IncidentSystem.objects.filter(incident__in=incidents).order_by("slug")
    for incident_id, slug in rows.values_list("incident_id", "slug"):
        found.setdefault(incident_id, []).append(slug)
    return found


def summed_up(incidents: Sequence[UUID]) -> dict[UUID, tuple[list[str], dict[str, int]]]:
    """The slugs of the systems of each of these, and `counted` over the sides that the reader may see. One query."""
    sums = ", ".join(f"coalesce(sum(p.tasks_{name}), 0)::integer" for name in COUNTERS)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i.id, s.slugs, p.* FROM unnest(%s::uuid[]) AS i(id)"  # noqa: S608 - the names are ours
            " CROSS JOIN LATERAL (SELECT coalesce(array_agg(s.slug ORDER BY s.slug), '{}') AS slugs"
            " FROM incidents_incidentsystem s WHERE s.incident_id = i.id) s"
            f" CROSS JOIN LATERAL (SELECT {sums} FROM incidents_participant p WHERE p.incident_id = i.id) p",
            [list(incidents)],
        )
        found = cursor.fetchall()
    return {pk: (slugs, dict(zip(COUNTERS, numbers, strict=True))) for pk, slugs, *numbers in found}


def counted(sides: Iterable[Row]) -> dict[str, int]:
    rows = list(sides)
    return {name: sum(row[f"tasks_{name}"] for row in rows) for name in COUNTERS}


# The columns of a list. Rows are read as they are shown: fifty models, three tables each, took longer than the rest.
LISTED = (
    "id", "reference", "title", "status", "severity", "tlp", "exercise", "opened_at", "declared_at", "closed_at",
    "next_update_at", "outcome", "own_reference", "lead__slug", "deputy_lead__slug", "playbook__slug",
    "playbook__version",
)  # fmt: skip
AS_IS = LISTED[:11]


def incident_listed(row: Row, *, systems: Sequence[str], tasks: Mapping[str, int], url: str) -> dict[str, Any]:
    """`row` has the columns `LISTED`, `tasks` the counters over the sides that the reader sees."""
    return {
        **{name: row[name] for name in AS_IS if name != "id"},
        "url": url,
        "lead": row["lead__slug"],
        "deputy_lead": row["deputy_lead__slug"],
        "outcome": row["outcome"] or None,
        "systems": systems,
        "tasks": tasks,
        "playbook": {"slug": row["playbook__slug"], "version": row["playbook__version"]},
        "own_reference": row["own_reference"],
    }


def _row_of(incident: Incident) -> Row:
    return {
        **{name: getattr(incident, name) for name in AS_IS},
        "outcome": incident.outcome,
        "own_reference": getattr(incident, "own_reference", None),
        "lead__slug": incident.lead.slug,
        "deputy_lead__slug": incident.deputy_lead.slug if incident.deputy_lead else None,
        "playbook__slug": incident.playbook.slug,
        "playbook__version": incident.playbook.version,
    }


def incident_shown(incident: Incident, *, me: UUID, request: Any) -> dict[str, Any]:
    """One incident as `me` may see it; three queries."""
    systems = systems_of([incident.pk]).get(incident.pk, [])
    sides = list(Participant.objects.filter(incident=incident).values(*SIDE))
    url = reverse("api-incident", args=[incident.reference], request=request)
    shown = incident_listed(_row_of(incident), systems=systems, tasks=counted(sides), url=url)
    shown |= {
        "summary": incident.summary,
        "detected_at": incident.detected_at,
        "meeting_point": incident.meeting_point,
        "techniques": incident.techniques,
        "opened_by_tool": _opened_by_tool(incident),
        "participants": [participant_short(side) for side in sorted(sides, key=nearest_first)],
    }
    if me in incident.overseers:
        shown |= {"accounts": incident.accounts, "source": incident.source}
        shown["participants"] += [untold_short(row) for row in still_untold(incident)]
    else:
        here = {side["slug"] for side in sides}
        others = Standing.objects.filter(incident=incident).exclude(slug__in=here).order_by("slug")
        shown["participants"] += [standing_short(row) for row in others.values("slug", "role", "word")]
    return shown


def _opened_by_tool(incident: Incident) -> dict[str, Any] | None:
    if not incident.tool_kind:
        return None
    return {
        "tool": incident.tool_kind,
        "organisation": incident.tool_of,
        "rule": rule_of(incident) or None,
        "looked_at": incident.looked_at,
    }


SIDE = ("slug", "role", "exposure", "distance", "because", *(f"tasks_{name}" for name in COUNTERS))


def nearest_first(side: Row) -> tuple[bool, bool, int, str]:
    return side["role"] != "lead", side["distance"] is None, side["distance"] or 0, side["slug"]


def participant_short(side: Row) -> dict[str, Any]:
    return {
        "organisation": side["slug"],
        "role": side["role"],
        "exposure": side["exposure"],
        "distance": side["distance"],
        "because": side["because"],
    }


def untold_short(row: Row) -> dict[str, Any]:
    return participant_short({**row, "role": UNTOLD, "because": row["path"]}) | {
        UNTOLD: {name: row[name] for name in ("because", "at", "decided_by")}
    }


def standing_short(row: Row) -> dict[str, Any]:
    return {"organisation": row["slug"], "role": row["role"], "word": row["word"]}


def tag_of(incident: Incident) -> str:
    """Over what an edit could overwrite, and the state in which it was read."""
    return etag_of(
        incident.status,
        incident.title,
        incident.summary,
        incident.severity,
        incident.tlp,
        incident.meeting_point,
        incident.next_update_at,
        incident.outcome,
        incident.participants,
    )
