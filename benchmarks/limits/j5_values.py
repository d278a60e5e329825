"""The limit of `J5`: the same rows by `values()` and orjson, from a Django with nothing in it.

Stand-alone: a WSGI application over DATABASE_URL, as the owner of the tables, without row security, sign-in, session or
any middleware. `/list/` is the first page of fifty incidents with the same fields and counters as the product's list;
`/tasks/REFERENCE/` the tasks of one incident. Served like the product's web process.
"""

# ruff: noqa: E402 - Django has to be set up before models are made

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from django.conf import settings

_login = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _login.path.lstrip("/"),
            "USER": unquote(_login.username or ""),
            "PASSWORD": unquote(_login.password or ""),
            "HOST": _login.hostname,
            "PORT": _login.port,
            "CONN_MAX_AGE": None,
        }
    },
)

import django

django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path

TEXT, ID = models.TextField, models.UUIDField


def table(name: str, /, **columns: models.Field) -> Any:
    """A model over a table that is there, with the columns that are read."""
    meta = type("Meta", (), {"app_label": "limit", "managed": False, "db_table": name})
    return type(name.title().replace("_", ""), (models.Model,), {"__module__": __name__, "Meta": meta, **columns})


def to(other: Any) -> models.ForeignKey:
    return models.ForeignKey(other, models.DO_NOTHING, related_name="+", null=True)


Organisation = table("partners_organisation", id=ID(primary_key=True), slug=TEXT())
Playbook = table("incidents_playbook", id=ID(primary_key=True), cacao_id=TEXT(), name=TEXT(), version=TEXT())
Incident = table(
    "incidents_incident", id=ID(primary_key=True), reference=TEXT(), title=TEXT(), status=TEXT(), tlp=TEXT(),
    severity=models.IntegerField(), exercise=models.BooleanField(), outcome=TEXT(), opened_at=models.DateTimeField(),
    declared_at=models.DateTimeField(), closed_at=models.DateTimeField(), next_update_at=models.DateTimeField(),
    lead=to(Organisation), deputy_lead=to(Organisation), playbook=to(Playbook),
)  # fmt: skip
System = table("incidents_incidentsystem", id=ID(primary_key=True), incident=to(Incident), slug=TEXT())
COUNTERS = [f"tasks_{each}" for each in ("total", "waiting", "open", "blocked", "settled")]
Side = table(
    "incidents_participant", id=ID(primary_key=True), incident=to(Incident),
    **{name: models.IntegerField() for name in COUNTERS},
)  # fmt: skip
Step = table("incidents_step", id=ID(primary_key=True), cacao_step_id=TEXT())
Task = table(
    "incidents_task", id=ID(primary_key=True), incident=to(Incident), organisation=to(Organisation), step=to(Step),
    position=models.IntegerField(), title=TEXT(), status=TEXT(), ready=models.BooleanField(), reason=TEXT(),
    acknowledge_by=models.DateTimeField(), finish_by=models.DateTimeField(), version=models.IntegerField(),
)  # fmt: skip


def answer(rows: object) -> HttpResponse:
    return HttpResponse(orjson.dumps(rows), content_type="application/json")


def fifty(request: HttpRequest) -> HttpResponse:
    shown = list(
        Incident.objects.order_by("-opened_at", "-id").values(
            "id", "reference", "title", "status", "severity", "tlp", "exercise", "lead__slug", "deputy_lead__slug",
            "opened_at", "declared_at", "closed_at", "outcome", "next_update_at", "playbook__name", "playbook__version",
        )[:50]
    )  # fmt: skip
    ids = [each["id"] for each in shown]
    counted = Side.objects.filter(incident__in=ids).values("incident_id")
    sums = {each.pop("incident_id"): each for each in counted.annotate(**{n: models.Sum(n) for n in COUNTERS})}
    systems: dict[object, list[str]] = {}
    for incident, slug in System.objects.filter(incident__in=ids).values_list("incident_id", "slug"):
        systems.setdefault(incident, []).append(slug)
    return answer([{**each, "tasks": sums[each["id"]], "systems": systems.get(each["id"])} for each in shown])


def tasks(request: HttpRequest, reference: str) -> HttpResponse:
    rows = Task.objects.filter(incident__reference=reference).order_by("organisation__slug", "position")
    return answer(
        list(
            rows.values(
                "id", "organisation__slug", "step__cacao_step_id", "title", "status", "ready", "reason",
                "acknowledge_by", "finish_by", "version",
            )
        )
    )  # fmt: skip


urlpatterns = [path("list/", fifty), path("tasks/<str:reference>/", tasks)]
application = get_wsgi_application()
