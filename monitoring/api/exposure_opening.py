"""/exposures/{id}/open/: an incident because of an exposure, on its system; both then point at each other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.forms import LONGEST_TEXT, MOST_NAMED, OpeningForm, UntoldForm
from incidents.api.shapes import IncidentOpened, incident_shown, tag_of
from incidents.models import Incident
from incidents.opening import similar_to
from monitoring.advisories.opening import open_because_of, title_of
from monitoring.advisories.shown import visible
from partners.acting import actor_of
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Strict, Text, Whole
from portal.api.rendering import answer


class ExposureOpeningForm(Strict):
    """What is said beside the exposure, as to `POST /incidents/`. Its system is the one that is attacked."""

    title = Text(
        help_text="Default: the vulnerability and its title. Needed where the exposure comes from a document that is "
        "not clear (TLP), since everybody who takes part reads it.",
        **OPTIONAL,
    )
    summary = Text(max_length=LONGEST_TEXT, allow_blank=True, **OPTIONAL)
    severity = Whole(min_value=1, max_value=6, help_text="Our estimate on the national scale, 1 is worst.", **OPTIONAL)
    tlp = serializers.ChoiceField(Incident.Tlp.values, help_text="Default: amber.", **OPTIONAL)
    stage = serializers.ChoiceField(["open", "suspected"], help_text="Default: open.", **OPTIONAL)
    playbook = Text(max_length=100, help_text="Slug; default: shared-platform-containment.", **OPTIONAL)
    untold = serializers.ListField(
        child=UntoldForm(),
        max_length=MOST_NAMED,
        help_text="Organisations in reach that take no part and are not told until the lead tells them.",
        **OPTIONAL,
    )


class OpenExposure(Endpoint):
    scopes = {"post": ("open", "suspect")}

    def scopes_for(self, request: Request) -> tuple[str, ...]:
        """As for any opening: with `suspect` alone a key may report a suspicion."""
        suspects = request.method == "POST" and dict(request.data).get("stage") == "suspected"
        return ("open", "suspect") if suspects else ("open",)

    @extend_schema(
        summary="Open an incident because of an exposure: on its system, with whoever that reaches",
        description="For the owner and the provider of the system, as `POST /incidents/` in everything else: `similar` "
        "names what is open on this system already, and beyond 20 an hour it starts as suspected. `incidents` of the "
        "exposure and `/incidents/{reference}/exposures/` then name each other, to whoever may read both.",
        request=ExposureOpeningForm,
        responses={201: IncidentOpened},
        examples=example(severity=2),
    )
    def post(self, request: Request, exposure_id: UUID) -> HttpResponse:
        exposure = visible().filter(pk=exposure_id).first()
        if exposure is None:
            raise Http404
        said: dict[str, Any] = body_of(request, ExposureOpeningForm)
        opening = OpeningForm.opening_of(
            said | {"title": said.get("title") or title_of(exposure), "systems": [exposure.system.slug]}
        )
        incident = open_because_of(exposure, opening, actor=actor_of(self.visitor))
        shown = incident_shown(incident, me=self.visitor.organisation_id, request=request)
        shown["similar"] = [each for each in similar_to([exposure.system_id]) if each != incident.reference]
        return answer(shown, status=201, headers={"Location": shown["url"], "ETag": tag_of(incident)})


urlpatterns = [
    path("exposures/<uuid:exposure_id>/open/", OpenExposure.as_view(), name="api-exposure-open"),
]
