"""/incidents/: the list, and opening one."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from incidents.api.forms import IncidentQuery, OpeningForm
from incidents.api.planned import PlannedListed, PlannedShown, announced, planned_listed, planned_shown, works_shown
from incidents.api.shapes import (
    LISTED,
    IncidentListed,
    IncidentOpened,
    incident_listed,
    incident_shown,
    incidents_shown,
    summed_up,
    tag_of,
)
from incidents.opening import open_incident, similar_to
from partners.acting import actor_of
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.paging import page_of
from portal.api.rendering import answer

EXAMPLE = {
    "title": "Intruder in the shared directory",
    "systems": ["identity-platform"],
    "severity": 2,
    "source": {"name": "Sentinel", "reference": "4711"},
}


class PageOfIncidents(serializers.Serializer):
    """One page of a list: incidents, or planned work when that kind was asked for."""

    results = PolymorphicProxySerializer(
        component_name="IncidentOrPlannedListed",
        serializers=[IncidentListed, PlannedListed],
        resource_type_field_name=None,
        many=True,
    )
    next = serializers.URLField(allow_null=True, help_text="The address of the next page, or null.")
    previous = serializers.URLField(allow_null=True, help_text="The address of the page before, or null.")


OPENED = PolymorphicProxySerializer(
    component_name="IncidentOrPlannedWork",
    serializers=[IncidentOpened, PlannedShown],
    resource_type_field_name=None,
)


class Incidents(Endpoint):
    scopes = {"get": ("read",), "post": ("open", "suspect")}
    queries = {"get": IncidentQuery}

    def scopes_for(self, request: Request) -> tuple[str, ...]:
        """With `suspect` alone a key may report a suspicion; only `open` sends work to everybody."""
        if request.method == "POST" and dict(request.data).get("stage") != "suspected":
            return ("open",)
        return super().scopes_for(request)  # type: ignore[return-value]

    @extend_schema(summary="The incidents that you take part in, newest first", responses=PageOfIncidents)
    def get(self, request: Request) -> HttpResponse:
        if self.asked.get("kind") == "planned":
            return self.planned_work(request)
        rows = incidents_shown()
        if "status" in self.asked:
            rows = rows.filter(status=self.asked["status"])
        if "exercise" in self.asked:
            rows = rows.filter(exercise=self.asked["exercise"] == "true")
        if "kind" in self.asked:
            rows = rows.filter(exercise=self.asked["kind"] == "exercise")
        page = page_of(request, rows.values(*LISTED), by=("opened_at", "id"), asked=self.asked, descending=True)
        found = summed_up([each["id"] for each in page.rows])
        address = reverse("api-incident", args=["-"], request=request).removesuffix("-/")
        return answer(
            page.shown(
                lambda row: incident_listed(
                    row,
                    systems=found[row["id"]][0],
                    tasks=found[row["id"]][1],
                    url=f"{address}{row['reference']}/",
                )
            )
        )

    @extend_schema(
        summary="Open an incident, or report a suspicion",
        description="Works out every organisation that the intruder could reach, lets them take part with their tasks, "
        "and tells them. With the scope `suspect` alone only `stage` `suspected` is possible. With `kind` planned it "
        "announces work on systems that you host or administer (403 for others'): whoever hangs on them is asked.",
        request=OpeningForm,
        responses={201: OPENED},
        examples=example(**EXAMPLE),
    )
    def post(self, request: Request) -> HttpResponse:
        said = body_of(request, OpeningForm)
        if said.get("kind") == "planned":
            work = announced(said, said["planned"], me=self.visitor.organisation_id)
            shown = planned_shown(work, request=request)
            return answer(shown, status=201, headers={"Location": shown["url"]})
        opening = OpeningForm.opening_of(said)
        incident = open_incident(opening, actor=actor_of(self.visitor))
        shown = incident_shown(incident, me=self.visitor.organisation_id, request=request)
        starts = incident.systems.values_list("system_id", flat=True)
        shown["similar"] = [each for each in similar_to(list(starts)) if each != incident.reference]
        return answer(shown, status=201, headers={"Location": shown["url"], "ETag": tag_of(incident)})

    def planned_work(self, request: Request) -> HttpResponse:
        page = page_of(request, works_shown(), by=("starts_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(lambda work: planned_listed(work, request=request)))
