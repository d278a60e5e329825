"""Asking for a mark for all on a participant's mail: the lead's, with a second organisation."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from incidents.api.shapes import incident_named
from partners import mail_distrust
from partners.api.mail import NO_KEY, PERSON, AskedShown, MarkForm, asked, organisation_named, refused
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import Text


class MarkForAllForm(MarkForm):
    """A participant's domain, for all."""

    second = Text(max_length=100, help_text="Slug of the participant that decides.")


class IncidentMailMarks(Endpoint):
    scopes = {"post": PERSON}
    fresh = ("post",)

    @extend_schema(
        summary="Ask a second organisation to mark a participant's mail for all",
        description=NO_KEY + "The lead's to ask, about the lead its deputy's. Nothing changes before a person of the "
        "second organisation approves, within 30 minutes.",
        request=MarkForAllForm,
        responses={202: AskedShown},
        examples=example(organisation="dunmere", domain="dunmere.example", reason="Invoices.", second="coldharbour"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = body_of(request, MarkForAllForm)
        whose = organisation_named(said["organisation"])
        second = organisation_named(said["second"], field="second")
        with refused():
            made = mail_distrust.ask_to_mark(
                whose,
                said["domain"],
                incident=incident.pk,
                reason=said["reason"],
                second=second,
                since=said.get("suspected_from"),
            )
        return asked(made)
