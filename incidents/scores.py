"""How an organisation did in an exercise, beside the middle of all and its own last one; read by itself alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, Participant, Score
from incidents.words import span_of_seconds

NEWEST = 20
MEASURES = ("delivered", "seen", "acknowledged", "contained")


def score_page(incident: Incident, *, me: UUID) -> dict[str, Any] | None:
    """What `exercises/score.html` wants; None without a score of one's own. At most four queries."""
    mine = Score.objects.filter(incident=incident, organisation_id=me).first()
    if mine is None:
        return None
    last = (
        Score.objects.filter(organisation_id=me, closed_at__lt=mine.closed_at)
        .select_related("incident")
        .order_by("-closed_at")
        .first()
    )
    medians = _medians(incident.pk)
    rows = [
        {
            "what": words,
            "mine": _seconds(getattr(mine, f"{name}_seconds")),
            "median": _median_seconds(medians[name]),
            "last": _seconds(getattr(last, f"{name}_seconds")) if last else _("no earlier one"),
        }
        for name, words in _measures().items()
    ]
    none = _("no earlier one")
    share, refused = medians["done"], medians["declined"]
    rows += [
        {
            "what": _("Steps done"),
            "mine": _done(mine),
            "median": _too_few() if share is None else f"{round(100 * share)} %",
            "last": _done(last) if last else none,
        },
        {
            "what": _("Steps refused"),
            "mine": str(mine.declined),
            "median": _too_few() if refused is None else f"{refused:g}",
            "last": str(last.declined) if last else none,
        },
    ]
    before = last.incident.reference if last else ""
    return {
        "rows": rows,
        "organisations": medians["organisations"],
        "last": {"reference": before, "href": reverse("exercise-score", args=[before])} if before else None,
        "took_part": _who_took_part(incident) if me == incident.lead_id else [],
    }


def own_scores(me: UUID) -> list[dict[str, Any]]:
    """One's own exercises that are over, newest first. One query."""
    scores = Score.objects.filter(organisation_id=me).select_related("incident").order_by("-closed_at")[:NEWEST]
    return [
        {
            "title": each.incident.title,
            "reference": each.incident.reference,
            "href": reverse("exercise-score", args=[each.incident.reference]),
            "closed_at": each.closed_at,
            "acknowledged": _seconds(each.acknowledged_seconds),
            "contained": _seconds(each.contained_seconds),
            "done": _done(each),
        }
        for each in scores
    ]


def _measures() -> dict[str, str]:
    return {
        "delivered": _("A message reached us after"),
        "seen": _("Somebody looked after"),
        "acknowledged": _("The first step was accepted after"),
        "contained": _("We were contained after"),
    }


def _medians(incident_id: UUID) -> dict[str, Any]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT organisations, delivered, seen, acknowledged, contained, done, declined"
            " FROM sec.exercise_medians(%s)",
            [incident_id],
        )
        row = cursor.fetchone()
        assert cursor.description is not None
        return dict(zip((column.name for column in cursor.description), row, strict=True))


def _who_took_part(incident: Incident) -> list[dict[str, str]]:
    """For the lead: who answered at all. How long each took is its own to know."""
    sides = Participant.objects.filter(incident=incident).order_by("name")
    return [
        {"name": side.name, "words": _("took part") if side.acknowledged_at is not None else _("did not answer")}
        for side in sides.only("name", "acknowledged_at")
    ]


def _done(score: Score) -> str:
    return _("%(done)s of %(steps)s") % {"done": score.done, "steps": score.steps}


def _seconds(value: int | None) -> str:
    return _("never") if value is None else span_of_seconds(value)


def _median_seconds(value: float | None) -> str:
    return _too_few() if value is None else span_of_seconds(round(value))


def _too_few() -> str:
    return _("fewer than six")
