"""/incidents/{reference}/exposures/: the exposures that an incident was opened because of."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from incidents.api.shapes import incident_named
from monitoring.advisories.opening import references_of
from monitoring.advisories.shown import last_decisions, visible
from monitoring.api.advisories import ExposureShown, exposure_shown
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer


class IncidentExposures(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(
        summary="The exposures that it was opened because of, of systems that you own or provide",
        responses=page_of_shape(ExposureShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        rows = visible().filter(openings__incident=incident)
        page = page_of(request, rows, by=("found_at", "id"), asked=self.asked, descending=True)
        decisions, opened = last_decisions(page.rows), references_of(page.rows)
        return answer(page.shown(lambda row: exposure_shown(row, decisions.get(row.pk), opened, request)))


urlpatterns = [
    path("incidents/<str:reference>/exposures/", IncidentExposures.as_view(), name="api-incident-exposures"),
]
